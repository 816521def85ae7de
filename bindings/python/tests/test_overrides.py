"""Classes that override a runtime's methods, tests that put others in their place, and policies
that are set: guards, of functions and of tools, go by what is there now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from conftest import REFUND_POLICY, REFUND_SCHEMA, Events

from actra import Actra, ActraPolicyError, ActraRuntime, Policy
from actra.integrations.mcp import ActraMCPAdapter

Guarded = Callable[..., Any]
Decide = Callable[[ActraRuntime], Guarded]


def function(runtime: ActraRuntime) -> Guarded:
    @runtime.admit("refund")
    def refund(amount: int, note: str = "", ctx: Any = None) -> str:
        return "ran"

    return refund


def by_name(runtime: ActraRuntime) -> Guarded:
    @runtime.admit()
    def refund(amount: int, note: str = "", ctx: Any = None) -> str:
        return "ran"

    return refund


def async_function(runtime: ActraRuntime) -> Guarded:
    @runtime.admit("refund")
    async def refund(amount: int, note: str = "", ctx: Any = None) -> str:
        return "ran"

    return lambda *args, **kwargs: asyncio.run(refund(*args, **kwargs))


def tool(runtime: ActraRuntime) -> Guarded:
    adapter = ActraMCPAdapter(runtime)

    def call(amount: int, note: str = "", ctx: Any = None) -> str:
        adapter.evaluate_tool("refund", {"amount": amount, "note": note}, ctx)
        return "ran"

    return call


def async_tool(runtime: ActraRuntime) -> Guarded:
    adapter = ActraMCPAdapter(runtime)

    def call(amount: int, note: str = "", ctx: Any = None) -> str:
        arguments = {"amount": amount, "note": note}
        asyncio.run(adapter.evaluate_tool_async("refund", arguments, ctx))
        return "ran"

    return call


doors = pytest.mark.parametrize("door", [function, by_name, async_function, tool, async_tool])
functions = pytest.mark.parametrize("door", [function, by_name, async_function])


def refused(call: Callable[[], Any]) -> ActraPolicyError:
    with pytest.raises(ActraPolicyError) as caught:
        call()
    return caught.value


class Strict(ActraRuntime):
    """Decides some of it itself."""

    def evaluate(self, action: Any, ctx: Any = None) -> Any:
        if action.get("note") == "mine":
            return {"effect": "block", "matched_rule": "own"}
        return super().evaluate(action, ctx)


@doors
def test_evaluate_of_a_class_decides(policy: Policy, door: Decide) -> None:
    runtime = Strict(policy)
    seen: list[Any] = []
    runtime.set_actor_resolver(lambda ctx: seen.append(ctx) or {"role": "support"})
    runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False})
    call = door(runtime)
    assert call(5, ctx="a") == "ran"
    error = refused(lambda: call(5, "mine", ctx="b"))
    assert error.matched_rule == "own"
    assert error.context["actor"] == {"role": "support"}
    error = refused(lambda: call(5000, ctx="c"))
    assert error.matched_rule == "large"
    assert error.context["action"]["amount"] == 5000
    # Resolvers ran once for each call, whoever decided.
    assert seen == ["a", "b", "c"]


def test_audit_asks_evaluate_of_a_class(policy: Policy) -> None:
    runtime = Strict(policy)
    events = Events()
    runtime.set_decision_observer(events)
    runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False})

    @runtime.audit("refund")
    def refund(amount: int, note: str = "") -> str:
        return "ran"

    assert refund(5, "mine") == refund(5000) == "ran"
    # What it decides itself, it has to tell of itself.
    assert [event.matched_rule for event in events] == ["large"]


@doors
def test_evaluate_that_answers_nonsense_lets_nothing_run(policy: Policy, door: Decide) -> None:
    for answer in (None, {}, {"effect": "ALLOW"}, True, "allow"):

        class Odd(ActraRuntime):
            def evaluate(self, action: Any, ctx: Any = None, answer: Any = answer) -> Any:
                return answer

        with pytest.raises((ActraPolicyError, AttributeError)):
            door(Odd(policy))(5)


@doors
def test_resolvers_of_a_class_may_take_the_context_alone(policy: Policy, door: Decide) -> None:
    class Mine(ActraRuntime):
        def resolve_actor(self, ctx: Any) -> Any:  # type: ignore[override]
            return {"role": ctx}

        def resolve_snapshot(self, ctx: Any) -> Any:  # type: ignore[override]
            return {"fraud_flag": ctx == "thief"}

    runtime = Mine(policy)
    call = door(runtime)
    assert call(5, ctx="lead") == "ran"
    error = refused(lambda: call(5, ctx="thief"))
    assert error.matched_rule == "fraud"
    assert error.context["actor"] == {"role": "thief"}
    assert runtime.allow("refund", "lead", amount=5)
    assert runtime.block("refund", "thief", amount=5)


@pytest.mark.parametrize("door", [async_function, async_tool])
def test_resolvers_of_a_class_may_be_async(policy: Policy, door: Decide) -> None:
    class Mine(ActraRuntime):
        async def resolve_snapshot(self, ctx: Any, action: Any = None) -> Any:  # type: ignore[override]
            return {"fraud_flag": action["amount"] == 7}

    call = door(Mine(policy))
    assert call(5) == "ran"
    assert refused(lambda: call(7)).matched_rule == "fraud"


@doors
def test_build_context_of_a_class_is_asked(policy: Policy, door: Decide) -> None:
    class Mine(ActraRuntime):
        def build_context(self, action: Any, ctx: Any = None) -> Any:
            return {"action": action, "actor": {}, "snapshot": {"fraud_flag": True}}

    assert refused(lambda: door(Mine(policy))(5)).matched_rule == "fraud"


@doors
def test_evaluate_async_of_a_class_goes_before_evaluate(policy: Policy, door: Decide) -> None:
    class Mine(Strict):
        async def evaluate_async(self, action: Any, ctx: Any = None) -> Any:
            return {"effect": "block", "matched_rule": "waited"}

    rule = refused(lambda: door(Mine(policy))(5, "mine")).matched_rule
    assert rule == ("waited" if door in (async_function, async_tool) else "own")


@functions
def test_resolve_action_type_of_a_class_has_the_last_word(policy: Policy, door: Decide) -> None:
    class Mine(ActraRuntime):
        def resolve_action_type(self, func: Any, args: Any, kwargs: Any, action_type: Any) -> str:
            assert action_type in (None, "refund")
            return "payout"

    error = refused(lambda: door(Mine(policy))(5))
    assert error.action_type == error.context["action"]["type"] == "payout"


@functions
def test_resolve_context_of_a_class_is_asked(runtime: ActraRuntime, door: Decide) -> None:
    class Mine(ActraRuntime):
        def resolve_context(self, args: Any, kwargs: Any) -> Any:
            return kwargs["note"]

    mine = Mine(runtime.policy)
    mine.set_snapshot_resolver(lambda ctx: {"fraud_flag": ctx == "thief"})
    call = door(mine)
    assert call(5, "friend") == "ran"
    assert refused(lambda: call(5, "thief", ctx="friend")).matched_rule == "fraud"


# --- what tests put in the place of methods, after functions were guarded ---


@doors
def test_methods_may_be_replaced_for_a_while(runtime: ActraRuntime, door: Decide) -> None:
    call = door(runtime)
    no = {"effect": "block", "matched_rule": "patched"}
    for target in (runtime, ActraRuntime):
        with mock.patch.object(target, "evaluate", return_value=no) as evaluate:
            # On the class, `evaluate_async` is there beside it, and is no longer alone.
            assert refused(lambda: call(5)).matched_rule == "patched"
            assert evaluate.call_count == 1
        assert call(5) == "ran"
    with mock.patch.object(runtime, "evaluate", return_value={"effect": "allow"}):
        assert call(5000) == "ran"

    def is_fraud(ctx: Any) -> Any:
        return {"fraud_flag": True}

    with mock.patch.object(runtime, "resolve_snapshot", is_fraud):
        assert refused(lambda: call(5)).matched_rule == "fraud"
    with mock.patch.object(runtime.policy, "evaluate", return_value=no):
        assert refused(lambda: call(5)).matched_rule == "patched"
    assert refused(lambda: call(5000)).matched_rule == "large"
    assert call(5) == "ran"


@functions
def test_steps_may_be_replaced_for_a_while(runtime: ActraRuntime, door: Decide) -> None:
    call = door(runtime)
    large = {"type": "refund", "amount": 5000}
    with mock.patch.object(runtime, "build_action", return_value=large):
        assert refused(lambda: call(5)).matched_rule == "large"
    with mock.patch.object(runtime, "resolve_action_type", return_value="payout"):
        assert refused(lambda: call(5)).action_type == "payout"
    runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": ctx == "thief"})
    with mock.patch.object(runtime, "resolve_context", return_value="thief"):
        assert refused(lambda: call(5)).matched_rule == "fraud"
    assert call(5) == "ran"


@functions
def test_resolvers_that_are_set_after_decorating_are_asked(
    runtime: ActraRuntime, door: Decide
) -> None:
    call = door(runtime)
    assert call(5) == "ran"
    runtime.set_action_resolver(lambda name, args, kwargs, ctx: {"type": name, "amount": 5000})
    assert refused(lambda: call(5)).matched_rule == "large"
    runtime.set_action_resolver(None)
    assert call(5) == "ran"
    runtime.set_context_resolver(lambda args, kwargs: "thief")
    runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": ctx == "thief"})
    assert refused(lambda: call(5)).matched_rule == "fraud"
    runtime.set_context_resolver(None)
    assert call(5) == "ran"


# --- another policy ---


@functions
def test_a_policy_that_is_set_is_asked_with_its_own_fields(
    runtime: ActraRuntime, door: Decide
) -> None:
    schema = REFUND_SCHEMA.replace("note: string", "")
    old = Actra.from_strings(schema, REFUND_POLICY)
    runtime.policy = old
    call = door(runtime)
    assert call(5, "stop") == "ran"
    stop = """
  - {id: stopped, scope: {action: refund}, when: action.note == stop, effect: block}
