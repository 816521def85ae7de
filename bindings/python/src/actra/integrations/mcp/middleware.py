"""A guard before every tool of a FastMCP server. Needs `actra[mcp]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import NotFoundError, ToolError
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.server.providers.addressing import parse_hashed_backend_name
from fastmcp.tools import FunctionTool, Tool, ToolResult
from fastmcp.utilities.versions import VersionSpec

from .._arguments import as_called, with_defaults
from .._gate import reading
from .._reach import Reach
from .._refusal import log_unexpected, refusal
from .adapter import ActraMCPAdapter
from .context import ActraMCPContext

if TYPE_CHECKING:
    from mcp_types import CallToolRequestParams, ListToolsRequest

    from ...runtime import ActraRuntime
    from ...types import Context

__all__ = ["ActraMCPMiddleware"]

Call = MiddlewareContext["CallToolRequestParams"]


class ActraMCPMiddleware(Middleware):
    """Decides on every call of a tool before it runs, and lists no tool that can never be allowed.

    The tool's listed name is the action, whatever name it is called by. Its fields are the
    arguments as the tool is going to get them: coerced to its annotations, and with its defaults.
    A call that is not allowed is answered with an error result that names the rule, its message and
    what is required, and no value of actor or snapshot. So is one on which something went wrong.

    Add it last: a middleware further inside could still change the call.

        server.add_middleware(ActraMCPMiddleware(runtime))

    Resources and prompts are not guarded.
    """

    def __init__(
        self,
        runtime: ActraRuntime | ActraMCPAdapter,
        *,
        context: Callable[[Call], Context] | None = None,
        actions: Mapping[str, str] | None = None,
        hide: bool = True,
    ) -> None:
        """Guards the tools of the server that this is added to.

        Args:
            runtime: What decides. Its resolvers may be async.
            context: Makes the resolvers' `ctx` of a call. By default it is an `ActraMCPContext`
                with the claims of the verified access token as `user`.
            actions: Actions' names by tools' names, where the two differ.
            hide: Whether tools that can never be allowed are left out of lists.
        """
        self.adapter = runtime if isinstance(runtime, ActraMCPAdapter) else ActraMCPAdapter(runtime)
        self._context = context or context_of
        self._actions = dict(actions or {})
        self._reach = Reach(self.adapter.runtime) if hide else None

    async def on_call_tool(
        self, context: Call, call_next: CallNext[CallToolRequestParams, ToolResult]
    ) -> ToolResult:
        """Decides, and goes on only where the policy allows the call."""
        tool = await _tool_of(context)
        action_type = self._action_of(tool)
        try:
            with reading(self.adapter.runtime, action_type):
                fields = _fields(tool, context.message.arguments)
                ctx = self._context(context)
            await self.adapter.evaluate_tool_async(action_type, fields, ctx)
        except Exception as error:
            log_unexpected(action_type, error)
            raise ToolError(refusal(action_type, error)) from error
        return await call_next(context)

    async def on_list_tools(
        self,
        context: MiddlewareContext[ListToolsRequest],
        call_next: CallNext[ListToolsRequest, Sequence[Tool]],
    ) -> Sequence[Tool]:
        """Lists the tools that some call may run."""
        tools = await call_next(context)
        if self._reach is None:
            return tools
        return [tool for tool in tools if self._reach.has(self._action_of(tool))]

    def _action_of(self, tool: Tool) -> str:
        return self._actions.get(tool.name, tool.name)


def context_of(call: Call) -> ActraMCPContext:
    """A call as resolvers see it by default. `user` and `metadata` are the server's knowledge:
    `user` has the claims of the verified access token, its `client_id` and `scopes`, and is None
    where there is no token, as over stdio. `request` is the client's word."""
    token = get_access_token()
    user = None
    if token is not None:
        user = {**token.claims, "client_id": token.client_id, "scopes": list(token.scopes)}
    inside = call.fastmcp_context
    metadata: dict[str, Any] = {}
    sent: Any = call.message.meta
    if inside is not None:
        metadata = {"server": inside.fastmcp.name, "transport": inside.transport}
        if inside.request_context is not None:
            sent = inside.request_context.meta
    message = call.message
    request = {
        "tool": message.name,
        "arguments": dict(message.arguments or {}),
        "meta": dict(sent or {}),
    }
    return ActraMCPContext(user=user, metadata=metadata, request=request)


def _fields(tool: Tool, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    fields = with_defaults(arguments or {}, tool.parameters)
    return as_called(tool.fn, fields) if isinstance(tool, FunctionTool) else fields


async def _tool_of(call: Call) -> Tool:
    """The tool that the call will run, found as FastMCP finds it."""
    name = call.message.name
    inside = call.fastmcp_context
    if inside is None:
        raise ToolError(f"`{name}` does not run: the call has no context")
    server = inside.fastmcp
    tool = await server.get_tool(name, version=_version_of(call))
    if tool is None:
        # Another address of a tool is no way around the rules for it.
        hashed = parse_hashed_backend_name(name)
        tool = None if hashed is None else await server.get_tool_by_hash(*hashed)
    if tool is None:
        raise NotFoundError(f"Unknown tool: {name!r}")
    return tool


def _version_of(call: Call) -> VersionSpec | None:
    """The version of the tool that the call asks for."""
    own = (call.message.meta or {}).get("fastmcp")
    asked = own.get("version") if isinstance(own, Mapping) else None
    if isinstance(asked, str):
        return VersionSpec(eq=asked)
    if isinstance(asked, Mapping):
        bounds = {key: asked.get(key) for key in ("gte", "lt", "eq")}
        if all(bound is None or isinstance(bound, str) for bound in bounds.values()):
            return VersionSpec(**bounds)
    return None
