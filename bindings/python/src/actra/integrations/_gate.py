"""From a call that a framework describes to a decision: the one door of the integrations.

Whatever goes wrong here is raised, and callers run an operation only after this returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .._decision import Decision
    from ..runtime import ActraRuntime
    from ..types import Context


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
    action = runtime.build_action(action_type, (), dict(fields), ctx)
    return runtime._admit_action(action, ctx)


async def admit_async(
    runtime: ActraRuntime, action_type: str, fields: Mapping[str, Any], ctx: Context
) -> Decision:
    """As `admit`; resolvers may be async."""
    action = runtime.build_action(action_type, (), dict(fields), ctx)
    return await runtime._admit_action_async(action, ctx)
