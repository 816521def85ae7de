"""`admit` and `audit` before functions of every kind."""

from __future__ import annotations

import copy
import enum
import functools
import inspect
import logging
import pickle
import traceback
import warnings
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from conftest import Events

from actra import (
    Actra,
    ActraApprovalRequired,
    ActraError,
    ActraInputError,
    ActraPolicyError,
    ActraRuntime,
    ActraWarning,
    Policy,
)


class TestAdmit:
    def test_only_allowed_calls_run(self, runtime: ActraRuntime, events: Events) -> None:
        calls: list[Any] = []

        @runtime.admit()
        def refund(amount: float, currency: str = "EUR", *, secret: str = "s") -> str:
            calls.append((amount, currency, secret))
            return "done"

        assert refund(5) == "done"
        assert refund(amount=6, secret="t") == "done"
        with pytest.raises(ActraApprovalRequired) as caught:
            refund(5000, "USD")
        error = caught.value
        assert isinstance(error, ActraPolicyError)
        assert error.action_type == "refund"
        assert (error.effect, error.matched_rule) == ("require_approval", "large")
        assert error.required_actions == [{"type": "human_approval", "role": "manager"}]
        assert error.context == {
            "action": {"type": "refund", "amount": 5000, "currency": "USD"},
            "actor": {"role": "support"},
            "snapshot": {"fraud_flag": False},
        }
        assert error.to_dict() == {
            "action": "refund",
            "decision": error.decision,
            "context": error.context,
        }
        assert str(error) == "Actra policy requires approval for action 'refund' (rule: large)"
        assert calls == [(5, "EUR", "s"), (6, "EUR", "t")]
        assert [event.effect for event in events] == ["allow", "allow", "require_approval"]

    def test_a_blocked_call(self, runtime: ActraRuntime) -> None:
        runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": True})

        @runtime.admit(action_type="refund")
        def pay_back(amount: float) -> None:
            raise AssertionError("it ran")

        with pytest.raises(ActraPolicyError) as caught:
            pay_back(5)
        assert type(caught.value) is ActraPolicyError
        assert (
            str(caught.value)
            == "Actra policy blocked action 'refund' (rule: fraud): Payments are stopped."
        )
        assert repr(caught.value).startswith("ActraPolicyError(action_type='refund', decision={")

    def test_errors_on_the_way_block_as_they_are(
        self, runtime: ActraRuntime, events: Events
    ) -> None:
        def run(**set_to: Any) -> None:
            calls: list[Any] = []
            for name, fn in set_to.items():
                getattr(runtime, f"set_{name}")(fn)

            @runtime.admit("refund")
            def refund(amount: Any, **kwargs: Any) -> None:
                calls.append(amount)

            try:
                refund(5)
            finally:
                assert not calls

        def fail(*_: Any) -> Any:
            raise LookupError("on the way")

        for name in (
            "actor_resolver",
            "snapshot_resolver",
            "context_resolver",
            "action_resolver",
        ):
            with pytest.raises(LookupError, match="on the way"):
                run(**{name: fail})
            getattr(runtime, f"set_{name}")(None)
        assert [type(event.error) for event in events] == [LookupError] * 4
        with pytest.raises(ActraInputError):
            run(actor_resolver=lambda ctx: None)
        with pytest.raises(ActraInputError):
            run(action_resolver=lambda *_: None, actor_resolver=None)

    def test_an_error_while_naming_the_action_blocks(self, runtime: ActraRuntime) -> None:
        runtime.set_action_type_resolver(lambda *_: 1 / 0)

        @runtime.admit()
        def refund(amount: int) -> None:
            raise AssertionError("it ran")

        with pytest.raises(ZeroDivisionError):
            refund(5)
        runtime.set_action_type_resolver(lambda *_: None)  # type: ignore[arg-type, return-value]
        with pytest.raises(ActraInputError):
            refund(5)
        runtime.set_action_type_resolver(lambda *_: ["refund"])  # type: ignore[arg-type, return-value]
        with pytest.raises(ActraInputError):
            refund(5)

    def test_resolvers_are_asked_once(self, runtime: ActraRuntime) -> None:
        asked: list[str] = []
        runtime.set_actor_resolver(lambda ctx: asked.append("actor") or {"role": "x"})
        runtime.set_snapshot_resolver(
            lambda ctx: asked.append("snapshot") or {"fraud_flag": len(asked) > 3}
        )
        runtime.set_context_resolver(lambda args, kwargs: asked.append("context"))
        runtime.set_action_type_resolver(lambda *_: asked.append("type") or "refund")

        @runtime.admit()
        def pay(amount: int) -> None: ...

        with pytest.raises(ActraPolicyError):
            pay(5)
        assert asked == ["context", "type", "actor", "snapshot"]

    def test_fields_and_builders_make_the_action(self, runtime: ActraRuntime) -> None:
        seen: list[Any] = []

        def builder(action_type: str, args: Any, kwargs: Any, ctx: Any) -> dict[str, Any]:
            seen.append((action_type, args, kwargs, ctx))
            return {"type": action_type, "amount": kwargs["cents"] / 100}

        @runtime.admit("refund", action_builder=builder)
        def pay(cents: int, ctx: Any = None, unit: str = "c", **more: Any) -> int:
            return cents

        @runtime.admit("refund", fields=["amount"])
        def partly(amount: int, currency: Any = 5) -> int:
            return amount

        @runtime.admit("refund", fields=[])
        def fully(amount: int, currency: Any = 5) -> int:
            return amount

        assert pay(500, "c", x=1) == 500
        given = {"cents": 500, "ctx": "c", "unit": "c", "x": 1}
        assert seen == [("refund", (), given, "c")]
        assert partly(5) == 5
        with pytest.raises(ActraInputError, match="currency"):
            fully(5)

    def test_names_are_nothing_but_names(self, runtime: ActraRuntime) -> None:
        class Kind(str, enum.Enum):
            REFUND = "refund"

        class Attack(str):
            def __repr__(self) -> str:
                return "x': __import__('os').abort(), 'y"

            def isidentifier(self) -> bool:
                return True

        @runtime.admit(Kind.REFUND, fields=[Attack("amount"), Attack("note"), "unheard_of"])
        def pay(amount: int, _missing: int = 1, _found: int = 2, found: int = 3) -> Any:
            return amount, _missing, _found, found

        assert pay(5) == (5, 1, 2, 3)
        assert pay(amount=5, _found=7) == (5, 1, 7, 3)
        with pytest.raises(ActraApprovalRequired) as caught:
            pay(5000)
        assert caught.value.context["action"] == {"type": "refund", "amount": 5000}

        with pytest.warns(ActraWarning, match="has no action"):

            @runtime.admit("x'}, 1); import os; os.abort() #", fields=["amount"])
            def odd(amount: int, _type: str = "y") -> None: ...

        with pytest.raises(ActraInputError) as refused:
            odd(5)
        assert refused.value.code == "unknown_action"

        def spoofed(**kwargs: Any) -> Any:
            return kwargs

        parameter = inspect.Parameter("amount", inspect.Parameter.KEYWORD_ONLY, default=5)
        parameter._name = Attack("amount")  # type: ignore[attr-defined]
        spoofed.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
        assert runtime.admit("refund")(spoofed)(amount=7) == {"amount": 7}

    def test_an_explicit_action_type_wins(self, runtime: ActraRuntime) -> None:
        runtime.set_action_type_resolver(lambda *_: "ping")

        @runtime.admit("refund")
        def pay(amount: int) -> None: ...

        with pytest.raises(ActraApprovalRequired):
            pay(5000)

    def test_resolvers_get_arguments_as_the_page_says(self, runtime: ActraRuntime) -> None:
        seen: list[Any] = []
        runtime.set_context_resolver(lambda args, kwargs: seen.append((args, kwargs)) or "c")
        runtime.set_action_type_resolver(
            lambda func, args, kwargs: seen.append((func.__name__, args, kwargs)) or "ping"
        )
        runtime.set_action_resolver(lambda *given: seen.append(given) or {"type": "ping"})

        @runtime.admit()
        def pay(amount: int, /, note: str = "n", *rest: int, last: int = 9, **kw: Any) -> None: ...

        pay(1, "x", 7, extra=3)
        bound = {"amount": 1, "note": "x", "rest": (7,), "last": 9, "extra": 3}
        assert seen == [
            ((1, "x", 7), bound),
            ("pay", (1, "x", 7), bound),
            ("ping", (), bound, "c"),
        ]

    def test_keyword_arguments_are_seen(self, runtime: ActraRuntime) -> None:
        @runtime.admit("refund")
        def pay(**kwargs: Any) -> Any:
            return kwargs

        assert pay(amount=5) == {"amount": 5}
        with pytest.raises(ActraApprovalRequired):
            pay(amount=5000)

    def test_a_keyword_does_not_stand_in_for_a_parameter(self, runtime: ActraRuntime) -> None:
        @runtime.admit("refund")
        def pay(amount: int, /, **kwargs: Any) -> int:
            return amount

        with pytest.raises(ActraApprovalRequired):
            pay(5000, amount=5)

    def test_the_context_is_an_argument(self, runtime: ActraRuntime) -> None:
        runtime.set_actor_resolver(lambda ctx: {"role": ctx})

        @runtime.admit()
        def ping(ctx: Any = "guest") -> None: ...

        @runtime.admit("ping")
        def keyword(**kwargs: Any) -> None: ...

        ping("x")
        ping(ctx="x")
        keyword(ctx="x")
        with pytest.raises(ActraPolicyError):
            ping()
        with pytest.raises(ActraPolicyError):
            keyword(ctx="guest")

    def test_a_call_that_cannot_be_is_a_type_error(self, runtime: ActraRuntime) -> None:
        @runtime.admit()
        def refund(amount: int) -> None: ...

        for call in (
            lambda: refund(1, 2),  # type: ignore[call-arg]
            lambda: refund(1, other=2),  # type: ignore[call-arg]
            lambda: refund(1, amount=2),  # type: ignore[misc]
        ):
            with pytest.raises(TypeError):
                call()
        runtime.set_action_resolver(lambda *_: {"type": "refund", "amount": 1})
        with pytest.raises(TypeError, match="amount"):
            refund()  # type: ignore[call-arg]

    def test_decorators_below_may_add_arguments(self, runtime: ActraRuntime) -> None:
        def inject(func: Any) -> Any:
            @functools.wraps(func)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return func(*args, store="s", **kwargs)

            return wrapper

        @runtime.admit()
        @inject
        def refund(amount: int, store: str) -> Any:
            return amount, store

        assert refund(5) == (5, "s")

    def test_functions_keep_their_looks(self, runtime: ActraRuntime) -> None:
        def refund(amount: float, *, note: str = "x", **kw: Any) -> int:
            """Pays back."""
            return 1

        refund.extra = 1  # type: ignore[attr-defined]
        for decorator in (runtime.admit(), runtime.audit(), runtime.admit("refund")):
            guarded = decorator(refund)
            assert guarded.__name__ == "refund"
            assert guarded.__qualname__ == refund.__qualname__
            assert guarded.__doc__ == "Pays back."
            assert guarded.__module__ == __name__
            assert inspect.signature(guarded) == inspect.signature(refund)
            assert get_type_hints(guarded) == get_type_hints(refund)
            assert guarded.extra == 1  # type: ignore[attr-defined]
            assert guarded.__wrapped__ is refund  # type: ignore[attr-defined]

    def test_the_decorator_works_bare(self, runtime: ActraRuntime) -> None:
        @runtime.admit
        def refund(amount: int) -> int:
            return amount

        @runtime.audit
        def payout(amount: int) -> int:
            return amount

        assert refund(5) == 5
        assert payout(5) == 5
        with pytest.raises(ActraApprovalRequired):
            refund(5000)

    def test_what_cannot_be_guarded_is_refused(self, runtime: ActraRuntime) -> None:
        with pytest.raises(TypeError, match="guards functions"):
            runtime.admit("refund")(5)  # type: ignore[type-var]
        with pytest.raises(TypeError, match="list of names"):
            runtime.admit("refund", fields="amount")
        with pytest.raises(TypeError, match="signature"):
            runtime.admit("refund")(type)


