"""Bring a policy into a running program in three steps: watch, look, enforce.

`audit` runs the function whatever the policy says, exactly once, even where deciding fails; the
observer hears what `admit` would have done.
"""

from collections import Counter
from pathlib import Path

from actra import Actra, ActraPolicyError, ActraRuntime, DecisionEvent

POLICIES = Path(__file__).parent / "policies"

runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
runtime.set_actor_resolver(lambda ctx: {"role": ctx})
runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False, "refunded_today": 0})


# Step 1: everything runs, and is watched.
@runtime.audit(action_type="refund")
def refund(amount: object, ctx: str) -> str:
    """Pay money back."""
    return "refunded"


def watch() -> Counter[str]:
    """Let the day's work through, and count what would have become of it."""
    seen: Counter[str] = Counter()

    def observer(event: DecisionEvent) -> None:
        if event.error is not None:
            seen[f"cannot be decided: {event.error}"] += 1
        else:
            seen[f"{event.effect} by {event.matched_rule or 'the default'}"] += 1

    runtime.set_decision_observer(observer)
    calls = [(20, "support"), (30, "support"), (900, "lead"), (20, "marketing"), ("20", "support")]
    answers = [refund(amount, ctx=role) for amount, role in calls]
    assert answers == ["refunded"] * len(calls)
    return seen


# Step 3: the same function, guarded. The decorator's name is all that changes.
@runtime.admit(action_type="refund")
def refund_enforced(amount: object, ctx: str) -> str:
    """Pay money back."""
    return "refunded"


def main() -> None:
    """Watch, look at what came of it, enforce."""
    for what, count in sorted(watch().items()):
        print(f"{count} x {what}")
    # Step 2 is to look at this: marketing refunds, and some caller sends amounts as text.
    runtime.set_decision_observer(None)
    try:
        refund_enforced(20, ctx="marketing")
    except ActraPolicyError as error:
        print(error)


if __name__ == "__main__":
    main()
