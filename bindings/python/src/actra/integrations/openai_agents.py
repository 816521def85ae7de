"""The OpenAI Agents SDK: guarded function tools. Needs `actra[openai-agents]`."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from agents import (
    FunctionTool,
    ToolGuardrailFunctionOutput,
    ToolInputGuardrail,
    ToolInputGuardrailData,
)

from ..errors import ActraPolicyError
from ._arguments import as_called, with_defaults
from ._gate import admit_async, reading
from ._reach import Reach
from ._refusal import CallerError, details, log_unexpected, refusal

if TYPE_CHECKING:
    from agents import RunContextWrapper
    from agents.agent import AgentBase

    from ..runtime import ActraRuntime
    from ..types import Context

__all__ = ["guard_tool", "tool_guard"]

Refuse = Literal["raise", "tell"]


def tool_guard(
    runtime: ActraRuntime,
    *,
    action_type: str | None = None,
    context: Callable[[ToolInputGuardrailData], Context] | None = None,
    refuse: Refuse = "tell",
) -> ToolInputGuardrail[Any]:
    """A guardrail before a function tool: decides on each call, and lets it run on an allow only.

    The tool's name is the action; its fields are the arguments as the tool is going to get them:
    coerced to its annotations, and with its defaults.

        @function_tool(tool_input_guardrails=[tool_guard(runtime)])
        def refund(amount: int) -> str: ...

    Args:
        runtime: What decides. Its resolvers may be async.
        action_type: The action's name; the tool's by default.
        context: Makes the resolvers' `ctx` of a call; by default it is the context that the run was
            started with.
        refuse: `tell` answers the model with the rule, its message and what is required, and the
            run goes on; `raise` ends the run with the error as it is.
    """
    return _guardrail(runtime, None, action_type, context or _context_of_run, refuse)


def _guardrail(
    runtime: ActraRuntime,
    guarded: FunctionTool | None,
    action_type: str | None,
    find_context: Callable[[ToolInputGuardrailData], Context],
    refuse: Refuse,
) -> ToolInputGuardrail[Any]:
    async def actra(data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
        action = action_type or data.context.tool_name
        try:
            with reading(runtime, action):
                tool = guarded or _tool_of(data, guardrail)
                fields = _fields(tool, data.context.tool_arguments)
                ctx = find_context(data)
            decision = await admit_async(runtime, action, fields, ctx)
        except Exception as error:
            if refuse == "raise":
                raise
            log_unexpected(action, error)
            info = details(error) if isinstance(error, ActraPolicyError) else None
            return ToolGuardrailFunctionOutput.reject_content(refusal(action, error), info)
        return ToolGuardrailFunctionOutput.allow(dict(decision))

    guardrail: ToolInputGuardrail[Any] = ToolInputGuardrail(actra, name="actra")
    return guardrail


def guard_tool(
    runtime: ActraRuntime,
    tool: FunctionTool,
    *,
    action_type: str | None = None,
    context: Callable[[ToolInputGuardrailData], Context] | None = None,
    refuse: Refuse = "tell",
    hide: bool = True,
) -> FunctionTool:
    """A tool like the given one, which stays as it is, with a `tool_guard` before its own guards.

    Args:
        runtime: As of `tool_guard`, and so are `action_type`, `context` and `refuse`.
        tool: A function tool.
        action_type: The action's name.
        context: Makes the resolvers' `ctx`.
        refuse: What becomes of a refusal.
        hide: Whether the tool is disabled, so that the model does not see it, where it can never be
            allowed.
    """
    guard = _guardrail(runtime, tool, action_type, context or _context_of_run, refuse)
    is_enabled = tool.is_enabled
    if hide:
        is_enabled = _enabled_in_reach(tool, Reach(runtime), action_type or tool.name)
    guards = [guard, *(tool.tool_input_guardrails or [])]
    return dataclasses.replace(tool, tool_input_guardrails=guards, is_enabled=is_enabled)


def _enabled_in_reach(
    tool: FunctionTool, reach: Reach, action: str
) -> Callable[[RunContextWrapper[Any], AgentBase], Any]:
    own = tool.is_enabled

    async def is_enabled(context: RunContextWrapper[Any], agent: AgentBase) -> bool:
        if not reach.has(action):
            return False
        answer = own(context, agent) if callable(own) else own
        return bool(await answer if inspect.isawaitable(answer) else answer)

    return is_enabled


def _context_of_run(data: ToolInputGuardrailData) -> Context:
    return data.context.context


def _tool_of(
    data: ToolInputGuardrailData, guardrail: ToolInputGuardrail[Any]
) -> FunctionTool | None:
    """The called tool, which is one of those with the guardrail."""
    for tool in data.agent.tools:
        if not isinstance(tool, FunctionTool) or tool.name != data.context.tool_name:
            continue
        if any(guard is guardrail for guard in tool.tool_input_guardrails or ()):
            return tool
    return None


def _fields(tool: FunctionTool | None, arguments: str) -> dict[str, Any]:
    try:
        given = json.loads(arguments) if arguments else {}
    except (ValueError, RecursionError) as error:
        raise CallerError("malformed", None, "the arguments of the tool are no JSON") from error
    if not isinstance(given, dict):
        raise CallerError("malformed", None, "the arguments of the tool are no object")
    if tool is None:
        return given
    fields = with_defaults(given, tool.params_json_schema)
    function = getattr(tool, "__wrapped__", None)
    return fields if function is None else as_called(function, fields)
