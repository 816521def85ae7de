"""LangChain: guarded tools, and agents whose tool calls are guarded. Needs `actra[langchain]`."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import ToolMessage
from langchain_core.runnables.config import ensure_config
from langchain_core.tools import BaseTool, ToolException
from langgraph.types import interrupt

from ..errors import ActraApprovalRequired
from ._arguments import as_validated
from ._gate import admit, admit_async, reading
from ._reach import Reach
from ._refusal import details, log_unexpected, refusal

if TYPE_CHECKING:
    from langchain.agents.middleware import ModelRequest, ModelResponse
    from langgraph.prebuilt.tool_node import ToolCallRequest
    from langgraph.types import Command

    from ..runtime import ActraRuntime
    from ..types import Context

__all__ = ["ActraMiddleware", "guard_tool"]

AnyTool = TypeVar("AnyTool", bound=BaseTool)
Refuse = Literal["raise", "tell"]

# The key of a `RunnableConfig`'s `configurable` with the resolvers' `ctx`.
CONTEXT_KEY = "actra_context"


def guard_tool(
    runtime: ActraRuntime,
    tool: AnyTool,
    *,
    action_type: str | None = None,
    context: Callable[[], Context] | None = None,
    refuse: Refuse = "raise",
) -> AnyTool:
    """A tool like the given one, which stays as it is, that runs where the policy allows the call.

    Args:
        runtime: What decides. Async resolvers serve tools that run async themselves.
        tool: Any tool. Its validated arguments are the action's fields; injected ones are not.
        action_type: The action's name; the tool's by default.
        context: Gives the resolvers' `ctx`. By default it is what the run's config has as
            `configurable["actra_context"]`, else None.
        refuse: `raise`: errors are raised as they are (`ActraPolicyError`, ...). `tell`: as a
            `ToolException`, which becomes the tool's answer; the model reads why and goes on.

    Returns:
        The guarded tool, with the same name, description and schema.
    """
    kind: Any = type(tool)
    action = action_type or tool.name
    find_context = context or _context_of_config

    def read(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], Context]:
        with reading(runtime, action):
            names = _names_of(tool)
            fields = dict(zip(names, args, strict=False))
            fields |= {name: kwargs[name] for name in names if name in kwargs}
            return fields, find_context()

    def refused(error: Exception) -> Exception:
        if refuse == "raise":
            return error
        log_unexpected(action, error)
        return ToolException(refusal(action, error))

    class Guarded(kind):  # type: ignore[misc]
        # The given tool runs, not this one: what it calls of itself has been decided.
        @functools.wraps(kind._run)
        def _run(self, *args: Any, **kwargs: Any) -> Any:
            try:
                admit(runtime, action, *read(args, kwargs))
            except Exception as error:
                told = refused(error)
                if told is error:
                    raise
                raise told from error
            return tool._run(*args, **kwargs)

        @functools.wraps(kind._arun)
        async def _arun(self, *args: Any, **kwargs: Any) -> Any:
            try:
                await admit_async(runtime, action, *read(args, kwargs))
            except Exception as error:
                told = refused(error)
                if told is error:
                    raise
                raise told from error
            return await tool._arun(*args, **kwargs)

    Guarded.__name__, Guarded.__qualname__ = kind.__name__, kind.__qualname__
    guarded: Any = tool.model_copy()
    guarded.__class__ = Guarded
    if refuse == "tell" and not guarded.handle_tool_error:
        guarded.handle_tool_error = True
    return guarded  # type: ignore[no-any-return]


class ActraMiddleware(AgentMiddleware[Any, Any, Any]):
    """Decides on each tool call of an agent before it runs.

    A call that is not allowed, or on which something went wrong, is answered with an error message
    that names the rule, its message and what is required; the model reads it and goes on. Tools
    that can never be allowed are not offered to the model. Tools that the model's provider runs by
    itself, such as web searches, are out of reach.

        agent = create_agent(model, tools, middleware=[ActraMiddleware(runtime)])

    Put it last among the middleware: one further inside could still change the call.
    """

    def __init__(
        self,
        runtime: ActraRuntime,
        *,
        context: Callable[[ToolCallRequest], Context] | None = None,
        actions: Mapping[str, str] | None = None,
        hide: bool = True,
        refuse: Refuse = "tell",
        approval: Literal["refuse", "interrupt"] = "refuse",
    ) -> None:
        """Guards the tools of the agent that this is given to.

        Args:
            runtime: What decides. Async resolvers serve agents that are called async.
            context: Makes the resolvers' `ctx` of a call; by default it is the `context` that the
                agent was invoked with.
            actions: Actions' names by tools' names, where the two differ.
            hide: Whether tools that can never be allowed are kept from the model.
            refuse: `tell` answers the model; `raise` ends the run with the error as it is.
            approval: `interrupt` pauses the graph where an approval is required, with the action
                and the decision. Record the approval where a resolver finds it and resume: the call
                is decided anew. What the graph is resumed with approves nothing by itself.
        """
        super().__init__()
        self.tools = []
        self.runtime = runtime
        self._context = context or _context_of_request
        self._actions = dict(actions or {})
        self._reach = Reach(runtime) if hide else None
        self._refuse = refuse
        self._approval = approval

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Decides, and goes on only where the policy allows the call."""
        try:
            admit(self.runtime, *self._call(request))
        except Exception as error:  # noqa: BLE001 - whatever it is, the tool does not run
            return self._refused(request, error)
        return handler(request)

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """As `wrap_tool_call`, with resolvers that may be async."""
        try:
            await admit_async(self.runtime, *self._call(request))
        except Exception as error:  # noqa: BLE001 - whatever it is, the tool does not run
            return self._refused(request, error)
        return await handler(request)

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Offers the model the tools that some call may run."""
        return handler(self._reachable(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """As `wrap_model_call`."""
        return await handler(self._reachable(request))

    def _action_of(self, name: str) -> str:
        return self._actions.get(name, name)

    def _call(self, request: ToolCallRequest) -> tuple[str, dict[str, Any], Context]:
        call = request.tool_call
        action = self._action_of(call["name"])
        with reading(self.runtime, action):
            schema = {} if request.tool is None else request.tool.tool_call_schema
            return action, as_validated(schema, call["args"]), self._context(request)

    def _refused(self, request: ToolCallRequest, error: Exception) -> ToolMessage:
        call = request.tool_call
        action = self._action_of(call["name"])
        if isinstance(error, ActraApprovalRequired) and self._approval == "interrupt":
            # Raises until the graph is resumed. Then it returns, where still nobody approved.
            interrupt(details(error))
        if self._refuse == "raise":
            raise error
        log_unexpected(action, error)
        return ToolMessage(
            refusal(action, error), name=call["name"], tool_call_id=call["id"], status="error"
        )

    def _reachable(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        reach = self._reach
        if reach is None:
            return request
        names = [(tool, _name_of(tool)) for tool in request.tools]
        kept = [tool for tool, name in names if name is None or reach.has(self._action_of(name))]
        return request if len(kept) == len(request.tools) else request.override(tools=kept)


def _context_of_request(request: ToolCallRequest) -> Context:
    return getattr(request.runtime, "context", None)


def _context_of_config() -> Context:
    return ensure_config().get("configurable", {}).get(CONTEXT_KEY)


def _names_of(tool: BaseTool) -> list[str]:
    """The arguments that a model gives, in order."""
    schema: Any = tool.tool_call_schema
    if isinstance(schema, Mapping):
        return list(schema.get("properties") or {})
    return list(getattr(schema, "model_fields", None) or getattr(schema, "__fields__", {}))


def _name_of(tool: BaseTool | dict[str, Any]) -> str | None:
    """A tool's name; None of those that the model's provider runs."""
    if isinstance(tool, BaseTool):
        return tool.name
    function = tool.get("function")
    name = (function if isinstance(function, Mapping) else tool).get("name")
    is_own = tool.get("type", "function") in ("function", "custom") or "input_schema" in tool
    return name if is_own and isinstance(name, str) else None