class TestMethods:
    def test_of_all_kinds(self, runtime: ActraRuntime) -> None:
        class Account:
            factor = 2

            @runtime.admit("refund")
            def method(self, amount: int) -> Any:
                return self.factor * amount

            @classmethod
            @runtime.admit("refund")
            def below_class(cls, amount: int) -> Any:
                return cls.factor * amount

            @runtime.admit("refund")
            @classmethod
            def above_class(cls, amount: int) -> Any:
                return cls.factor * amount

            @staticmethod
            @runtime.admit("refund")
            def below_static(amount: int) -> Any:
                return 2 * amount

            @runtime.admit("refund")
            @staticmethod
            def above_static(amount: int) -> Any:
                return 2 * amount

            @property
            @runtime.admit("ping")
            def balance(self) -> int:
                return 7

            @runtime.admit("refund")
            def __call__(self, amount: int) -> Any:
                return 2 * amount

        account = Account()
        assert account.balance == 7
        for call in (
            account.method,
            Account.below_class,
            account.below_class,
            Account.above_class,
            account.above_class,
            Account.below_static,
            account.below_static,
            Account.above_static,
            account.above_static,
            account,
            functools.partial(Account.method, account),
        ):
            assert call(5) == 10
            assert call(amount=5) == 10
            with pytest.raises(ActraApprovalRequired) as caught:
                call(5000)
            assert caught.value.context["action"] == {"type": "refund", "amount": 5000}

    def test_the_object_is_no_part_of_the_action(self, runtime: ActraRuntime) -> None:
        runtime.set_actor_resolver(lambda ctx: {"role": "guest"})

        class Server:
            @runtime.admit()
            def ping(self, loud: bool = False) -> None: ...

            @classmethod
            @runtime.admit("ping")
            def of_class(cls) -> None: ...

        with pytest.raises(ActraPolicyError) as caught:
            Server().ping()
        assert caught.value.context["action"] == {"type": "ping", "loud": False}
        with pytest.raises(ActraPolicyError) as caught:
            Server.of_class()
        assert caught.value.context["action"] == {"type": "ping"}

    def test_builders_see_the_object(self, runtime: ActraRuntime) -> None:
        class Account:
            def __init__(self, limit: int) -> None:
                self.limit = limit

            @runtime.admit(
                action_builder=lambda name, args, kwargs, ctx: {
                    "type": name,
                    "amount": kwargs["self"].limit,
                }
            )
            def refund(self) -> str:
                return "done"

        assert Account(5).refund() == "done"
        with pytest.raises(ActraApprovalRequired):
            Account(5000).refund()


