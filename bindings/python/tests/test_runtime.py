"""The runtime, row by row of its table."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from conftest import Events

from actra import (
    ActraApprovalRequired,
    ActraError,
    ActraInputError,
    ActraRuntime,
    Decision,
    DecisionEvent,
    Policy,
)


def test_the_policy_can_be_read(runtime: ActraRuntime, policy: Policy) -> None:
    assert runtime.policy is policy


def test_without_resolvers_domains_are_empty(policy: Policy) -> None:
    runtime = ActraRuntime(policy)
    assert runtime.resolve_actor(None) == {}
    assert runtime.resolve_snapshot(None) == {}
    assert runtime.build_context({"type": "ping"}) == {
        "action": {"type": "ping"},
        "actor": {},
        "snapshot": {},
    }


def test_resolvers_get_the_context(runtime: ActraRuntime) -> None:
    runtime.set_actor_resolver(lambda ctx: {"role": ctx})
    runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": ctx == "thief"})
    assert runtime.build_context({"type": "refund"}, "thief") == {
        "action": {"type": "refund"},
        "actor": {"role": "thief"},
        "snapshot": {"fraud_flag": True},
    }
    assert runtime.resolve_actor("x") == {"role": "x"}
    assert runtime.resolve_snapshot("x") == {"fraud_flag": False}
    assert runtime.evaluate({"type": "refund", "amount": 1}, "thief").matched_rule == "fraud"
    runtime.set_actor_resolver(None)
    assert runtime.resolve_actor("x") == {}


def test_a_resolver_with_a_second_parameter_gets_the_action(runtime: ActraRuntime) -> None:
    class Store:
        def __call__(self, ctx: Any, action: dict[str, Any]) -> dict[str, Any]:
            return {"total": action["amount"]}

        def method(self, ctx: Any, what: dict[str, Any]) -> dict[str, Any]:
            return {"total": what["amount"]}

        @classmethod
        def of_class(cls, ctx: Any, action: dict[str, Any] | None = None) -> dict[str, Any]:
            return {"total": (action or {})["amount"]}

    def plain(ctx: Any, action: dict[str, Any]) -> dict[str, Any]:
        return {"total": action["amount"]}

    def third(other: Any, ctx: Any, action: dict[str, Any]) -> dict[str, Any]:
        return {"total": action["amount"] + other}

    action = {"type": "refund", "amount": 7}
    for takes in (plain, Store(), Store().method, Store.of_class, functools.partial(third, 0)):
        runtime.set_snapshot_resolver(takes)
        assert runtime.build_context(action)["snapshot"] == {"total": 7}
        runtime.set_actor_resolver(takes)
        assert runtime.build_context(action)["actor"] == {"total": 7}


def test_a_resolver_that_brings_values_along_gets_the_context_only(runtime: ActraRuntime) -> None:
    store = {"flag": True}

    def of_any(*args: Any) -> dict[str, Any]:
        return {"flag": len(args) == 1}

    def of_keywords(ctx: Any, *, action: Any = None) -> dict[str, Any]:
        return {"flag": action is None}

    for resolver in (
        lambda ctx, store=store: {"flag": store["flag"]},
        of_any,
        of_keywords,
        functools.partial(lambda ctx, other: {"flag": other}, other=True),
    ):
        runtime.set_snapshot_resolver(resolver)
        assert runtime.build_context({"type": "ping"})["snapshot"] == {"flag": True}


def test_resolvers_that_are_none_are_refused(runtime: ActraRuntime) -> None:
    with pytest.raises(TypeError, match="actor resolver"):
        runtime.set_actor_resolver({"role": "x"})  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [None, "x", 5, [], object()])
def test_what_a_resolver_gives_must_be_an_object(runtime: ActraRuntime, given: Any) -> None:
    runtime.set_actor_resolver(lambda ctx: given)
    with pytest.raises(ActraInputError) as caught:
        runtime.evaluate({"type": "ping"})
    assert (caught.value.code, caught.value.field) == ("malformed", "actor")


def test_an_async_resolver_cannot_serve_who_does_not_wait(runtime: ActraRuntime) -> None:
    async def resolver(ctx: Any) -> dict[str, Any]:
        return {"role": "x"}

    runtime.set_actor_resolver(resolver)
    with pytest.raises(ActraInputError, match="the actor resolver is async"):
        runtime.evaluate({"type": "ping"})


def test_the_context_is_found(runtime: ActraRuntime) -> None:
    assert runtime.resolve_context((1,), {"ctx": "c"}) == "c"
    assert runtime.resolve_context((1,), {"a": 1}) is None
    runtime.set_context_resolver(lambda args, kwargs: (args, kwargs))
    assert runtime.resolve_context((1,), {"ctx": "c"}) == ((1,), {"ctx": "c"})


def test_the_action_type_is_found(runtime: ActraRuntime) -> None:
    def refund() -> None: ...

    assert runtime.resolve_action_type(refund, (), {}, "payout") == "payout"
    assert runtime.resolve_action_type(refund, (), {}, None) == "refund"
    assert runtime.resolve_action_type(refund, (), {}, "") == "refund"
    runtime.set_action_type_resolver(lambda func, args, kwargs: f"{func.__name__}{args}{kwargs}")
    assert runtime.resolve_action_type(refund, (1,), {"a": 2}, None) == "refund(1,){'a': 2}"
    assert runtime.resolve_action_type(refund, (), {}, "payout") == "payout"
    runtime.set_action_type_resolver(None)
    with pytest.raises(TypeError, match="has no name"):
        runtime.resolve_action_type(functools.partial(refund), (), {}, None)


def test_action_makes_a_dict(runtime: ActraRuntime) -> None:
    assert runtime.action("deploy", env="prod") == {"type": "deploy", "env": "prod"}
    assert list(runtime.action("deploy", env="prod")) == ["type", "env"]
    assert runtime.action(action_type="deploy") == {"type": "deploy"}
    # A field that a caller names does not rename the action.
    assert runtime.action("deploy", type="ping")["type"] == "deploy"
    assert runtime.action("deploy", self=1) == {"type": "deploy", "self": 1}


class TestBuildAction:
    @staticmethod
    def func(amount: int, currency: str = "EUR", other: int = 7, **kwargs: Any) -> None: ...

    @staticmethod
    def unrelated(x: int, y: int = 2, /, *rest: int, z: int = 3) -> None: ...

    def test_the_builder_comes_first(self, runtime: ActraRuntime) -> None:
        seen: list[Any] = []

        def builder(*given: Any) -> dict[str, Any]:
            seen.append(given)
            return {"built": True}

        runtime.set_action_resolver(lambda *given: {"resolved": True})
        kwargs = {"amount": 5}
        built = runtime.build_action(
            "refund", (1,), kwargs, "c", func=self.func, fields=["amount"], action_builder=builder
        )
        assert built == {"built": True}
        assert seen == [("refund", (1,), kwargs, "c")]

    def test_then_the_resolver(self, runtime: ActraRuntime) -> None:
        runtime.set_action_resolver(lambda *given: {"given": given})
        built = runtime.build_action("refund", (1,), {"a": 2}, "c", self.func, ["amount"])
        assert built == {"given": ("refund", (1,), {"a": 2}, "c")}

    def test_then_the_named_fields(self, runtime: ActraRuntime) -> None:
        kwargs = {"amount": 5, "currency": "USD", "other": 1}
        for func in (None, self.func):
            built = runtime.build_action("refund", (), kwargs, None, func, ["other", "missing"])
            assert built == {"type": "refund", "other": 1}
        assert runtime.build_action("refund", (5,), {}, None, self.func, ("amount",)) == {
            "type": "refund",
            "amount": 5,
        }

    def test_then_the_parameters_that_the_schema_declares(self, runtime: ActraRuntime) -> None:
        assert runtime.build_action("refund", (), {"amount": 5}, None, self.func, []) == {
            "type": "refund",
            "amount": 5,
            "currency": "EUR",
        }
        assert runtime.build_action("refund", (5, "USD"), {"note": "n"}, None, self.func) == {
            "type": "refund",
            "amount": 5,
            "currency": "USD",
            "note": "n",
        }
        assert runtime.build_action("refund", (), {"a": 1, "x": 2}, None, self.unrelated) == {
            "type": "refund"
        }

    def test_or_all_where_it_declares_none(self, runtime: ActraRuntime) -> None:
        for action_type in ("ping", "unheard_of"):
            assert runtime.build_action(action_type, (5,), {"k": 1}, None, self.func) == {
                "type": action_type,
                "amount": 5,
                "currency": "EUR",
                "other": 7,
                "k": 1,
            }
        assert runtime.build_action("ping", (1, 2, 9), {}, None, self.unrelated) == {
            "type": "ping",
            "x": 1,
            "y": 2,
            "rest": (9,),
            "z": 3,
        }

    def test_and_without_a_function_all_there_is(self, runtime: ActraRuntime) -> None:
        kwargs = {"amount": 5, "x": 1}
        assert runtime.build_action("refund", (), kwargs, None) == {"type": "refund", **kwargs}
        assert kwargs == {"amount": 5, "x": 1}

    def test_arguments_do_not_rename_the_action(self, runtime: ActraRuntime) -> None:
        def func(type: str = "x", **kwargs: Any) -> None: ...

        attack = {"type": "ping", "amount": 10**6}
        assert runtime.build_action("refund", (), attack, None)["type"] == "refund"
        assert runtime.build_action("refund", (), attack, None, func)["type"] == "refund"
        assert runtime.build_action("ping", ("y",), {}, None, func) == {"type": "ping"}
        built = runtime.build_action("refund", (), attack, None, func, ["type", "amount"])
        assert built == {"type": "refund", "amount": 10**6}

    def test_a_call_that_cannot_be_is_an_error(self, runtime: ActraRuntime) -> None:
        with pytest.raises(TypeError):
            runtime.build_action("refund", (1, 2, 3, 4), {}, None, self.func)


def test_helpers_answer(runtime: ActraRuntime) -> None:
    assert runtime.allow("refund", amount=5) is True
    assert runtime.block("refund", amount=5) is False
    assert runtime.requires_approval("refund", amount=5) is False
    assert runtime.requires_approval("refund", amount=5000) is True
    assert runtime.allow(action_type="refund", amount=5000) is False
    assert runtime.block("refund", amount=5000) is False
    assert runtime.block("payout", amount=1) is True
    assert runtime.allow("refund", None, amount=5) is True


@pytest.mark.parametrize("helper", ["allow", "block", "requires_approval"])
def test_helpers_never_answer_on_an_error(runtime: ActraRuntime, helper: str) -> None:
    with pytest.raises(ActraInputError):
        getattr(runtime, helper)("refund", amount="many")
    with pytest.raises(ActraInputError):
        getattr(runtime, helper)("unheard_of")
    runtime.set_actor_resolver(lambda ctx: ctx.user)
    with pytest.raises(AttributeError):
        getattr(runtime, helper)("refund", amount=5)


class TestObserver:
    def test_it_hears_of_decisions(self, runtime: ActraRuntime, policy: Policy) -> None:
        events = Events()
        assert not runtime.has_decision_observer()
        runtime.set_decision_observer(events)
        assert runtime.has_decision_observer()
        runtime.evaluate({"type": "refund", "amount": 5})
        runtime.allow("refund", amount=5000)
        runtime.block("payout")
        runtime.requires_approval("ping")
        assert [event.effect for event in events] == ["allow", "require_approval", "block", "allow"]
        assert [event.matched_rule for event in events] == ["small", "large", None, "pings"]
        assert [event.is_blocked for event in events] == [False, False, True, False]
        assert [event.action_type for event in events] == ["refund", "refund", "payout", "ping"]
        event = events[1]
        assert event.action == {"type": "refund", "amount": 5000}
        assert event.decision == runtime.evaluate(event.action)
        assert isinstance(event.decision, Decision)
        assert event.context == {
            "action": event.action,
            "actor": {"role": "support"},
            "snapshot": {"fraud_flag": False},
        }
        assert event.error is None
        assert event.timestamp.tzinfo is not None
        assert datetime.now(timezone.utc) - event.timestamp < timedelta(minutes=1)
        assert 0 < event.duration_ms < 10_000

    def test_it_does_not_hear_of_explanations(
        self, runtime: ActraRuntime, events: Events, capsys: pytest.CaptureFixture[str]
    ) -> None:
        runtime.explain({"type": "ping"})
        runtime.explain_call(lambda: None, action_type="ping")
        runtime.policy.evaluate({"action": {"type": "ping"}})
        assert events == []

    def test_it_hears_of_errors(self, runtime: ActraRuntime, events: Events) -> None:
        with pytest.raises(ActraInputError) as caught:
            runtime.evaluate({"type": "refund", "amount": "x"})
        runtime.set_snapshot_resolver(lambda ctx: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            runtime.evaluate({"type": "refund"})
        assert [event.decision for event in events] == [None, None]
        assert [event.effect for event in events] == [None, None]
        assert [event.matched_rule for event in events] == [None, None]
        assert not events[0].is_blocked
        assert events[0].error is caught.value
        assert isinstance(events[1].error, ZeroDivisionError)
        assert events[1].action_type == "refund"

    def test_if_it_raises_nothing_changes(
        self, runtime: ActraRuntime, caplog: pytest.LogCaptureFixture
    ) -> None:
        def observer(event: DecisionEvent) -> None:
            raise RuntimeError("observers")

        runtime.set_decision_observer(observer)
        with caplog.at_level(logging.ERROR, logger="actra"):
            assert runtime.allow("refund", amount=5)
            with pytest.raises(ActraInputError):
                runtime.allow("refund", amount="x")
        assert len(caplog.records) == 2
        assert "observers" in caplog.text

    def test_it_hears_of_actions_that_are_no_dicts(
        self, runtime: ActraRuntime, events: Events
    ) -> None:
        @dataclass
        class Refund:
            type: str
            amount: float

        for action in (
            Refund("refund", 5000),
            MappingProxyType({"type": "refund", "amount": 5000}),
        ):
            runtime.set_action_resolver(lambda *_, action=action: action)

            @runtime.admit()
            def refund(amount: float) -> None: ...

            with pytest.raises(ActraApprovalRequired):
                refund(1)
        for event in events:
            assert event.action_type == "refund"
            assert event.action == event.context["action"] == {"type": "refund", "amount": 5000}
        assert len(events) == 2

    def test_it_hears_of_objects_that_cannot_be_read(
        self, runtime: ActraRuntime, events: Events
    ) -> None:
        class Hostile(Mapping[str, Any]):
            def __getitem__(self, key: str) -> Any:
                raise RuntimeError("no")

            __iter__ = __len__ = __getitem__  # type: ignore[assignment]

        runtime.set_actor_resolver(lambda ctx: Hostile())
        with pytest.raises(ActraInputError):
            runtime.evaluate({"type": "ping"})
        assert len(events) == 1
        assert isinstance(events[0].error, ActraInputError)
        assert events[0].action_type == "ping"

    def test_what_it_changes_changes_nothing(self, runtime: ActraRuntime) -> None:
        snapshot = {"fraud_flag": False, "deep": {"list": [1]}}
        runtime.set_snapshot_resolver(lambda ctx: snapshot)

        def observer(event: DecisionEvent) -> None:
            assert event.decision is not None
            event.decision["effect"] = "allow"
            event.decision["required_actions"][0]["role"] = "nobody"
            event.action["amount"] = 1
            event.context["snapshot"]["fraud_flag"] = True
            event.context["snapshot"]["deep"]["list"].clear()
            event.context.clear()

        runtime.set_decision_observer(observer)
        action = {"type": "refund", "amount": 5000}
        decision = runtime.evaluate(action)
        assert decision.needs_approval
        assert decision.required_actions == [{"type": "human_approval", "role": "manager"}]
        assert action == {"type": "refund", "amount": 5000}
        assert snapshot == {"fraud_flag": False, "deep": {"list": [1]}}

    def test_it_cannot_be_async(self, runtime: ActraRuntime) -> None:
        async def observer(event: DecisionEvent) -> None: ...

        with pytest.raises(TypeError, match="cannot be async"):
            runtime.set_decision_observer(observer)

    def test_it_can_be_taken_away(self, runtime: ActraRuntime, events: Events) -> None:
        runtime.set_decision_observer(None)
        assert not runtime.has_decision_observer()
        runtime.evaluate({"type": "ping"})
        assert events == []


def test_explain_prints_and_returns(
    runtime: ActraRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = runtime.explain({"type": "refund", "amount": 5000})
    assert decision == runtime.evaluate({"type": "refund", "amount": 5000})
    told = capsys.readouterr().out
    for part in ("Actra Decision", "amount: 5000", "role: support", "fraud_flag: False"):
        assert part in told
    for part in ("effect: require_approval", "matched_rule: large", "action.amount > 1000"):
        assert part in told
    trace = runtime.explain({"type": "refund", "amount": 5000}, render=False)
    assert trace["decision"]["matched_rule"] == "large"
    assert {rule["id"] for rule in trace["rules"]} == {"fraud", "large", "small"}
    assert capsys.readouterr().out == ""


def test_explain_raises_what_evaluate_raises(runtime: ActraRuntime) -> None:
    with pytest.raises(ActraInputError) as caught:
        runtime.explain({"type": "refund", "amount": "x"})
    assert caught.value.field == "action.amount"


def test_a_runtime_takes_anything_that_evaluates() -> None:
    class Fake:
        def evaluate(self, context: dict[str, Any]) -> dict[str, Any]:
            return {"effect": "allow" if context["action"]["amount"] < 5 else "nonsense"}

    runtime = ActraRuntime(Fake())  # type: ignore[arg-type]

    @runtime.admit(action_type="refund")
    def refund(amount: int) -> int:
        return amount

    assert refund(1) == 1
    with pytest.raises(ActraError):
        refund(7)


def test_a_runtime_may_be_changed_by_its_class(policy: Policy) -> None:
    class Mine(ActraRuntime):
        def resolve_snapshot(self, ctx: Any, action: Any = None) -> dict[str, Any]:
            return {"fraud_flag": True}

        def build_action(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
            return {**super().build_action(*args, **kwargs), "amount": 1}

    runtime = Mine(policy)

    @runtime.admit()
    def refund(amount: int) -> int:
        return amount

    with pytest.raises(ActraError) as caught:
        refund(5000)
    assert caught.value.matched_rule == "fraud"  # type: ignore[attr-defined]
    assert caught.value.context["action"] == {"type": "refund", "amount": 1}  # type: ignore[attr-defined]
