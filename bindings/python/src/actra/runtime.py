"""The runtime: resolves who asks and what is so, asks the policy, and guards functions."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from ._guard import Guard, guarded, settings_of
from ._log import log
from ._overrides import CAPTURE, PLAIN_STEPS, STEPS, Capture, call_step, is_plain
from ._resolver import Resolver, is_async
from ._schema import schema_of
from ._signature import Parameters
from ._values import pairs_of
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
    from .store import PolicyStore

__all__ = ["ActraRuntime"]

F = TypeVar("F", bound=Callable[..., Any])


class ActraRuntime:
    """Asks a policy on behalf of an application.

    Set the resolvers first, then decorate: `admit` and `audit` look at them when they can tell that
    a guard would see nothing. Any number of threads and tasks may use a runtime.

    Classes of one's own may override `evaluate`, `build_action`, `build_context` and the `resolve_`
    methods: guards and integrations call what they define.

    Attributes:
        policy: What decides. Where it is set to another one, calls from then on are decided by
            that, with the fields that its schema declares. Of a runtime for a store it is the
            policy in force; setting it leaves the store.
    """

    # Whether one object's own methods stand before those of its class, as tests put them there.
    _is_shadowed = False
    policy: Policy
    # Where the policy comes from, if it is replaced from there.
    _store: PolicyStore | None = None
    # Another one whenever something changes that guards have worked out ahead of calls.
    _state: object = None

    if not TYPE_CHECKING:  # or any attribute could be set, as far as type checkers can tell

        def __setattr__(self, name: str, value: object) -> None:
            if name == "policy" and self._store is not None:
                self._store._leave(self)
                object.__setattr__(self, "_store", None)
            object.__setattr__(self, name, value)
            self._renew(name)

        def __delattr__(self, name: str) -> None:
            object.__delattr__(self, name)
            self._renew(name)

    def _renew(self, name: str) -> None:
        if name in STEPS:
            object.__setattr__(self, "_is_shadowed", not STEPS.isdisjoint(self.__dict__))
        if name in STEPS or name in _SETTINGS:
            object.__setattr__(self, "_state", object())

    def _follow(self, store: PolicyStore, policy: Policy) -> None:
        """Decides calls from now on by a store's policy."""
        object.__setattr__(self, "_store", store)
        object.__setattr__(self, "policy", policy)
        object.__setattr__(self, "_state", object())

    def _settled(self, policy: Policy) -> Policy | None:
        """The policy that decides a call that has begun, if another one may come into force
        meanwhile."""
        return None if self._store is None else policy

    def __init__(self, policy: Policy | PolicyStore) -> None:
        """A runtime for a policy, or for a store: then each call is decided by the policy that is
        in force when it begins."""
        # Whatever else stands in for a policy has no such method.
        if hasattr(type(policy), "_join"):
            cast("PolicyStore", policy)._join(self)
        else:
            self.policy = cast("Policy", policy)
        # Here as well: what an object has itself is found faster.
        self._is_shadowed = False
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
        schema = schema_of(self._deciding())
        declared = schema.fields_of(action_type) if schema is not None else None
        if declared:
            return {name: value for name, value in arguments.items() if name in declared}
        return {
            name: value for name, value in arguments.items() if not parameters.is_receiver(name)
        }

    def _deciding(self) -> Policy:
        """The policy of the call that is under way, if there is one, else the one in force."""
        capture = CAPTURE.get()
        if capture is not None and capture.runtime is self and capture.policy is not None:
            return capture.policy
        return self.policy

    def build_context(self, action: Action, ctx: Context = None) -> EvaluationContext:
        """The three domains: the action, and what the resolvers say."""
        kind = type(self)
        if (
            kind.resolve_actor is _RESOLVE_ACTOR
            and kind.resolve_snapshot is _RESOLVE_SNAPSHOT
            and not self._is_shadowed
        ):
            # What these two would come to.
            return {
                "action": action,
                "actor": _domain(self._actor_resolver, ctx, action),
                "snapshot": _domain(self._snapshot_resolver, ctx, action),
            }
        return {
            "action": action,
            "actor": call_step(self.resolve_actor, ctx, action),
            "snapshot": call_step(self.resolve_snapshot, ctx, action),
        }

    async def build_context_async(self, action: Action, ctx: Context = None) -> EvaluationContext:
        """As `build_context`, with resolvers that may be async."""
        return {
            "action": action,
            "actor": await self._domain_async("actor", ctx, action),
            "snapshot": await self._domain_async("snapshot", ctx, action),
        }

    async def _domain_async(
        self, domain: Literal["actor", "snapshot"], ctx: Context, action: Action
    ) -> Any:
        is_actor = domain == "actor"
        step = self.resolve_actor if is_actor else self.resolve_snapshot
        resolver = self._actor_resolver if is_actor else self._snapshot_resolver
        if is_plain(step):
            return {} if resolver is None else await resolver.call_async(ctx, action)
        given: Any = call_step(step, ctx, action)
        return await given if isinstance(given, Awaitable) else given

    # --- deciding ---

    def evaluate(self, action: Action, ctx: Context = None) -> Decision:
        """Decides an action.

        Raises:
            ActraInputError: It cannot be decided: block.
        """
        context = self._observed_context(action, ctx)
        capture = CAPTURE.get()
        if capture is None:
            return self._evaluate_context(context, self.policy)
        capture.hear(self, context)
        return self._evaluate_context(context, self._deciding())

    async def evaluate_async(self, action: Action, ctx: Context = None) -> Decision:
        """As `evaluate`, with resolvers that may be async."""
        context = await self._observed_context_async(action, ctx)
        capture = CAPTURE.get()
        if capture is None:
            return self._evaluate_context(context, self.policy)
        capture.hear(self, context)
        return self._evaluate_context(context, self._deciding())

    def _decide(
        self, action: Action, ctx: Context, policy: Policy | None = None
    ) -> tuple[Decision, EvaluationContext]:
        """What `evaluate` answers, and what it was asked: for all that enforces decisions. Where an
        action was made for a policy, that decides."""
        if policy is None or self._store is None:
            policy = self.policy
        if type(self).evaluate is _EVALUATE and not self._is_shadowed:
            if self._decision_observer is None:
                # Nobody is to be told of what goes wrong.
                context = self.build_context(action, ctx)
                return policy.evaluate(context), context
            context = self._observed_context(action, ctx, policy)
            return self._evaluate_context(context, policy), context
        seen = Capture(self, self._settled(policy))
        with seen:
            decision = self.evaluate(action, ctx)
        if seen.context is not None or decision.get("effect") == "allow":
            return decision, seen.context or {"action": action}
        # It did not say, and a refusal tells of it.
        return decision, self.build_context(action, ctx)

    async def _decide_async(
        self, action: Action, ctx: Context, policy: Policy | None = None
    ) -> tuple[Decision, EvaluationContext]:
        """As `_decide`, of `evaluate_async`; a class that overrides `evaluate` alone means that to
        hold for all calls."""
        is_waiting = is_plain(self.evaluate) or not is_plain(self.evaluate_async)
        seen = Capture(self, self._settled(self.policy if policy is None else policy))
        with seen:
            if is_waiting:
                decision = await self.evaluate_async(action, ctx)
            else:
                decision = self.evaluate(action, ctx)
        if seen.context is not None or decision.get("effect") == "allow":
            return decision, seen.context or {"action": action}
        return decision, await self._context_async(action, ctx)

    async def _context_async(self, action: Action, ctx: Context) -> EvaluationContext:
        if is_plain(self.build_context) or not is_plain(self.build_context_async):
            return await self.build_context_async(action, ctx)
        return self.build_context(action, ctx)

    def _observed_context(
        self, action: Action, ctx: Context, policy: Policy | None = None
    ) -> EvaluationContext:
        try:
            return self.build_context(action, ctx)
        except Exception as error:
            self._tell_error(error, {"action": action}, policy=policy)
            raise

    async def _observed_context_async(self, action: Action, ctx: Context) -> EvaluationContext:
        try:
            return await self._context_async(action, ctx)
        except Exception as error:
            self._tell_error(error, {"action": action})
            raise

    def _evaluate_context(self, context: EvaluationContext, policy: Policy) -> Decision:
        if self._decision_observer is None:
            return policy.evaluate(context)
        start = time.perf_counter()
        try:
            decision = policy.evaluate(context)
        except Exception as error:
            self._tell_error(error, context, start, policy)
            raise
        self._tell(context, decision, None, start, policy)
        return decision

    def _tell_error(
        self,
        error: Exception,
        context: EvaluationContext,
        start: float | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._tell(context, None, error, start, policy)

    def _tell(
        self,
        context: EvaluationContext,
        decision: Decision | None,
        error: Exception | None,
        start: float | None,
        policy: Policy | None,
    ) -> None:
        observer = self._decision_observer
        if observer is None:
            return
        duration = 0.0 if start is None else (time.perf_counter() - start) * 1000
        try:
            known = _identity(self._deciding() if policy is None else policy)
            observer(_event(context, decision, error, duration, known))
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
        context = self.build_context(action, ctx)
        # What stands in for a policy may know nothing of `render`.
        return (
            self.policy.explain(context) if render else self.policy.explain(context, render=False)
        )

    def explain_call(
        self,
        func: Callable[..., Any],
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
        is_argument = ctx is not None and guard.takes_ctx(args)
        if is_argument:
            kwargs["ctx"] = ctx
        _, action, found, _ = guard.read(args, kwargs)
        return self.explain(action, found if ctx is None or is_argument else ctx)

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


_EVALUATE = ActraRuntime.evaluate
_RESOLVE_ACTOR = ActraRuntime.resolve_actor
_RESOLVE_SNAPSHOT = ActraRuntime.resolve_snapshot
PLAIN_STEPS.update((name, ActraRuntime.__dict__[name]) for name in STEPS)
_SETTINGS = frozenset({"policy", "_context_resolver", "_action_type_resolver", "_action_resolver"})

_MAX_DEPTH = 32


def _domain(resolver: Resolver | None, ctx: Context, action: Action) -> Any:
    if resolver is None:
        return {}
    if resolver.of_ctx is None:
        return resolver.call(ctx, action)
    given = resolver.of_ctx(ctx)
    return given if type(given) is dict else resolver.settled(given)


def _event(
    context: EvaluationContext,
    decision: Decision | None,
    error: Exception | None,
    duration: float,
    identity: tuple[str | None, int],
) -> DecisionEvent:
    """An event with copies of its own: what the observer changes is seen by nobody else."""
    from .events import DecisionEvent

    own = {name: _own(_as_dict(domain), 1) for name, domain in context.items()}
    action = own.get("action")
    return DecisionEvent(
        action=action if isinstance(action, dict) else {},
        decision=None if decision is None else Decision(_own(dict(decision), 0)),
        context=own,
        duration_ms=duration,
        error=error,
        policy_hash=identity[0],
        revision=identity[1],
    )


def _as_dict(domain: Any) -> Any:
    """Dataclasses, models and other mappings as the dict that the policy takes them for."""
    if type(domain) is dict:
        return domain
    try:
        pairs = pairs_of(domain)
    except Exception:  # noqa: BLE001 - whatever reading an object does: it is told as it is
        return domain
    return domain if pairs is None else dict(pairs)


def _own(value: Any, depth: int) -> Any:
    """A copy of dicts and lists, and of those in them; other values are what they are."""
    if depth < _MAX_DEPTH:
        if type(value) is dict:
            return {key: _own(member, depth + 1) for key, member in list(value.items())}
        if type(value) is list:
            return [_own(item, depth + 1) for item in value]
    return value


def _identity(policy: object) -> tuple[str | None, int]:
    """Its hash and revision, where what stands in for a policy has them."""
    if not isinstance(policy, Policy):
        return None, 0
    return policy._identity()