class TestGenerators:
    def test_are_decided_when_they_are_called(self, runtime: ActraRuntime) -> None:
        steps: list[Any] = []

        @runtime.admit("refund")
        def parts(amount: int) -> Iterator[Any]:
            steps.append("begun")
            try:
                got = yield amount
                yield got
            finally:
                steps.append("over")

        with pytest.raises(ActraApprovalRequired):
            parts(5000)
        assert steps == []
        generator: Any = parts(5)
        assert steps == []
        assert next(generator) == 5
        assert generator.send("x") == "x"
        generator.close()
        assert steps == ["begun", "over"]


class TestAudit:
    def test_the_function_runs_whatever_is_decided(
        self, runtime: ActraRuntime, events: Events
    ) -> None:
        calls: list[Any] = []

        @runtime.audit("refund")
        def refund(amount: Any) -> str:
            calls.append(amount)
            return "done"

        for amount in (5, 5000, "x", float("nan")):
            assert refund(amount) == "done"
        runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": True})
        assert refund(7) == "done"
        assert len(calls) == 5
        assert [event.effect for event in events] == [
            "allow",
            "require_approval",
            None,
            None,
            "block",
        ]

    def test_and_whatever_goes_wrong(
        self, runtime: ActraRuntime, events: Events, caplog: pytest.LogCaptureFixture
    ) -> None:
        calls: list[Any] = []

        @runtime.audit()
        def refund(amount: Any = 1) -> None:
            calls.append(amount)

        def fail(*_: Any) -> Any:
            raise LookupError("on the way")

        with caplog.at_level(logging.WARNING, logger="actra"):
            for name in (
                "actor_resolver",
                "snapshot_resolver",
                "context_resolver",
                "action_type_resolver",
                "action_resolver",
            ):
                getattr(runtime, f"set_{name}")(fail)
                refund()
                getattr(runtime, f"set_{name}")(None)
            runtime.set_decision_observer(fail)
            refund()
        assert len(calls) == 6
        assert [type(event.error) for event in events] == [LookupError] * 5
        assert caplog.text.count("it runs all the same") == 5

    def test_what_the_function_raises_is_its_own(
        self, runtime: ActraRuntime, events: Events
    ) -> None:
        calls: list[int] = []

        @runtime.audit("refund")
        def refund(amount: int) -> None:
            calls.append(1)
            raise ActraPolicyError("refund", {"effect": "block"}, {})

        with pytest.raises(ActraPolicyError):
            refund(5)
        assert calls == [1]
        with pytest.raises(TypeError):
            refund()  # type: ignore[call-arg]
        with pytest.raises(TypeError):
            refund(1, 2)  # type: ignore[call-arg]
        assert calls == [1]

    def test_admit_and_audit_may_stand_on_each_other(
        self, runtime: ActraRuntime, events: Events
    ) -> None:
        @runtime.audit("payout")
        @runtime.admit("refund")
        def pay(amount: int) -> int:
            return amount

        assert pay(5) == 5
        with pytest.raises(ActraApprovalRequired):
            pay(5000)
        assert [event.action_type for event in events] == ["payout", "refund"] * 2


