"""A table of guarded tools, for servers that bring their own protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .adapter import ActraMCPAdapter

if TYPE_CHECKING:
    from ...types import Context

__all__ = ["ActraMCPServer"]

Tool = TypeVar("Tool", bound=Callable[..., Any])


class ActraMCPServer:
    """Keeps functions as tools, and runs them only where the policy allows the call.

    It speaks no protocol. For a server of FastMCP's there is `ActraMCPMiddleware`.

    Attributes:
        adapter: What decides.
        tools: The functions, by the tool's name.
    """

    def __init__(self, adapter: ActraMCPAdapter) -> None:
        self.adapter = adapter
        self.tools: dict[str, Callable[..., Any]] = {}

    def tool(self, name: str | None = None) -> Callable[[Tool], Tool]:
        """Registers the decorated function, which stays as it is: a direct call is not guarded.

        Args:
            name: The tool's name, which is the action's; the function's name by default.
        """

        def register(function: Tool) -> Tool:
            self.tools[name or function.__name__] = function
            return function

        return register

    def handle_request(
        self, tool_name: str, arguments: Mapping[str, Any] | None, ctx: Context = None
    ) -> Any:
        """Decides on a call and runs the tool. The policy sees the arguments that are sent, and no
        defaults of the function's.

        Returns:
            What the tool returns: of an async one, its coroutine.

        Raises:
            ValueError: There is no such tool.
            ActraError: As of `ActraMCPAdapter.evaluate_tool`; the tool did not run.
        """
        tool = self.tools.get(tool_name)
        if tool is None:
            raise ValueError(f"Unknown tool: {tool_name}")
        # What resolvers do to their copy does not reach the tool.
        given = dict(arguments or {})
        self.adapter.evaluate_tool(tool_name, dict(given), ctx)
        return tool(**given)
