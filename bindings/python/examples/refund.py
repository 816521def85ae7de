"""Guard a function: it runs where the policy allows, and raises where it does not.

What the policy decides about are the function's own arguments, the actor and the snapshot.
"""

from dataclasses import dataclass
from pathlib import Path

from actra import Actra, ActraApprovalRequired, ActraPolicyError, ActraRuntime

POLICIES = Path(__file__).parent / "policies"


@dataclass
class Session:
    """What the application knows of whoever is logged in."""

    role: str
    fraud_flag: bool = False


runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
runtime.set_actor_resolver(lambda session: {"role": session.role})
runtime.set_snapshot_resolver(
    lambda session: {"fraud_flag": session.fraud_flag, "refunded_today": 0}
)


@runtime.admit()
def refund(order: str, amount: float, ctx: Session) -> str:
    """Pay money back."""
    return f"refunded {amount} of order {order}"


def main() -> None:
    """Try three refunds."""
    print(refund("A-1", 20, ctx=Session("support")))
    try:
        refund("A-2", 900, ctx=Session("support"))
    except ActraApprovalRequired as waits:
        print(f"waits: {waits} {waits.required_actions}")
    try:
        refund("A-3", 20, ctx=Session("support", fraud_flag=True))
    except ActraPolicyError as blocked:
        print(f"blocked: {blocked}")


if __name__ == "__main__":
    main()