class TestWarnings:
    def warned(self, decorate: Any, func: Any) -> list[str]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            decorate(func)
        assert all(issubclass(found.category, ActraWarning) for found in caught)
        assert all(found.filename == __file__ for found in caught)
        return [str(found.message) for found in caught]

    def test_a_guard_that_sees_nothing(self, runtime: ActraRuntime) -> None:
        def total(amnt: int) -> None: ...

        (told,) = self.warned(lambda func: runtime.admit("refund")(func), total)
        assert "sees nothing" in told
        assert "`amount`, `currency`, `note`" in told
        (told,) = self.warned(lambda func: runtime.audit("refund", fields=["amnt"])(func), total)
        assert "sees nothing" in told
        (told,) = self.warned(lambda func: runtime.admit(func), total)
        assert "has no action `total`" in told

    def test_a_guard_that_sees_something(self, runtime: ActraRuntime) -> None:
        def some(amount: int, other: int) -> None: ...
        def any_of_them(**kwargs: Any) -> None: ...
        def nothing() -> None: ...
        def built(cents: int) -> None: ...

        assert self.warned(lambda func: runtime.admit("refund")(func), some) == []
        assert self.warned(lambda func: runtime.admit("refund")(func), any_of_them) == []
        assert self.warned(lambda func: runtime.admit("ping")(func), nothing) == []
        builder = runtime.admit("refund", action_builder=lambda *_: {"type": "refund"})
        assert self.warned(lambda func: builder(func), built) == []
        runtime.set_action_type_resolver(lambda *_: "refund")
        assert self.warned(lambda func: runtime.admit()(func), built) == []
        runtime.set_action_resolver(lambda *_: {"type": "refund"})
        assert self.warned(lambda func: runtime.admit("refund")(func), built) == []


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_action_type_is_none(runtime: ActraRuntime, empty: str | None) -> None:
    @runtime.admit(action_type=empty)
    def refund(amount: int) -> int:
        return amount

    assert refund(5) == 5
    with pytest.raises(ActraApprovalRequired) as caught:
        refund(5000)
    assert caught.value.action_type == "refund"


