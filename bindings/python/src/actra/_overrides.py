"""What classes of the application's own, and tests, put in the place of a runtime's methods."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ._signature import takes_second
from .types import Action, EvaluationContext

if TYPE_CHECKING:
    from .policy import Policy

# The methods that guards go by.
STEPS = frozenset(
    {
        "build_action",
        "build_context",
        "build_context_async",
        "evaluate",
        "evaluate_async",
        "resolve_action_type",
        "resolve_actor",
        "resolve_context",
        "resolve_snapshot",
    }
)


# What they are in `ActraRuntime` itself, which fills this in.
PLAIN_STEPS: dict[str, Any] = {}


def is_plain(step: Callable[..., Any]) -> bool:
    """Whether a runtime's method is that of `ActraRuntime`."""
    func = getattr(step, "__func__", None)
    return func is not None and func is PLAIN_STEPS.get(func.__name__)


def call_step(step: Callable[..., Any], ctx: Any, action: Action) -> Any:
    """`resolve_actor` or `resolve_snapshot`, with the action where it takes one: those of classes
    that override them may take the context alone."""
    return step(ctx, action) if is_plain(step) or takes_second(step) else step(ctx)


class Capture:
    """Learns, in a `with` block, which context was decided by a runtime's method that may be
    anybody's: refusals tell of it."""

    __slots__ = ("_token", "context", "policy", "runtime")

    def __init__(self, runtime: object, policy: Policy | None = None) -> None:
        self.runtime = runtime
        # What decides, if that is settled: of a store, another one may come into force meanwhile.
        self.policy = policy
        self.context: EvaluationContext | None = None

    def __enter__(self) -> None:
        self._token = CAPTURE.set(self)

    def __exit__(self, *error: object) -> None:
        CAPTURE.reset(self._token)

    def hear(self, runtime: object, context: EvaluationContext) -> None:
        """A runtime decides a context."""
        if runtime is self.runtime:
            self.context = context


# Who learns, in this thread or task.
CAPTURE: ContextVar[Capture | None] = ContextVar("actra_capture", default=None)
