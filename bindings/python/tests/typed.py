"""What type checkers are to make of the package: read by mypy, never run."""

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

import actra
from actra import (
    Actra,
    ActraAnalysisError,
    ActraInputError,
    ActraLogError,
    ActraPolicyError,
    ActraRuntime,
    Decision,
    DecisionEvent,
    DecisionLog,
    Policy,
    analysis,
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
    assert_type(event.policy_hash, str | None)
    assert_type(event.revision, int)


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

log = DecisionLog(Path("decisions.jsonl"), mask=["actor.email"], hash=("actor.id",), hash_key=b"k")
DecisionLog("decisions.jsonl", fsync="always", overflow="drop", on_error="refuse", keep_files=None)
DecisionLog("decisions.jsonl", fsync="sometimes")  # type: ignore[arg-type]
runtime.set_decision_observer(log)
assert_type(log.observer(), Callable[[DecisionEvent], None])
with log as entered:
    assert_type(entered, DecisionLog)
    assert_type(entered.record({}, decision, policy=policy, duration_ms=0.5), str)
    entered.record(None, error=ValueError(), id="17", time=datetime.now(timezone.utc))
    entered.record({}, {"effect": "allow"})  # type: ignore[arg-type]
    assert_type(entered.status(), dict[str, Any])
    assert_type(entered.path, str)
try:
    log.flush()
except ActraLogError as failed:
    assert_type(failed.code, str)
    assert_type(failed.message, str)

answer = policy.never("allow", actions=["refund"], assume="snapshot.fraud_flag == true")
assert_type(answer, analysis.Answer)
assert_type(answer.holds, bool | None)
assert_type(answer.actions, tuple[analysis.ActionAnswer, ...])
assert_type(answer.counterexample, analysis.Witness | None)
assert_type(answer.to_dict(), dict[str, Any])
assert_type(bool(answer), bool)
policy.always("block", actions=("refund",), assume={"all": []}, inputs="complete", budget=5)
policy.always("deny")  # type: ignore[arg-type]
policy.never("allow", inputs="some")  # type: ignore[arg-type]
policy.never("allow", ["refund"])  # type: ignore[call-arg]
found = policy.analyze(budget=1_000_000)
assert_type(found, analysis.Analysis)
assert_type(found.rules[0].undecided, analysis.Reason | None)
assert_type(found.actions[0].effects[0].possible, bool | None)
difference = actra.diff(policy, policy)
assert_type(difference, analysis.Difference)
assert_type(difference.changes[0].input, dict[str, Any])
difference.same = True  # type: ignore[misc]
try:
    policy.analyze()
except ActraAnalysisError as unanswered:
    assert_type(unanswered.code, str)
    assert_type(unanswered.diagnostics, list[dict[str, Any]])
