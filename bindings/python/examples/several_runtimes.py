"""Several runtimes beside each other: one per part of a program, or one per tenant.

A policy never changes and may be shared by any number of runtimes and threads.
"""

from functools import cache
from pathlib import Path

from actra import Actra, ActraPolicyError, ActraRuntime

POLICIES = Path(__file__).parent / "policies"

# Two parts of one program, each with its own policy and its own idea of who asks.
shop = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
shop.set_actor_resolver(lambda ctx: {"role": "support"})
shop.set_snapshot_resolver(lambda ctx: {"fraud_flag": False, "refunded_today": 0})

operations = ActraRuntime(Actra.from_directory(POLICIES / "operations"))
operations.set_actor_resolver(lambda ctx: {"type": "scheduled_job", "name": "nightly"})


@shop.admit()
def refund(order: str, amount: float) -> str:
    """Pay money back."""
    return f"refunded {amount}"


@operations.admit()
def purge_backups(older_than_days: int, count: int) -> str:
    """Delete backups."""
    return f"deleted {count} backups"


# A tenant may be stricter than the others.
STRICTER = """
version: 2
rules:
  - {id: tiny, scope: {action: refund}, when: action.amount <= 10, effect: allow}
"""


@cache
def runtime_of(tenant: str) -> ActraRuntime:
    """Compile each tenant's policy once."""
    if tenant == "careful":
        schema = (POLICIES / "refunds" / "schema.yaml").read_text(encoding="utf-8")
        runtime = ActraRuntime(Actra.from_strings(schema, STRICTER))
    else:
        runtime = ActraRuntime(shop.policy)
        runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False, "refunded_today": 0})
    runtime.set_actor_resolver(lambda ctx: {"role": "support"})
    return runtime


def main() -> None:
    """Ask each of them."""
    print(refund("A-1", 20))
    print(purge_backups(older_than_days=90, count=3))
    try:
        purge_backups(older_than_days=2, count=3)
    except ActraPolicyError as error:
        print(error)
    for tenant in ("ordinary", "careful"):
        answer = runtime_of(tenant).allow("refund", order="A-1", amount=20)
        print(f"{tenant}: {'allowed' if answer else 'not allowed'}")


if __name__ == "__main__":
    main()