"""
    runtime.policy = Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY + stop)
    error = refused(lambda: call(5, "stop"))
    assert error.matched_rule == "stopped"
    assert error.context["action"] == {"type": "refund", "amount": 5, "note": "stop"}
    with mock.patch.object(runtime, "policy", old):
        assert call(5, "stop") == "ran"
    assert refused(lambda: call(5, "stop")).matched_rule == "stopped"


def test_build_action_goes_by_the_policy_that_is_set(runtime: ActraRuntime) -> None:
    def refund(amount: int, note: str) -> None: ...

    runtime.policy = Actra.from_strings(REFUND_SCHEMA.replace("note: string", ""), REFUND_POLICY)
    arguments = {"amount": 5, "note": "x"}
    assert runtime.build_action("refund", (), arguments, None, refund) == {
        "type": "refund",
        "amount": 5,
    }
    runtime.policy = Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY)
    assert runtime.build_action("refund", (), arguments, None, refund) == {
        "type": "refund",
        **arguments,
    }


def test_what_stands_in_for_a_policy_need_not_know_render(runtime: ActraRuntime) -> None:
    class Fake:
        def evaluate(self, context: Any) -> Any:
            return {"effect": "allow"}

        def explain(self, context: Any) -> Any:
            return self.evaluate(context)

    assert ActraRuntime(Fake()).explain({"type": "x"}) == {"effect": "allow"}  # type: ignore[arg-type]
