"""Celery tasks in a real worker over the in-memory broker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from support import BROKEN, Heard, broken_runtimes, policy, raising, runtime_for

import actra
from actra import ActraApprovalRequired, ActraError, ActraInputError, ActraPolicyError, ActraRuntime
from actra.integrations.celery import ActraTask, TaskApprovalRequired, TaskPolicyError


class Shop:
    """An app with one worker, and what its tasks did."""

    def __init__(self) -> None:
        self.app = Celery("shop", broker="memory://", backend="cache+memory://")
        self.app.conf.update(task_always_eager=False, worker_hijack_root_logger=False)
        self.ran: list[Any] = []
        self.runtime: ActraRuntime = runtime_for()
        shop = self

        class Guarded(ActraTask):
            """Asks the runtime that the test set last."""

            @property
            def actra_runtime(self) -> ActraRuntime:  # type: ignore[override]
                return shop.runtime

        @self.app.task(base=Guarded, name="shop.refund")
        def refund(amount: int, currency: str = "EUR") -> str:
            self.ran.append((amount, currency))
            return f"refunded {amount} {currency}"

        @self.app.task(
            base=Guarded, bind=True, autoretry_for=(Exception,), max_retries=3, retry_backoff=False
        )
        def drop_table(self: Any, table: str) -> str:
            shop.ran.append(table)
            return "dropped"

        @self.app.task(base=Guarded, bind=True, actra_action="look", actra_fields=["what"])
        def glance(self: Any, what: str, table: str = "users") -> str:
            shop.ran.append(self.request.id)
            return what

        self.refund, self.drop_table, self.glance = refund, drop_table, glance


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    shop = Shop()
    with start_worker(shop.app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        yield shop


@pytest.fixture
def shop(running: Shop) -> Shop:
    running.ran.clear()
    running.runtime = runtime_for()
    return running


def result(task: Any, *args: Any, **options: Any) -> Any:
    return task.apply_async(args, **options).get(timeout=20)


def test_an_allowed_task_runs_in_the_worker_and_the_policy_sees_its_defaults(shop: Shop) -> None:
    heard = Heard(shop.runtime)
    assert result(shop.refund, 5) == "refunded 5 EUR"
    assert shop.ran == [(5, "EUR")]
    assert [event.action for event in heard.events] == [
        {"type": "refund", "amount": 5, "currency": "EUR"}
    ]


def test_a_task_that_waits_fails_with_an_error_that_the_caller_can_tell(shop: Shop) -> None:
    with pytest.raises(ActraApprovalRequired) as caught:
        result(shop.refund, 5000)
    error = caught.value
    assert isinstance(error, TaskApprovalRequired)
    assert str(error) == (
        "Actra policy requires approval for action 'refund' (rule: large): Finance has to agree."
    )
    assert error.action_type == "refund"
    assert error.required_actions == [{"type": "human_approval", "role": "finance"}]
    # The caller learns nothing of actor and snapshot.
    assert error.context == {}
    assert shop.ran == []


def test_a_blocked_task_fails_and_is_not_retried(shop: Shop) -> None:
    heard = Heard(shop.runtime)
    with pytest.raises(TaskPolicyError) as caught:
        result(shop.drop_table, "users")
    assert not isinstance(caught.value, ActraApprovalRequired)
    assert caught.value.matched_rule == "no_drops"
    assert heard.effects == ["block"]
    assert shop.ran == []


def test_arguments_that_do_not_fit_fail_the_task(shop: Shop) -> None:
    with pytest.raises(ActraInputError) as caught:
        result(shop.refund, "much")
    assert (caught.value.code, caught.value.field) == ("wrong_type", "action.amount")
    # Whoever writes to the broker need not keep to the signature.
    with pytest.raises(ActraInputError) as caught:
        shop.app.send_task("shop.refund").get(timeout=20)
    assert caught.value.code == "missing_required"
    with pytest.raises(TypeError):
        shop.app.send_task("shop.refund", (5, "EUR", "x")).get(timeout=20)
    assert shop.ran == []


@pytest.mark.parametrize("why", BROKEN)
def test_errors_deny(shop: Shop, why: str) -> None:
    shop.runtime = broken_runtimes()[why]
    heard = Heard(shop.runtime)
    with pytest.raises((ActraError, RuntimeError)):
        result(shop.refund, 5)
    assert shop.ran == []
    assert heard.effects == [None]


def test_async_resolvers_deny(shop: Shop) -> None:
    async def actor(ctx: Any) -> dict[str, Any]:
        return {"role": "support"}

    shop.runtime.set_actor_resolver(actor)
    with pytest.raises(ActraInputError):
        result(shop.refund, 5)
    assert shop.ran == []


def test_the_tasks_request_is_the_resolvers_context(shop: Shop) -> None:
    seen: list[Any] = []

    def actor(ctx: Any) -> dict[str, Any]:
        seen.append(ctx.id)
        return {"role": (ctx.headers or {}).get("role")}

    shop.runtime.set_actor_resolver(actor)
    assert result(shop.refund, 5, headers={"role": "support"}, task_id="one") == "refunded 5 EUR"
    with pytest.raises(TaskPolicyError):
        result(shop.refund, 5, headers={"role": "intern"})
    assert seen[0] == "one"


def test_a_bound_task_keeps_its_request_and_chosen_fields_make_the_action(shop: Shop) -> None:
    heard = Heard(shop.runtime)
    assert result(shop.glance, "x", task_id="two") == "x"
    assert shop.ran == ["two"]
    assert heard.last.action == {"type": "look", "what": "x"}


def test_eager_tasks_and_direct_calls_are_guarded_too(shop: Shop) -> None:
    assert shop.refund(5) == "refunded 5 EUR"
    assert shop.refund.apply((5,)).get() == "refunded 5 EUR"
    eager = shop.glance.apply(("x",), task_id="three")
    assert eager.get() == "x"
    assert shop.ran[-1] == "three"
    shop.ran.clear()
    with pytest.raises(TaskApprovalRequired):
        shop.refund(5000)
    with pytest.raises(TaskApprovalRequired):
        shop.refund.apply((5000,)).get()
    assert shop.ran == []


def test_maps_and_chains_are_guarded_item_by_item(shop: Shop) -> None:
    heard = Heard(shop.runtime)
    answers = shop.refund.map([5, 7]).apply_async().get(timeout=20)
    assert answers == ["refunded 5 EUR", "refunded 7 EUR"]
    assert heard.effects == ["allow", "allow"]
    with pytest.raises(ActraPolicyError):
        shop.refund.map([5, 5000]).apply_async().get(timeout=20)
    chain = shop.refund.si(5) | shop.refund.si(5000)
    with pytest.raises(TaskApprovalRequired):
        chain.apply_async().get(timeout=20)


def test_an_observer_that_raises_changes_nothing(shop: Shop) -> None:
    shop.runtime.set_decision_observer(raising)
    assert result(shop.refund, 5) == "refunded 5 EUR"


def test_without_a_runtime_the_default_one_decides_or_the_task_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Celery("bare", broker="memory://", set_as_current=False)

    @app.task(base=ActraTask)
    def look(what: str) -> str:
        return what

    monkeypatch.delenv("ACTRA_POLICY", raising=False)
    monkeypatch.setattr("actra._default._state", {})
    with pytest.raises(ActraError, match="there is no policy"):
        look("x")
    actra.load(policy()).set_actor_resolver(lambda ctx: {"role": "support"})
    assert look("x") == "x"
    actra.load(policy())
    with pytest.raises(ActraPolicyError):
        look("x")


def test_the_errors_survive_pickling_and_json(shop: Shop) -> None:
    import pickle

    error = TaskApprovalRequired("refund", {"effect": "require_approval"}, {"actor": {"role": "x"}})
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.context) == (TaskApprovalRequired, error.context)
    stored = shop.app.backend.prepare_exception(error, "json")
    assert "x" not in str(stored["exc_message"])
    back = shop.app.backend.exception_to_python(stored)
    assert (type(back), str(back)) == (TaskApprovalRequired, str(error))


def test_an_eager_task_has_one_request_where_no_worker_has_ever_run() -> None:
    # A worker changes how calls of tasks keep their requests, for the whole process.
    program = """
from celery import Celery
from support import runtime_for
from actra.integrations.celery import ActraTask

app = Celery("alone", broker="memory://")

@app.task(base=ActraTask, bind=True, actra_runtime=runtime_for())
def look(self, what):
    return self.request.id, len(self.request_stack)

print(look.apply(("x",), task_id="four").get(), look("x"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "('four', 1) (None, 1)"
