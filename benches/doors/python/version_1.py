"""W1 and W2 for the `actra` 0.7.8 package, as far as it can say them.

It has no tests of parts of strings, and no way to tell that a field is missing. What W1 is here
has as many tests: a rule for each action, in the order in which version 2 decides, equality in the
place of tests of parts, which then hold of no input, and `<` and `>` only (amounts are integers,
totals end in .25). Inputs that both decide alike are those that have `on_call` and `region`, and
that no test of a part decides: `is_sayable_in_version_1` in `benches/src/guard/mod.rs` tells them.
"""

from __future__ import annotations

from workload import ACTIONS, Workload

FIELDS = "{amount: number, currency: string, target: string, express: boolean}"


def documents(workload: Workload) -> tuple[str, str]:
    """The schema and the policy."""
    if workload.roles is None:
        actions = "\n".join(f"  {action}: {{fields: {FIELDS}}}" for action in ACTIONS)
        schema = (
            f"version: 1\nactions:\n{actions}\n"
            "actor:\n  fields: {type: string, role: string, level: number, on_call: boolean}\n"
            "snapshot:\n  fields: {fraud_flag: boolean, daily_total: number, region: string}\n"
        )
        return schema, _policy(_guard())
    schema = (
        "version: 1\nactions:\n  spend: {fields: {amount: number}}\n"
        "actor:\n  fields: {role: string}\nsnapshot:\n  fields: {}\n"
    )
    # No rule matched is allowed there, too.
    roles = [
        (
            rule.id,
            "spend",
            _all(
                _atom("actor", "role", "equals", rule.role),
                _atom("action", "amount", "greater_than", rule.over),
            ),
            "block",
        )
        for rule in workload.roles
    ]
    return schema, _policy(roles)


def rule_of(rule: str | None) -> str | None:
    """The rule of version 2 that one of these stands for."""
    name = rule.partition(".")[0] if rule else None
    return None if name == "default" else name


def _policy(rules: list[tuple[str, str, str, str]]) -> str:
    """A policy of rules: id, action, condition, effect."""
    text = "".join(
        f"  - id: {name}\n    scope: {{action: {action}}}\n    when: {when}\n    effect: {effect}\n"
        for name, action, when, effect in rules
    )
    return f"version: 1\nrules:\n{text}"


def _atom(domain: str, field: str, operator: str, value: object) -> str:
    return (
        f"{{subject: {{domain: {domain}, field: {field}}}, operator: {operator}, "
        f"value: {{literal: {value}}}}}"
    )


def _all(*conditions: str) -> str:
    return f"{{all: [{', '.join(conditions)}]}}"


def _any(*conditions: str) -> str:
    return f"{{any: [{', '.join(conditions)}]}}"


def _guard() -> list[tuple[str, str, str, str]]:
    is_agent = _atom("actor", "type", "equals", "ai_agent")
    rules = [
        (
            f"frozen_by_fraud_flag.{action}",
            action,
            _atom("snapshot", "fraud_flag", "equals", "true"),
            "block",
        )
        for action in ("refund", "payout", "transfer")
    ]
    sanctioned = _any(
        *(_atom("snapshot", "region", "equals", name) for name in ("embargoed", "unknown"))
    )
    rules += [
        (f"region_under_sanctions.{action}", action, sanctioned, "block") for action in ACTIONS
    ]
    public = _atom("action", "target", "equals", '"s3://public"')
    rules.append(("public_export_by_agent", "export", _all(is_agent, public), "block"))
    off_call = _all(
        _atom("actor", "on_call", "equals", "false"),
        *(_atom("actor", "role", "not_equals", name) for name in ("admin", "owner")),
    )
    rules.append(("delete_off_call", "delete", off_call, "block"))
    limit = _atom("snapshot", "daily_total", "greater_than", 49999.5)
    rules += [(f"daily_limit.{action}", action, limit, "block") for action in ("refund", "payout")]
    rules.append(("junior_transfer", "transfer", _atom("actor", "level", "less_than", 3), "block"))
    large = _all(
        _atom("action", "amount", "greater_than", 1000),
        _atom("action", "currency", "not_equals", "JPY"),
    )
    rules.append(("large_refund", "refund", large, "require_approval"))
    # Conditions do not nest there: a rule for each branch.
    for branch, urgent in (
        ("amount", _atom("action", "amount", "greater_than", 200)),
        ("express", _atom("action", "express", "equals", "true")),
    ):
        rule = (f"agent_payout.{branch}", "payout", _all(is_agent, urgent), "require_approval")
        rules.append(rule)
    wide = _atom("action", "target", "equals", '"*"')
    rules.append(("wide_delete", "delete", wide, "require_approval"))
    small = _atom("action", "amount", "less_than", 1001)
    rules.append(("small_refund", "refund", small, "allow"))
    most = _atom("action", "amount", "less_than", 5001)
    for role in ("lead", "admin"):
        payout = _all(_atom("actor", "role", "equals", role), most)
        rules.append((f"lead_payout.{role}", "payout", payout, "allow"))
    report = _all(
        _atom("action", "target", "equals", '".csv"'), _atom("action", "amount", "less_than", 500)
    )
    rules.append(("report_export", "export", report, "allow"))
    # Version 1 allows what no rule decides.
    always = _atom("action", "amount", "greater_than", -1)
    rules += [(f"default.{action}", action, always, "block") for action in ACTIONS]
    return rules
