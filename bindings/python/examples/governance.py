"""Governance: rules about rules, which a policy has to keep to compile at all.

A platform team writes `governance.yaml`; product teams write policies that keep it.
"""

from pathlib import Path

from actra import Actra, ActraCompileError

POLICIES = Path(__file__).parent / "policies"

GOVERNANCE = """
version: 2
governance:
  rules:
    - id: fraud_stops_refunds
      applies_to: {actions: [refund]}
      select:
        where: {effect: block, when: {subject: {domain: snapshot, field: fraud_flag}}}
      must: {exists: true}
      error: Refunds are blocked while fraud is suspected.
    - id: no_open_door
      select: {where: {effect: allow, scope: {global: true}}}
      must: {forbid: true}
      error: No rule allows every action at once.
"""

CARELESS = """
version: 2
rules:
  - {id: everything, scope: {global: true}, effect: allow}
"""


def main() -> None:
    """Compile a policy that keeps the rules, and one that does not."""
    schema = (POLICIES / "refunds" / "schema.yaml").read_text(encoding="utf-8")
    rules = (POLICIES / "refunds" / "policy.yaml").read_text(encoding="utf-8")
    print(f"{len(Actra.from_strings(schema, rules, GOVERNANCE).rules)} rules, all of them in order")
    try:
        Actra.from_strings(schema, CARELESS, GOVERNANCE)
    except ActraCompileError as error:
        for diagnostic in error.diagnostics:
            if diagnostic["severity"] == "error":
                print(diagnostic["code"], "-", diagnostic["message"])


if __name__ == "__main__":
    main()
