"""Calls of a function as arguments by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

_POSITIONAL_ONLY = inspect.Parameter.POSITIONAL_ONLY
_POSITIONAL = (_POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_VAR_POSITIONAL = inspect.Parameter.VAR_POSITIONAL
_VAR_KEYWORD = inspect.Parameter.VAR_KEYWORD
_RECEIVERS = ("self", "cls")


class Parameters:
    """A function's parameters, looked at once."""

    __slots__ = (
        "_by_keyword",
        "_defaults",
        "_positional",
        "_signature",
        "_var_positional",
        "names",
        "takes_any_keyword",
        "var_keyword",
    )

    def __init__(self, func: Callable[..., Any]) -> None:
        try:
            self._signature = inspect.signature(func)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"the signature of {func!r} cannot be read, so that its calls cannot be guarded: "
                "wrap it in a function of your own"
            ) from error
        parameters = self._signature.parameters.values()
        self._positional = tuple(p.name for p in parameters if p.kind in _POSITIONAL)
        self._by_keyword = frozenset(p.name for p in parameters if p.kind in _KEYWORD)
        self._defaults = tuple(
            (p.name, p.default) for p in parameters if p.default is not inspect.Parameter.empty
        )
        self._var_positional = _name_of(parameters, _VAR_POSITIONAL)
        self.var_keyword = _name_of(parameters, _VAR_KEYWORD)
        self.takes_any_keyword = self.var_keyword is not None
        # What an action can be made of: not the object that a method belongs to.
        named = [p.name for p in parameters if p.kind is not _VAR_KEYWORD]
        self.names = frozenset(named[1:] if named and named[0] in _RECEIVERS else named)

    def is_receiver(self, name: str) -> bool:
        """Whether it is the object that a method belongs to."""
        return bool(self._positional) and name == self._positional[0] and name in _RECEIVERS

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """All arguments by name: with defaults, and with those that `**kwargs` takes beside the
        others. Arguments that are missing are left out, as decorators below may add them.

        Raises:
            TypeError: The function cannot be called so.
        """
        if self._var_positional is not None or len(args) > len(self._positional):
            return self._bind_slowly(args, kwargs)
        bound = dict(zip(self._positional, args, strict=False))
        for name, value in kwargs.items():
            if name in bound or not (name in self._by_keyword or self.takes_any_keyword):
                return self._bind_slowly(args, kwargs)
            bound[name] = value
        for name, value in self._defaults:
            if name not in bound:
                bound[name] = value
        return bound

    def _bind_slowly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        bound = self._signature.bind_partial(*args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        if self.var_keyword is not None:
            # What a parameter is called goes before what a caller calls something.
            arguments = {**arguments.pop(self.var_keyword, {}), **arguments}
        return arguments

    def complete(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments that are by name already, with defaults and without what the function does not
        take."""
        known = {
            name: value
            for name, value in kwargs.items()
            if name in self.names or self.takes_any_keyword or self.is_receiver(name)
        }
        return {**dict(self._defaults), **known}


def _name_of(parameters: Any, kind: Any) -> str | None:
    return next((p.name for p in parameters if p.kind is kind), None)


def takes_second(fn: Callable[..., Any]) -> bool:
    """Whether a resolver takes the action after the context: as a second parameter without a
    default, or one called `action`. Other defaults are values that the resolver brings along."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = [p for p in parameters if p.kind in _POSITIONAL]
    if len(positional) < 2:
        return False
    second = positional[1]
    return second.default is inspect.Parameter.empty or second.name == "action"