@pytest.mark.parametrize("name", ["self", "cls"])
def test_a_first_argument_that_the_schema_declares_is_seen(name: str) -> None:
    """Whatever it is called, a rule may be about it."""
    policy = Actra.from_strings(
        f"version: 1\nactions: {{assign: {{fields: {{{name}: string, seat: number}}}}}}\n",
        f"""
version: 1
rules:
  - id: first
    scope: {{action: assign}}
    when:
      subject: {{domain: action, field: {name}}}
      operator: equals
      value: {{literal: first}}
    effect: block
""",
    )
    runtime = ActraRuntime(policy)
    scope: dict[str, Any] = {}
    exec(f"def assign({name}, seat=1): return {name}", scope)
    assign = scope["assign"]
    for guarded in (runtime.admit()(assign), runtime.admit("assign")(assign)):
        assert guarded("second") == "second"
        for call in (lambda: guarded("first"), lambda: guarded(**{name: "first"})):  # noqa: B023
            with pytest.raises(ActraPolicyError):
                call()
    action = {"type": "assign", name: "first", "seat": 1}
    assert runtime.build_action("assign", ("first",), {}, None, assign) == action


class TestExplainCall:
    def test_it_says_what_admit_would_do_and_runs_nothing(
        self, runtime: ActraRuntime, events: Events, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def refund(amount: int, ctx: Any = None) -> None:
            raise AssertionError("it ran")

        def pay(amount: int, currency: Any = 5) -> None:
            raise AssertionError("it ran")

        guarded = runtime.admit("refund", fields=["amount"])(pay)
        runtime.set_actor_resolver(lambda ctx: {"role": str(ctx)})
        assert runtime.explain_call(refund, amount=5000).matched_rule == "large"
        assert runtime.explain_call(refund, 5).matched_rule == "small"
        assert runtime.explain_call(pay, 5, "EUR", action_type="refund").allowed
        # The guard's own settings: `currency` is not looked at.
        assert runtime.explain_call(guarded, 5).allowed
        assert runtime.explain_call(guarded, 5, action_type="payout").blocked
        capsys.readouterr()
        runtime.explain_call(refund, 5, ctx="someone")
        assert "role: someone" in capsys.readouterr().out
        runtime.explain_call(guarded, 5, ctx="elsewhere")
        assert "role: elsewhere" in capsys.readouterr().out
        # Where both are given, what is meant for the resolvers is.
        runtime.explain_call(refund, 5, "someone", ctx="another")
        assert "role: another" in capsys.readouterr().out
        assert runtime.explain_call(func=refund, amount=5000).matched_rule == "large"
        assert events == []

    def test_of_methods(self, runtime: ActraRuntime) -> None:
        class Account:
            limit = 7

            @runtime.admit("refund")
            def refund(self, amount: int) -> None:
                raise AssertionError("it ran")

            @classmethod
            @runtime.admit("refund")
            def of_class(cls, amount: int) -> None:
                raise AssertionError("it ran")

        for method in (Account().refund, Account.of_class):
            assert runtime.explain_call(method, 5).allowed
            assert runtime.explain_call(method, amount=5000).needs_approval

    def test_errors_are_those_of_admit(self, runtime: ActraRuntime) -> None:
        def refund(amount: Any) -> None: ...

        with pytest.raises(ActraInputError):
            runtime.explain_call(refund, "x")
        with pytest.raises(TypeError):
            runtime.explain_call(refund, 1, 2)


def test_several_runtimes_stand_beside_each_other(policy: Policy, runtime: ActraRuntime) -> None:
    strict = ActraRuntime(policy)
    strict.set_snapshot_resolver(lambda ctx: {"fraud_flag": True})

    @runtime.admit("refund")
    def first(amount: int) -> int:
        return amount

    @strict.admit("refund")
    def second(amount: int) -> int:
        return amount

    assert first(5) == 5
    with pytest.raises(ActraPolicyError):
        second(5)


class TestErrors:
    def test_survive_pickling(self, runtime: ActraRuntime) -> None:
        @runtime.admit("refund")
        def refund(amount: int) -> None: ...

        with pytest.raises(ActraApprovalRequired) as caught:
            refund(5000)
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is ActraApprovalRequired
        assert again.to_dict() == caught.value.to_dict()
        assert str(again) == str(caught.value)
        assert again.decision.required_actions == caught.value.required_actions

    def test_have_their_message_whoever_asks_first(self) -> None:
        decision = {"effect": "block", "matched_rule": "large", "message": "Too much."}
        message = "Actra policy blocked action 'refund' (rule: large): Too much."

        def made() -> ActraPolicyError:
            return ActraPolicyError("refund", decision, {})

        assert str(made()) == message
        assert made().args == (message,)
        assert traceback.format_exception_only(made())[-1].endswith(f": {message}\n")
        assert f"{made()}" == message
        assert str(pickle.loads(pickle.dumps(made()))) == message
        assert str(copy.copy(made())) == message
        assert made().__reduce__()[1] == ("refund", decision, {})

    def test_tell_what_was_decided_then(self) -> None:
        error = ActraPolicyError("refund", {"effect": "block", "matched_rule": "large"}, {})
        error.decision["matched_rule"] = "other"
        error.action_type = "payout"
        assert str(error) == "Actra policy blocked action 'refund' (rule: large)"
        error.args = ("mine", 2)
        assert error.args == ("mine", 2)
        assert str(error) == "('mine', 2)"
        again = ActraPolicyError("refund", {}, {})
        again.args = ()
        assert (str(again), again.args) == ("", ())

    def test_tell_at_once_where_a_part_is_no_text(self) -> None:
        class Rule:
            name = "first"

            def __str__(self) -> str:
                return self.name

        rule = Rule()
        error = ActraPolicyError("refund", {"effect": "block", "matched_rule": rule}, {})
        rule.name = "second"
        assert str(error) == "Actra policy blocked action 'refund' (rule: first)"

        class Raises:
            def __str__(self) -> str:
                raise KeyError("x")

        with pytest.raises(KeyError):
            ActraPolicyError("refund", {"effect": "block", "message": Raises()}, {})

    def test_of_an_applications_own_class(self) -> None:
        class Own(ActraPolicyError):
            def __init__(self, action_type: str) -> None:
                super().__init__(action_type, {"effect": "block"}, {})
                self.args = ("own", *self.args)

        class Bare(ActraPolicyError):
            def __init__(self, *args: Any) -> None:
                pass

        assert Own("refund").args == ("own", "Actra policy blocked action 'refund'")
        assert (Bare("a", 2).args, str(Bare("a"))) == (("a", 2), "a")

    def test_survive_what_cannot_be_pickled(self) -> None:
        context = {
            "action": {"type": "x", "self": lambda: 1, "n": [len, {1: {"k": (x for x in "")}}]}
        }
        error = ActraPolicyError("x", {"effect": "block", "matched_rule": None}, context)
        again = pickle.loads(pickle.dumps(error))
        assert again.context["action"]["self"] == "<builtins.function>"
        assert again.context["action"]["n"][1][1]["k"] == "<builtins.generator>"
        assert again.context["action"]["type"] == "x"

    def test_input_errors_survive_too(self, policy: Policy) -> None:
        with pytest.raises(ActraInputError) as caught:
            policy.evaluate({})
        again = pickle.loads(pickle.dumps(caught.value))
        assert (again.code, again.field, str(again)) == (
            caught.value.code,
            caught.value.field,
            str(caught.value),
        )

    def test_have_one_root(self) -> None:
        import actra

        for name in dir(actra):
            if name.startswith("Actra") and name.endswith(("Error", "Required")):
                assert issubclass(getattr(actra, name), ActraError)
        assert issubclass(actra.ActraWarning, UserWarning)
