"""The runtime: resolves who asks and what is so, asks the policy, and guards functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from ._guard import Guard, guarded, settings_of
from ._log import log
from ._resolver import Resolver, is_async
from ._schema import Schema
from ._signature import Parameters
from .policy import Policy
from .types import (
    Action,
    ActionBuilder,
    ActionResolver,
    ActionTypeResolver,
    Actor,
    ActorResolver,
    Context,
    ContextResolver,
    Decision,
    DecisionObserver,
    EvaluationContext,
    Snapshot,
    SnapshotResolver,
)

if TYPE_CHECKING:
    from .events import DecisionEvent

__all__ = ["ActraRuntime"]

F = TypeVar("F", bound=Callable[..., Any])


class ActraRuntime:
    """Asks a policy on behalf of an application.

    Set the resolvers first, then decorate: `admit` and `audit` look at them when they can tell that
    a guard would see nothing. Any number of threads and tasks may use a runtime.
    """

    def __init__(self, policy: Policy) -> None:
        """A runtime for a policy."""
        self.policy = policy
        schema = getattr(policy, "_schema", None)
        self._schema = schema if isinstance(schema, Schema) else None
        self._actor_resolver: Resolver | None = None
        self._snapshot_resolver: Resolver | None = None
        self._context_resolver: ContextResolver | None = None
        self._action_type_resolver: ActionTypeResolver | None = None
        self._action_resolver: ActionResolver | None = None
        self._decision_observer: DecisionObserver | None = None

    # --- resolvers and the observer ---

    def set_actor_resolver(self, fn: ActorResolver | None) -> None:
        """Sets what tells who asks.

        Args:
            fn: `fn(ctx)` gives the actor; `fn(ctx, action)`, with a second parameter that has no
                default or is called `action`, gets the action, too. It may be async where the
                guarded function is. None takes it away.
        """
        self._actor_resolver = None if fn is None else Resolver("actor", fn)

    def set_snapshot_resolver(self, fn: SnapshotResolver | None) -> None:
        """Sets what tells the state of the world: as `set_actor_resolver`."""
        self._snapshot_resolver = None if fn is None else Resolver("snapshot", fn)

    def set_context_resolver(self, fn: ContextResolver | None) -> None:
        """Sets what finds the context among a call's arguments.

        Args:
            fn: `fn(args, kwargs)`, with `args` as the call has them and all arguments by name in
                `kwargs`. Without one, the context is the argument `ctx`.
        """
        self._context_resolver = fn

    def set_action_type_resolver(self, fn: ActionTypeResolver | None) -> None:
        """Sets what names the action of a call that no decorator names: `fn(func, args, kwargs)`,
        with arguments as of `set_context_resolver`."""
        self._action_type_resolver = fn

    def set_action_resolver(self, fn: ActionResolver | None) -> None:
        """Sets what builds the action: `fn(action_type, args, kwargs, ctx)`. Where a function is
        guarded `args` is empty, and `kwargs` has every argument, with defaults."""
        self._action_resolver = fn

    def set_decision_observer(self, fn: DecisionObserver | None) -> None:
        """Sets what is told of every decision of this runtime: `fn(event)`.

        It hears of `evaluate`, the helpers, `admit` and `audit`, not of `explain`. If it raises,
        that is logged, and changes nothing.
        """
        if fn is not None and is_async(fn):
            raise TypeError("a decision observer is called, and not awaited: it cannot be async")
        self._decision_observer = fn

    def has_decision_observer(self) -> bool:
        """Whether there is one."""
        return self._decision_observer is not None

    def _has_async_resolver(self) -> bool:
        resolvers = (self._actor_resolver, self._snapshot_resolver)
        return any(resolver is not None and resolver.is_async for resolver in resolvers)

    # --- the steps ---

    def resolve_actor(self, ctx: Context, action: Action | None = None) -> Actor:
        """The actor; empty without a resolver."""
        resolver = self._actor_resolver
        actor: Actor = {} if resolver is None else resolver.call(ctx, action)
        return actor

    def resolve_snapshot(self, ctx: Context, action: Action | None = None) -> Snapshot:
        """The snapshot; empty without a resolver."""
        resolver = self._snapshot_resolver
        snapshot: Snapshot = {} if resolver is None else resolver.call(ctx, action)
        return snapshot

    def resolve_context(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Context:
        """The context of a call: what the resolver finds, else the argument `ctx`, else None."""
        if self._context_resolver is not None:
            return self._context_resolver(args, kwargs)
        return kwargs.get("ctx")

    def resolve_action_type(
        self,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        action_type: str | None,
    ) -> str:
        """The action's name: as given, else as the resolver says, else the function's name."""
        if action_type:
            return action_type
        if self._action_type_resolver is not None:
            return self._action_type_resolver(func, args, kwargs)
        name: str | None = getattr(func, "__name__", None)
        if name is None:
            raise TypeError(f"{func!r} has no name: say which action it is with `action_type`")
        return name

    def action(self, /, action_type: str, **fields: Any) -> Action:
        """`{"type": action_type, **fields}`; a field called `type` does not rename the action."""
        return (
            {**fields, "type": action_type} if "type" in fields else {"type": action_type, **fields}
        )

    def build_action(
        self,
        action_type: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        ctx: Context,
        func: Callable[..., Any] | None = None,
        fields: Iterable[str] | None = None,
        action_builder: ActionBuilder | None = None,
    ) -> Action:
        """The action of a call.

        The first of these makes it: `action_builder(action_type, args, kwargs, ctx)`; the action
        resolver; the named `fields`, unless they are empty; the parameters of `func` that the
        schema declares for the action, or all of them if it declares none; all of `kwargs`.
        """
        builder = action_builder or self._action_resolver
        if builder is not None:
            return builder(action_type, args, kwargs, ctx)
        parameters = Parameters(func) if func is not None else None
        if parameters is None:
            arguments = kwargs
        elif args:
            arguments = parameters.bind(*args, **kwargs)
        else:
            arguments = parameters.complete(kwargs)
        chosen = tuple(fields or ())
        if chosen:
            picked = {name: arguments[name] for name in chosen if name in arguments}
        elif parameters is None:
            picked = dict(arguments)
        else:
            picked = self._pick(action_type, arguments, parameters)
        picked.pop("type", None)
        return {"type": action_type, **picked}

    def _pick(
        self, action_type: str, arguments: dict[str, Any], parameters: Parameters
    ) -> dict[str, Any]:
        declared = self._schema.fields_of(action_type) if self._schema is not None else None
        if declared:
            return {name: value for name, value in arguments.items() if name in declared}
        return {
            name: value for name, value in arguments.items() if not parameters.is_receiver(name)
        }

    def build_context(self, action: Action, ctx: Context = None) -> EvaluationContext:
        """The three domains: the action, and what the resolvers say."""
        return {
            "action": action,
            "actor": self.resolve_actor(ctx, action),
            "snapshot": self.resolve_snapshot(ctx, action),
        }

    async def build_context_async(self, action: Action, ctx: Context = None) -> EvaluationContext:
        """As `build_context`, with resolvers that may be async."""
        actor, snapshot = self._actor_resolver, self._snapshot_resolver
        return {
            "action": action,
            "actor": {} if actor is None else await actor.call_async(ctx, action),
            "snapshot": {} if snapshot is None else await snapshot.call_async(ctx, action),
        }

    # --- deciding ---

    def evaluate(self, action: Action, ctx: Context = None) -> Decision:
        """Decides an action.

        Raises:
            ActraInputError: It cannot be decided: block.
        """
        return self._evaluate_context(self._observed_context(action, ctx))

    async def evaluate_async(self, action: Action, ctx: Context = None) -> Decision:
        """As `evaluate`, with resolvers that may be async."""
        return self._evaluate_context(await self._observed_context_async(action, ctx))

    def _observed_context(self, action: Action, ctx: Context) -> EvaluationContext:
        try:
            return self.build_context(action, ctx)
        except Exception as error:
            self._tell_error(error, {"action": action})
            raise

    async def _observed_context_async(self, action: Action, ctx: Context) -> EvaluationContext:
        try:
            return await self.build_context_async(action, ctx)
        except Exception as error:
            self._tell_error(error, {"action": action})
            raise

    def _evaluate_context(self, context: EvaluationContext) -> Decision:
        if self._decision_observer is None:
            return self.policy.evaluate(context)
        start = time.perf_counter()
        try:
            decision = self.policy.evaluate(context)
        except Exception as error:
            self._tell_error(error, context, start)
            raise
        self._tell(context, decision, None, start)
        return decision

    def _tell_error(
        self, error: Exception, context: EvaluationContext, start: float | None = None
    ) -> None:
        self._tell(context, None, error, start)

    def _tell(
        self,
        context: EvaluationContext,
        decision: Decision | None,
        error: Exception | None,
        start: float | None,
    ) -> None:
        observer = self._decision_observer
        if observer is None:
            return
        duration = 0.0 if start is None else (time.perf_counter() - start) * 1000
        try:
            observer(_event(context, decision, error, duration))
        except Exception:  # noqa: BLE001 - whatever the observer's code does
            log("a decision observer raised an exception")

    def allow(self, /, action_type: str, ctx: Context = None, **fields: Any) -> bool:
        """Whether the action is allowed. An error is raised, and no answer."""
        return self.evaluate(self.action(action_type, **fields), ctx).get("effect") == "allow"

    def block(self, /, action_type: str, ctx: Context = None, **fields: Any) -> bool:
        """Whether the action is blocked. An error is raised, and no answer."""
        return self.evaluate(self.action(action_type, **fields), ctx).get("effect") == "block"

    def requires_approval(self, /, action_type: str, ctx: Context = None, **fields: Any) -> bool:
        """Whether the action waits for an approval. An error is raised, and no answer."""
        decision = self.evaluate(self.action(action_type, **fields), ctx)
        return decision.get("effect") == "require_approval"

    # --- telling why ---

    @overload
    def explain(
        self, action: Action, ctx: Context = None, *, render: Literal[True] = True
    ) -> Decision: ...
    @overload
    def explain(
        self, action: Action, ctx: Context = None, *, render: Literal[False]
    ) -> dict[str, Any]: ...
    def explain(
        self, action: Action, ctx: Context = None, *, render: bool = True
    ) -> Decision | dict[str, Any]:
        """Decides an action, and tells why, as `Policy.explain` does. No observer hears of it."""
        return self.policy.explain(self.build_context(action, ctx), render=render)

    def explain_call(
        self,
        func: Callable[..., Any],
        /,
        *args: Any,
        action_type: str | None = None,
        ctx: Context = None,
        **kwargs: Any,
    ) -> Decision:
        """Tells what `admit` would make of a call, and why. The function does not run.

        Of a function that is guarded already, the guard's settings count.

        Args:
            func: The function, guarded or not.
            args: As the function would get them.
            action_type: The action's name, if it is not the guard's or the function's.
            ctx: The context, for resolvers; the function's argument `ctx`, if it has one.
            kwargs: As the function would get them.
        """
        guard, args = settings_of(self, func, args, action_type)
        if ctx is not None and guard.takes_ctx():
            kwargs["ctx"] = ctx
        _, action, found = guard.read(args, kwargs)
        is_given = ctx is not None and not guard.takes_ctx()
        return self.explain(action, ctx if is_given else found)

    # --- guarding ---

    @overload
    def admit(self, action_type: F, /) -> F: ...
    @overload
    def admit(
        self,
        action_type: str | None = None,
        fields: Iterable[str] | None = None,
        action_builder: ActionBuilder | None = None,
    ) -> Callable[[F], F]: ...
    def admit(
        self,
        action_type: Any = None,
        fields: Iterable[str] | None = None,
        action_builder: ActionBuilder | None = None,
    ) -> Any:
        """Decorates a function so that it runs only where the policy allows.

        Otherwise `ActraPolicyError` is raised, or `ActraApprovalRequired`, a kind of it; an error
        on the way blocks by being raised as it is. Takes functions, async functions, generators,
        and methods of all kinds; generators are decided when they are called.

        Args:
            action_type: The action's name. Without it, the action type resolver says, and last the
                function's name.
            fields: The arguments that make the action. Without them, see `build_action`.
            action_builder: `action_builder(action_type, args, kwargs, ctx)` makes the action, with
                `args` empty and every argument in `kwargs`.
        """
        return self._decorator("admit", action_type, fields, action_builder)

    @overload
    def audit(self, action_type: F, /) -> F: ...
    @overload
    def audit(
        self,
        action_type: str | None = None,
        fields: Iterable[str] | None = None,
        action_builder: ActionBuilder | None = None,
    ) -> Callable[[F], F]: ...
    def audit(
        self,
        action_type: Any = None,
        fields: Iterable[str] | None = None,
        action_builder: ActionBuilder | None = None,
    ) -> Any:
        """Decorates a function so that the policy is asked, and the function runs whatever it says:
        once, in every case. The observer hears of the decision. Arguments as of `admit`."""
        return self._decorator("audit", action_type, fields, action_builder)

    def _decorator(
        self,
        mode: Literal["admit", "audit"],
        action_type: Any,
        fields: Iterable[str] | None,
        action_builder: ActionBuilder | None,
    ) -> Any:
        if isinstance(fields, str):
            raise TypeError("`fields` is a list of names, not one name")
        chosen = tuple(fields or ())

        def decorate(func: Any) -> Any:
            return guarded(self, mode, func, Guard.settings(name, chosen, action_builder))

        name = action_type
        if callable(action_type):
            # `@runtime.admit`, without parentheses.
            name = None
            return decorate(action_type)
        return decorate


_MAX_DEPTH = 32


def _event(
    context: EvaluationContext, decision: Decision | None, error: Exception | None, duration: float
) -> DecisionEvent:
    """An event with copies of its own: what the observer changes is seen by nobody else."""
    from .events import DecisionEvent

    own = _own(context, 0)
    action = own.get("action")
    return DecisionEvent(
        action=action if isinstance(action, dict) else {},
        decision=None if decision is None else Decision(_own(dict(decision), 0)),
        context=own,
        duration_ms=duration,
        error=error,
    )


def _own(value: Any, depth: int) -> Any:
    """A copy of dicts and lists, and of those in them; other values are what they are."""
    if depth < _MAX_DEPTH:
        if type(value) is dict:
            return {key: _own(member, depth + 1) for key, member in list(value.items())}
        if type(value) is list:
            return [_own(item, depth + 1) for item in value]
    return value
