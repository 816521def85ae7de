"""`admit` and `audit` before async functions and generators, and with async resolvers."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Any

import pytest
from conftest import Events

from actra import (
    ActraApprovalRequired,
    ActraInputError,
    ActraPolicyError,
    ActraRuntime,
)


async def role(ctx: Any) -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"role": ctx or "support"}


async def flag(ctx: Any, action: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"fraud_flag": action.get("amount") == 13}


@pytest.fixture(params=["sync", "async", "lambda"])
def waiting(request: pytest.FixtureRequest, runtime: ActraRuntime) -> ActraRuntime:
    if request.param == "async":
        runtime.set_actor_resolver(role)
        runtime.set_snapshot_resolver(flag)
    elif request.param == "lambda":
        runtime.set_actor_resolver(lambda ctx: role(ctx))
    return runtime


def test_only_allowed_calls_run(waiting: ActraRuntime, events: Events) -> None:
    calls: list[Any] = []

    @waiting.admit()
    async def refund(amount: int) -> int:
        await asyncio.sleep(0)
        calls.append(amount)
        return amount

    assert inspect.iscoroutinefunction(refund)
    assert asyncio.run(refund(5)) == 5
    with pytest.raises(ActraApprovalRequired):
        asyncio.run(refund(5000))
    with pytest.raises(ActraInputError):
        asyncio.run(refund("x"))  # type: ignore[arg-type]
    assert calls == [5]
    assert [event.effect for event in events] == ["allow", "require_approval", None]


def test_audit_runs_once(waiting: ActraRuntime, events: Events) -> None:
    calls: list[Any] = []

    @waiting.audit("refund")
    async def refund(amount: Any) -> Any:
        calls.append(amount)
        return amount

    for amount in (5, 5000, "x"):
        assert asyncio.run(refund(amount)) == amount
    assert calls == [5, 5000, "x"]
    assert [event.effect for event in events] == ["allow", "require_approval", None]


def test_async_resolvers_that_fail_block(runtime: ActraRuntime, events: Events) -> None:
    async def fail(ctx: Any) -> Any:
        raise LookupError("on the way")

    calls: list[int] = []
    runtime.set_snapshot_resolver(fail)

    @runtime.admit("refund")
    async def admitted(amount: int) -> None:
        calls.append(1)

    @runtime.audit("refund")
    async def audited(amount: int) -> None:
        calls.append(2)

    with pytest.raises(LookupError):
        asyncio.run(admitted(5))
    asyncio.run(audited(5))
    assert calls == [2]
    assert [type(event.error) for event in events] == [LookupError] * 2


def test_what_does_not_wait_cannot_have_async_resolvers(runtime: ActraRuntime) -> None:
    runtime.set_actor_resolver(role)
    calls: list[int] = []

    @runtime.admit("refund")
    def admitted(amount: int) -> None:
        calls.append(1)

    @runtime.audit("refund")
    def audited(amount: int) -> None:
        calls.append(2)

    with pytest.raises(ActraInputError, match="only `async def`"):
        admitted(5)
    audited(5)
    assert calls == [2]


def test_evaluate_async(waiting: ActraRuntime, events: Events) -> None:
    action = {"type": "refund", "amount": 5}

    async def ask() -> None:
        assert (await waiting.evaluate_async(action)).allowed
        context = await waiting.build_context_async(action)
        assert context["snapshot"] == {"fraud_flag": False}
        with pytest.raises(ActraInputError):
            await waiting.evaluate_async({"type": "refund", "amount": "x"})

    asyncio.run(ask())
    assert [event.effect for event in events] == ["allow", None]


def test_many_tasks_do_not_meet(runtime: ActraRuntime) -> None:
    runtime.set_actor_resolver(role)
    runtime.set_snapshot_resolver(flag)

    @runtime.admit("refund")
    async def refund(amount: int, ctx: Any = None) -> int:
        await asyncio.sleep(0)
        return amount

    async def one(number: int) -> None:
        amount = [5, 5000, 13][number % 3]
        expected = [None, ActraApprovalRequired, ActraPolicyError][number % 3]
        who = f"user {number}"
        if expected is None:
            assert await refund(amount, ctx=who) == amount
            return
        with pytest.raises(expected) as caught:
            await refund(amount, ctx=who)
        assert type(caught.value) is expected
        assert caught.value.context["actor"] == {"role": who}
        assert caught.value.context["action"]["amount"] == amount

    async def everyone() -> None:
        await asyncio.gather(*(one(number) for number in range(500)))

    asyncio.run(everyone())


def test_cancelling_goes_through(runtime: ActraRuntime) -> None:
    async def slow(ctx: Any) -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    calls: list[int] = []
    runtime.set_actor_resolver(slow)

    @runtime.audit("refund")
    async def refund(amount: int) -> None:
        calls.append(1)

    async def cancelled() -> None:
        task = asyncio.create_task(refund(5))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert calls == []


async def collect(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def test_async_generators(runtime: ActraRuntime, events: Events) -> None:
    calls: list[Any] = []

    @runtime.admit("refund")
    async def parts(amount: int) -> AsyncIterator[int]:
        calls.append(amount)
        yield amount
        yield amount + 1

    @runtime.audit("refund")
    async def audited(amount: int) -> AsyncIterator[int]:
        yield amount

    # Decided when called, as long as no resolver has to be waited for.
    with pytest.raises(ActraApprovalRequired):
        parts(5000)
    assert asyncio.run(collect(parts(5))) == [5, 6]
    assert asyncio.run(collect(audited(5000))) == [5000]
    runtime.set_actor_resolver(role)
    deferred = parts(5000)
    with pytest.raises(ActraApprovalRequired):
        asyncio.run(collect(deferred))
    assert asyncio.run(collect(deferred)) == []
    assert asyncio.run(collect(parts(7))) == [7, 8]
    assert asyncio.run(collect(audited(5000))) == [5000]
    assert calls == [5, 7]
    assert len(events) == 6


def test_deferred_generators_are_generators(runtime: ActraRuntime) -> None:
    runtime.set_actor_resolver(role)
    steps: list[Any] = []

    @runtime.admit("refund")
    async def parts(amount: int) -> Any:
        try:
            got = yield amount
            steps.append(got)
            yield got
        except KeyError as error:
            steps.append("thrown")
            yield error
        finally:
            steps.append("over")

    async def use() -> None:
        one: Any = parts(5)
        assert await one.__anext__() == 5
        assert await one.asend("x") == "x"
        await one.aclose()
        two: Any = parts(5)
        await two.__anext__()
        assert isinstance(await two.athrow(KeyError("k")), KeyError)
        await two.aclose()
        closed: Any = parts(5)
        await closed.aclose()
        assert [item async for item in closed] == []
        thrown: Any = parts(5)
        with pytest.raises(KeyError):
            await thrown.athrow(KeyError("k"))
        assert [item async for item in thrown] == []

    asyncio.run(use())
    assert steps == ["x", "over", "thrown", "over"]


def test_callable_objects_and_methods(runtime: ActraRuntime) -> None:
    runtime.set_actor_resolver(role)

    class Tool:
        @runtime.admit("refund")
        async def method(self, amount: int) -> int:
            return amount

        async def __call__(self, amount: int) -> int:
            return amount

    tool = Tool()
    assert asyncio.run(tool.method(5)) == 5
    guarded = runtime.admit("refund")(tool)
    assert inspect.iscoroutinefunction(guarded)
    assert asyncio.run(guarded(5)) == 5
    with pytest.raises(ActraApprovalRequired):
        asyncio.run(guarded(5000))
