"""What type checkers are to make of the package: read by mypy, never run."""

from pathlib import Path
from typing import Any

from typing_extensions import assert_type

import actra
from actra import (
    Actra,
    ActraInputError,
    ActraPolicyError,
    ActraRuntime,
    Decision,
    DecisionEvent,
    Policy,
)

policy = Actra.from_directory(Path("policy"))
assert_type(policy, Policy)
decision = policy.evaluate({"action": {"type": "refund"}})
assert_type(decision, Decision)
assert_type(decision.effect, str | None)
assert_type(decision.allowed, bool)
assert_type(policy.evaluate_many([{}]), list[Decision | ActraInputError])
assert_type(policy.explain({}), Decision)
assert_type(policy.explain({}, render=False), dict[str, Any])

runtime = ActraRuntime(policy)
runtime.set_actor_resolver(lambda ctx: {"role": ctx.user.role})


def observe(event: DecisionEvent) -> None:
    assert_type(event.effect, str | None)
    assert_type(event.decision, Decision | None)


runtime.set_decision_observer(observe)


@runtime.admit(action_type="refund")
def refund(amount: int, *, note: str = "") -> float:
    return amount / 100


@actra.audit
async def waits(amount: int) -> bytes:
    return b""


assert_type(refund(5), float)
refund("5")  # type: ignore[arg-type]

try:
    refund(5, note="x")
except ActraPolicyError as error:
    assert_type(error.matched_rule, str | None)
    assert_type(error.to_dict(), dict[str, Any])
