"""Say which arguments make the action. By default they are those that the schema declares."""

from pathlib import Path

from actra import Actra, ActraRuntime, DecisionEvent

POLICIES = Path(__file__).parent / "policies"

runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
runtime.set_actor_resolver(lambda ctx: {"role": "support"})
runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False, "refunded_today": 0})


@runtime.admit()
def refund(order: str, amount: float, card_number: str, reason: str = "") -> str:
    """`card_number` is no field of the schema, so it is not in the action, nor in any log of it."""
    return f"refunded {amount} to a card ending in {card_number[-4:]}"


@runtime.admit(action_type="refund", fields=["amount"])
def refund_quietly(order: str, amount: float, reason: str = "") -> str:
    """Nothing but the amount goes into the action."""
    return f"refunded {amount}"


def show(event: DecisionEvent) -> None:
    """What the policy has seen."""
    print("decided on", event.action)


def main() -> None:
    """Call both."""
    runtime.set_decision_observer(show)
    print(refund("A-1", 20, "4111111111111111", reason="broken"))
    print(refund_quietly("A-1", 20, reason="the customer is ill, which nobody has to read"))


if __name__ == "__main__":
    main()
