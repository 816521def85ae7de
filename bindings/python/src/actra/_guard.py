"""Guards: what `admit` and `audit` put before a function."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import AsyncGenerator, Callable
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ._log import log
from ._overrides import Capture, is_plain
from ._resolver import is_async, is_async_generator
from ._schema import Schema, schema_of
from ._signature import Parameters, Pick
from .errors import ActraApprovalRequired, ActraPolicyError, ActraWarning
from .types import Action, ActionBuilder, Context, Decision, EvaluationContext

if TYPE_CHECKING:
    from .policy import Policy
    from .runtime import ActraRuntime

Mode = Literal["admit", "audit"]
Check = Callable[[tuple[Any, ...], dict[str, Any]], Any]

_MISSING = object()

# Where a guarded function keeps its guard's settings, for `explain_call`.
SETTINGS = "__actra_guard__"


class Settings(NamedTuple):
    """What a decorator was given."""

    action_type: str | None
    fields: tuple[str, ...]
    action_builder: ActionBuilder | None


class _Known:
    """What a runtime's policy and settings make of a function's arguments, until they change."""

    __slots__ = (
        "builds_itself",
        "names",
        "names_itself",
        "pick_straight",
        "policy",
        "schema",
        "state",
    )

    def __init__(self, runtime: ActraRuntime, settings: Settings) -> None:
        # Before all else: what changes meanwhile is found in the next call.
        self.state = runtime._state
        # What decides calls whose arguments were chosen by its schema.
        self.policy = runtime.policy
        self.schema: Schema | None = schema_of(self.policy)
        # A runtime that builds actions otherwise is asked to.
        self.builds_itself = (
            is_plain(runtime.build_action)
            and settings.action_builder is None
            and runtime._action_resolver is None
        )
        self.names_itself = settings.action_type is None or not is_plain(
            runtime.resolve_action_type
        )
        # By action: the arguments that make it; None: all of them.
        self.names: dict[str, tuple[str, ...] | None] = {}
        # Unless resolvers say otherwise: from a call to its action in one step.
        self.pick_straight: Pick | None = None


class Guard:
    """Makes decisions of the calls of one function. What a call does not change was worked out
    before it."""

    __slots__ = ("_action_type", "_bind", "_known", "_parameters", "func", "runtime", "settings_")

    def __init__(self, runtime: ActraRuntime, func: Callable[..., Any], settings: Settings) -> None:
        self.runtime = runtime
        self.func = func
        self.settings_ = settings
        self._action_type = settings.action_type
        self._parameters = Parameters(func)
        self._bind = self._parameters.bind
        self._known = self._learn()

    def _learn(self) -> _Known:
        runtime, name = self.runtime, self._action_type
        known = _Known(runtime, self.settings_)
        finds_ctx = runtime._context_resolver is None and is_plain(runtime.resolve_context)
        if known.builds_itself and not known.names_itself and name is not None and finds_ctx:
            names = self._choose(known, name)
            if names is not None:
                known.pick_straight = self._parameters.picker(name, names)
        self._known = known
        return known

    @staticmethod
    def settings(
        action_type: str | None, fields: tuple[str, ...], action_builder: ActionBuilder | None
    ) -> Settings:
        """What a decorator was given. An enum's member that is text is that text: enums are values
        that have to be looked at more closely in each call."""
        if isinstance(action_type, str):
            action_type = str.__str__(action_type)
        # An empty one is none, as ever.
        return Settings(action_type or None, fields, action_builder)

    def takes_ctx(self, args: tuple[Any, ...]) -> bool:
        """Whether the function takes an argument `ctx` by name, after those by position."""
        return self._parameters.takes_keyword("ctx", len(args))

    # --- from a call to a decision ---

    def read(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[str, Action, Context, Policy]:
        """The action's name, the action and the context of a call, and the policy that it is read
        for."""
        runtime, known = self.runtime, self._known
        if known.state is not runtime._state:
            known = self._learn()
        if known.pick_straight is not None:
            picked = known.pick_straight(*args, **kwargs)
            if picked is not None:
                action, ctx = picked
                return self._action_type, action, ctx, known.policy  # type: ignore[return-value]
        bound = self._bind(*args, **kwargs)
        ctx = runtime.resolve_context(args, bound)
        name = self._action_type
        if known.names_itself or name is None:
            name = runtime.resolve_action_type(self.func, args, bound, name)
        if known.builds_itself:
            return name, self._pick(known, name, bound), ctx, known.policy
        _, fields, builder = self.settings_
        build = functools.partial(
            runtime.build_action,
            name,
            (),
            bound,
            ctx,
            func=self.func,
            fields=fields,
            action_builder=builder,
        )
        settled = runtime._settled(known.policy)
        if settled is None:
            return name, build(), ctx, known.policy
        with Capture(runtime, settled):
            return name, build(), ctx, known.policy

    def _pick(self, known: _Known, name: str, bound: dict[str, Any]) -> Action:
        """What `build_action` makes of arguments by name."""
        try:
            names = known.names[name]
        except (KeyError, TypeError):
            names = self._choose(known, name)
        action: Action = {"type": name}
        if names is not None:
            for field in names:
                value = bound.get(field, _MISSING)
                if value is not _MISSING:
                    action[field] = value
            return action
        is_receiver = self._parameters.is_receiver
        for field, value in bound.items():
            if field != "type" and not is_receiver(field):
                action[field] = value
        return action

    def _choose(self, known: _Known, name: str) -> tuple[str, ...] | None:
        """Which arguments make an action, remembered for names that the schema knows: there are as
        many of these as there are."""
        declared = known.schema.fields_of(name) if known.schema is not None else None
        names: tuple[str, ...] | None = None
        if self.settings_.fields:
            names = tuple(field for field in self.settings_.fields if field != "type")
        elif declared:
            # `**kwargs` may bring any of them.
            takes_any = self._parameters.takes_any_keyword
            names = tuple(sorted(declared if takes_any else declared & self._parameters.names))
        if declared is not None or name == self.settings_.action_type:
            known.names[name] = names
        return names

    def _tell_unread(self, error: Exception) -> None:
        """There is not even an action that could be told of."""
        name = self._action_type
        self.runtime._tell_error(error, {"action": {} if name is None else {"type": name}})

    def decide(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[str, Decision, EvaluationContext]:
        """Decides a call."""
        runtime, known = self.runtime, self._known
        if runtime._decision_observer is None:
            # Nobody is to be told of what goes wrong.
            if known.pick_straight is not None and known.state is runtime._state:
                # What `read` would come to.
                picked = known.pick_straight(*args, **kwargs)
                if picked is not None:
                    action, ctx = picked
                    decision, context = runtime._decide(action, ctx, known.policy)
                    return self._action_type, decision, context  # type: ignore[return-value]
            name, action, ctx, policy = self.read(args, kwargs)
        else:
            try:
                name, action, ctx, policy = self.read(args, kwargs)
            except Exception as error:
                self._tell_unread(error)
                raise
        decision, context = runtime._decide(action, ctx, policy)
        return name, decision, context

    async def decide_async(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[str, Decision, EvaluationContext]:
        """Decides a call, with resolvers that may be async."""
        runtime = self.runtime
        try:
            name, action, ctx, policy = self.read(args, kwargs)
        except Exception as error:
            self._tell_unread(error)
            raise
        decision, context = await runtime._decide_async(action, ctx, policy)
        return name, decision, context

    # --- what comes of it ---

    def admit(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raises unless the call is allowed."""
        name, decision, context = self.decide(args, kwargs)
        # As `effect_of`, without its call.
        is_ours = type(decision) is Decision
        effect = _get(decision, "effect") if is_ours else decision.get("effect")
        if effect != "allow":
            raise refusal(name, decision, context)

    async def admit_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raises unless the call is allowed."""
        name, decision, context = await self.decide_async(args, kwargs)
        if effect_of(decision) != "allow":
            raise refusal(name, decision, context)

    def has_async_resolver(self) -> bool:
        """Whether deciding may have to wait."""
        return self.runtime._has_async_resolver()

    def audit(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Decides, and raises nothing: the function runs in any case."""
        try:
            self.decide(args, kwargs)
        except Exception:  # noqa: BLE001 - whatever goes wrong while deciding
            log_undecided(self.func)

    async def audit_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Decides, and raises nothing: the function runs in any case."""
        try:
            await self.decide_async(args, kwargs)
        except Exception:  # noqa: BLE001 - whatever goes wrong while deciding
            log_undecided(self.func)

    # --- a guard that sees nothing ---

    def warn(self) -> None:
        """Warns where no argument can make a difference."""
        runtime, schema = self.runtime, self._known.schema
        action_type, fields, _ = self.settings_
        is_named = action_type is not None or runtime._action_type_resolver is None
        if schema is None or not is_named or not self._known.builds_itself:
            return
        name = action_type or getattr(self.func, "__name__", None)
        declared = schema.fields_of(name)
        what = getattr(self.func, "__qualname__", repr(self.func))
        if declared is None:
            message = f"the schema has no action `{name}`, as which `{what}` is guarded"
        elif not declared or self._sees(declared, fields):
            return
        else:
            message = (
                f"the guard of `{what}` sees nothing: none of its arguments is a field of the "
                f"action `{name}`, which has {_listed(declared)}"
            )
        warnings.warn(message, ActraWarning, stacklevel=_level_of_caller())

    def _sees(self, declared: frozenset[str], fields: tuple[str, ...]) -> bool:
        if self._parameters.takes_any_keyword:
            return not fields or bool(declared.intersection(fields))
        seen = self._parameters.names.intersection(fields) if fields else self._parameters.names
        return bool(declared & seen)


_get = dict.get


def effect_of(decision: Decision) -> str | None:
    """What a decision comes to. Attributes of decisions take longer to find than their items."""
    return _get(decision, "effect") if type(decision) is Decision else decision.get("effect")


def refusal(action_type: str, decision: Decision, context: EvaluationContext) -> ActraPolicyError:
    """A decision that does not allow, to be raised."""
    is_approval = effect_of(decision) == "require_approval"
    kind = ActraApprovalRequired if is_approval else ActraPolicyError
    return kind(action_type, decision, context)


def log_undecided(func: Any) -> None:
    """Logs why a call that is only watched was not decided."""
    name = getattr(func, "__qualname__", repr(func))
    log("a call of %s could not be decided; it runs all the same", name)


def _level_of_caller() -> int:
    """How many frames of this package's lie above the caller's, for warnings that point there."""
    package = os.path.dirname(__file__)
    level, frame = 0, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
        level, frame = level + 1, frame.f_back
    return level + 1


def _listed(names: frozenset[str]) -> str:
    most = 8
    shown = [f"`{name}`" for name in sorted(names)[:most]]
    return ", ".join(shown) + (", ..." if len(names) > most else "")


def settings_of(
    runtime: ActraRuntime, func: Callable[..., Any], args: tuple[Any, ...], action_type: str | None
) -> tuple[Guard, tuple[Any, ...]]:
    """The guard that a call of a function meets, or would meet if it was guarded, and the call's
    arguments: of a method, the object that it belongs to is the first."""
    if isinstance(func, MethodType):
        args = (func.__self__, *args)
        func = func.__func__
    found: tuple[Callable[..., Any], Settings] | None = getattr(func, SETTINGS, None)
    settings = Settings(None, (), None)
    if found is not None:
        func, settings = found
    if action_type:
        settings = settings._replace(action_type=action_type)
    return Guard(runtime, func, settings), args


def guarded(runtime: ActraRuntime, mode: Mode, func: Any, settings: Settings) -> Any:
    """The function with a guard before it."""
    if isinstance(func, classmethod | staticmethod):
        return type(func)(guarded(runtime, mode, func.__func__, settings))
    if not callable(func):
        raise TypeError(f"`{mode}` guards functions, not a {type(func).__name__}")
    guard = Guard(runtime, func, settings)
    guard.warn()
    return wrap(mode, func, settings, guard)


def wrap(mode: Mode, func: Any, settings: Settings, guard: Any) -> Any:
    """The function behind a guard, or behind what stands in for one."""
    check = getattr(guard, mode)
    check_async = getattr(guard, f"{mode}_async")
    if is_async(func):
        wrapper = _wrap_async(func, check_async)
    elif is_async_generator(func):
        wrapper = _wrap_async_generator(func, guard.has_async_resolver, check, check_async)
    else:
        wrapper = _wrap_sync(func, check)
    functools.update_wrapper(wrapper, func)
    setattr(wrapper, SETTINGS, (func, settings))
    return wrapper


def _wrap_sync(func: Any, check: Check) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        check(args, kwargs)
        return func(*args, **kwargs)

    return wrapper


def _wrap_async(func: Any, check: Check) -> Any:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        await check(args, kwargs)
        return await func(*args, **kwargs)

    return wrapper


def _wrap_async_generator(
    func: Any, has_async_resolver: Callable[[], bool], check: Check, check_async: Check
) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not has_async_resolver():
            check(args, kwargs)
            return func(*args, **kwargs)
        # There is nothing to wait with yet: the first item is what waits.
        return _Deferred(lambda: check_async(args, kwargs), lambda: func(*args, **kwargs))

    return wrapper


class _Deferred(AsyncGenerator[Any, Any]):
    """An async generator that is decided before its first item."""

    def __init__(self, check: Callable[[], Any], begin: Callable[[], Any]) -> None:
        self._check = check
        self._begin = begin
        self._generator: Any = None
        self._is_over = False

    async def _begun(self) -> Any:
        if self._generator is None:
            if self._is_over:
                raise StopAsyncIteration
            # One that was refused, or closed, does not begin any more.
            self._is_over = True
            await self._check()
            self._generator = self._begin()
        return self._generator

    async def asend(self, value: Any) -> Any:
        return await (await self._begun()).asend(value)

    async def athrow(self, *error: Any) -> Any:
        if self._generator is None:
            self._is_over = True
            raise error[0] if len(error) == 1 else error[1] or error[0]()
        return await self._generator.athrow(*error)

    async def aclose(self) -> None:
        self._is_over = True
        if self._generator is not None:
            await self._generator.aclose()
