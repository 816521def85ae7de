"""Tool calls as actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._gate import admit, admit_async

if TYPE_CHECKING:
    from ..._decision import Decision
    from ...runtime import ActraRuntime
    from ...types import Context

__all__ = ["ActraMCPAdapter"]


class ActraMCPAdapter:
    """Decides on tool calls: the tool's name is the action, its arguments are the fields.

    Attributes:
        runtime: The runtime that decides.
    """

    def __init__(self, runtime: ActraRuntime) -> None:
        self.runtime = runtime

    def evaluate_tool(
        self, tool_name: str, arguments: Mapping[str, Any] | None, ctx: Context = None
    ) -> Decision:
        """Decides on a call.

        Args:
            tool_name: The tool, which is the action's name.
            arguments: What it is called with. The runtime's action resolver, if there is one,
                makes the action of them.
            ctx: For the resolvers, say an `ActraMCPContext`.

        Returns:
            A decision that allows.

        Raises:
            ActraPolicyError: The policy blocks the call; `ActraApprovalRequired`: it waits.
            ActraInputError: The call cannot be decided.
            Exception: What a resolver raised. A tool runs on none of these.
        """
        return admit(self.runtime, tool_name, arguments or {}, ctx)

    async def evaluate_tool_async(
        self, tool_name: str, arguments: Mapping[str, Any] | None, ctx: Context = None
    ) -> Decision:
        """As `evaluate_tool`, with resolvers that may be async."""
        return await admit_async(self.runtime, tool_name, arguments or {}, ctx)
