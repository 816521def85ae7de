"""From a call that a framework describes to a decision: the one door of the integrations.

Whatever goes wrong here is raised, and callers run an operation only after this returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._decision import Decision
    from ..runtime import ActraRuntime
    from ..types import Action, Context, EvaluationContext


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
    context = runtime._observed_context(action, ctx)
    return _enforced(runtime, action_type, context)


async def admit_async(
    runtime: ActraRuntime, action_type: str, fields: Mapping[str, Any], ctx: Context
) -> Decision:
    """As `admit`; resolvers may be async."""
    action = _action(runtime, action_type, fields, ctx)
    context = await runtime._observed_context_async(action, ctx)
    return _enforced(runtime, action_type, context)


def _action(
    runtime: ActraRuntime, action_type: str, fields: Mapping[str, Any], ctx: Context
) -> Action:
    try:
        return runtime.build_action(action_type, (), dict(fields), ctx)
    except Exception as error:
        runtime._tell_error(error, {"action": {"type": action_type}})
        raise


def _enforced(runtime: ActraRuntime, action_type: str, context: EvaluationContext) -> Decision:
    decision = runtime._evaluate_context(context)
    runtime._enforce(action_type, decision, context)
    return decision
