"""Resolvers of actor and snapshot."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from ._signature import takes_second
from .errors import ActraInputTypeError


class Resolver:
    """A function of the application's that gives a domain."""

    __slots__ = ("_domain", "_fn", "_takes_action", "is_async", "of_ctx")

    def __init__(self, domain: str, fn: Callable[..., Any]) -> None:
        if not callable(fn):
            raise TypeError(f"the {domain} resolver is a function, not a {type(fn).__name__}")
        self._domain = domain
        self._fn = fn
        self._takes_action = takes_second(fn)
        self.is_async = is_async(fn)
        # The function, if it takes the context alone: what it gives is to be `settled`.
        self.of_ctx = None if self._takes_action else fn

    def call(self, ctx: Any, action: Any) -> Any:
        """The domain."""
        return self.settled(self._fn(ctx, action or {}) if self._takes_action else self._fn(ctx))

    def settled(self, given: Any) -> Any:
        """What the function gave, if that is the domain: nobody can wait for it."""
        # Asking whether something can be awaited costs more than most resolvers do.
        if type(given) is not dict and _is_awaitable(given):
            if isinstance(given, Coroutine):
                given.close()
            raise ActraInputTypeError(
                "malformed",
                self._domain,
                f"the {self._domain} resolver is async, and what is guarded is not: "
                "only `async def` functions can wait for it",
            )
        return given

    async def call_async(self, ctx: Any, action: Any) -> Any:
        """The domain, waited for where that is needed."""
        given = self._fn(ctx, action or {}) if self._takes_action else self._fn(ctx)
        if type(given) is not dict and _is_awaitable(given):
            return await given
        return given


def _is_awaitable(given: Any) -> bool:
    import inspect

    return inspect.isawaitable(given)


def is_async(fn: Any) -> bool:
    """Whether a call of it is to be awaited."""
    import inspect

    return inspect.iscoroutinefunction(fn) or (
        not inspect.isroutine(fn) and inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004
    )


def is_async_generator(fn: Any) -> bool:
    """Whether a call of it is an async generator."""
    import inspect

    return inspect.isasyncgenfunction(fn)
