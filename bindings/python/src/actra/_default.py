"""The module-level door: one runtime for programs that need no more."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from ._guard import Guard, Mode, Settings, log_undecided, wrap
from .errors import ActraError
from .policy import Actra, Policy
from .runtime import ActraRuntime
from .types import ActionBuilder, PathType

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE = "ACTRA_POLICY"

# The default runtime under the one name that it has: setting it is one step, for all threads.
_state: dict[str, ActraRuntime] = {}
_DEFAULT = "runtime"


def load(policy: PathType | Policy) -> ActraRuntime:
    """Makes a policy the one that `actra.admit` and `actra.audit` ask from now on.

    Args:
        policy: A policy directory, an `.actra` file, or a policy.

    Returns:
        The runtime, for resolvers and an observer.
    """
    found = ActraRuntime(policy if isinstance(policy, Policy) else _open(policy))
    _state[_DEFAULT] = found
    return found


def default_runtime() -> ActraRuntime:
    """The runtime of the last `load`; without one, that of the policy that `ACTRA_POLICY` names.

    Raises:
        ActraError: There is neither.
    """
    known = _state.get(_DEFAULT)
    if known is not None:
        return known
    path = os.environ.get(VARIABLE)
    if not path:
        raise ActraError(
            f"there is no policy: call `actra.load(path)`, or set {VARIABLE} to a policy directory "
            "or an `.actra` file"
        )
    # Another thread may be quicker: then its is the one.
    return _state.setdefault(_DEFAULT, ActraRuntime(_open(path)))


def _open(path: PathType) -> Policy:
    return Actra.from_directory(path) if os.path.isdir(path) else Actra.from_artifact(path)


@overload
def admit(action_type: F, /) -> F: ...
@overload
def admit(
    action_type: str | None = None,
    fields: Iterable[str] | None = None,
    action_builder: ActionBuilder | None = None,
) -> Callable[[F], F]: ...
def admit(
    action_type: Any = None,
    fields: Iterable[str] | None = None,
    action_builder: ActionBuilder | None = None,
) -> Any:
    """As `ActraRuntime.admit`, of the default runtime as it is when the function is called."""
    return _decorator("admit", action_type, fields, action_builder)


@overload
def audit(action_type: F, /) -> F: ...
@overload
def audit(
    action_type: str | None = None,
    fields: Iterable[str] | None = None,
    action_builder: ActionBuilder | None = None,
) -> Callable[[F], F]: ...
def audit(
    action_type: Any = None,
    fields: Iterable[str] | None = None,
    action_builder: ActionBuilder | None = None,
) -> Any:
    """As `ActraRuntime.audit`, of the default runtime as it is when the function is called."""
    return _decorator("audit", action_type, fields, action_builder)


def _decorator(
    mode: Mode,
    action_type: Any,
    fields: Iterable[str] | None,
    action_builder: ActionBuilder | None,
) -> Any:
    if isinstance(fields, str):
        raise TypeError("`fields` is a list of names, not one name")
    chosen = tuple(fields or ())
    if callable(action_type):
        return _guarded(mode, action_type, Guard.settings(None, chosen, action_builder))
    settings = Guard.settings(action_type, chosen, action_builder)
    return lambda func: _guarded(mode, func, settings)


def _guarded(mode: Mode, func: Any, settings: Settings) -> Any:
    if isinstance(func, classmethod | staticmethod):
        return type(func)(_guarded(mode, func.__func__, settings))
    if not callable(func):
        raise TypeError(f"`{mode}` guards functions, not a {type(func).__name__}")
    return wrap(mode, func, settings, _Late(func, settings))


class _Late:
    """Stands in for a guard whose runtime is known when the function is called."""

    __slots__ = ("_func", "_guard", "_settings")

    def __init__(self, func: Callable[..., Any], settings: Settings) -> None:
        self._func = func
        self._settings = settings
        self._guard: Guard | None = None

    def _find(self) -> Guard:
        runtime = default_runtime()
        guard = self._guard
        if guard is None or guard.runtime is not runtime:
            guard = self._guard = Guard(runtime, self._func, self._settings)
        return guard

    def has_async_resolver(self) -> bool:
        known = _state.get(_DEFAULT)
        return known is not None and known._has_async_resolver()

    def admit(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._find().admit(args, kwargs)

    async def admit_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        await self._find().admit_async(args, kwargs)

    def audit(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        guard = self._find_to_audit()
        if guard is not None:
            guard.audit(args, kwargs)

    async def audit_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        guard = self._find_to_audit()
        if guard is not None:
            await guard.audit_async(args, kwargs)

    def _find_to_audit(self) -> Guard | None:
        """What is only watched runs without a policy, too."""
        try:
            return self._find()
        except Exception:  # noqa: BLE001 - whatever is wrong with the policy
            log_undecided(self._func)
            return None
