"""From a call that a framework describes to a decision: the one door of the integrations.

Whatever goes wrong here is raised, and callers run an operation only after this returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .._guard import refusal

if TYPE_CHECKING:
    from .._decision import Decision
    from ..runtime import ActraRuntime
    from ..types import Action, Context, EvaluationContext


@contextmanager
def reading(runtime: ActraRuntime, action_type: str) -> Iterator[None]:
    """Lets the observer hear of what goes wrong before there is something to decide."""
    try:
        yield
    except Exception as error:
        runtime._tell_error(error, {"action": {"type": action_type}})
        raise


def admit(
    runtime: ActraRuntime, action_type: str, fields: Mapping[str, Any], ctx: Context
) -> Decision:
    """Decides. Resolvers and observer are called once.

    Returns:
        A decision that allows.

    Raises:
        ActraPolicyError: The policy blocks, or wants an approval.
        Exception: Whatever went wrong on the way.
    """
    action = _action(runtime, action_type, fields, ctx)
    return _enforced(action_type, *runtime._decide(action, ctx))


async def admit_async(
    runtime: ActraRuntime, action_type: str, fields: Mapping[str, Any], ctx: Context
) -> Decision:
    """As `admit`; resolvers may be async."""
    action = _action(runtime, action_type, fields, ctx)
    return _enforced(action_type, *await runtime._decide_async(action, ctx))


def admit_call(
    runtime: ActraRuntime,
    action_type: str,
    func: Callable[..., Any],
    arguments: Mapping[str, Any],
    ctx: Context,
    fields: Iterable[str] | None = None,
) -> Decision:
    """As `admit`, for a function whose arguments are bound: those that the schema declares, or the
    named ones, make the action."""
    action = _action(runtime, action_type, arguments, ctx, func, fields)
    return _enforced(action_type, *runtime._decide(action, ctx))


def _action(
    runtime: ActraRuntime,
    action_type: str,
    arguments: Mapping[str, Any],
    ctx: Context,
    func: Callable[..., Any] | None = None,
    fields: Iterable[str] | None = None,
) -> Action:
    with reading(runtime, action_type):
        return runtime.build_action(action_type, (), dict(arguments), ctx, func, fields)


def _enforced(action_type: str, decision: Decision, context: EvaluationContext) -> Decision:
    if decision.get("effect") != "allow":
        raise refusal(action_type, decision, context)
    return decision
