"""Resolvers of actor and snapshot."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ._signature import takes_second
from .errors import ActraInputTypeError


class Resolver:
    """A function of the application's that gives a domain."""

    __slots__ = ("_domain", "_fn", "_takes_action", "is_async")

    def __init__(self, domain: str, fn: Callable[..., Any]) -> None:
        if not callable(fn):
            raise TypeError(f"the {domain} resolver is a function, not a {type(fn).__name__}")
        self._domain = domain
        self._fn = fn
        self._takes_action = takes_second(fn)
        self.is_async = is_async(fn)

    def _begin(self, ctx: Any, action: Any) -> Any:
        if self._takes_action:
            return self._fn(ctx, {} if action is None else action)
        return self._fn(ctx)

    def call(self, ctx: Any, action: Any) -> Any:
        """The domain."""
        given = self._begin(ctx, action)
        # Asking whether something can be awaited costs more than most resolvers do.
        if type(given) is not dict and inspect.isawaitable(given):
            if inspect.iscoroutine(given):
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
        given = self._begin(ctx, action)
        if type(given) is not dict and inspect.isawaitable(given):
            return await given
        return given


def is_async(fn: Any) -> bool:
    """Whether a call of it is to be awaited."""
    return inspect.iscoroutinefunction(fn) or (
        not inspect.isroutine(fn) and inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004
    )
