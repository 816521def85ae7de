"""Tool calls as actions, without any MCP package."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from actra import (
    Actra,
    ActraApprovalRequired,
    ActraContext,
    ActraInputError,
    ActraPolicyError,
    ActraRuntime,
)
from actra.integrations.mcp import ActraContext as SameContext
from actra.integrations.mcp import ActraMCPAdapter, ActraMCPContext
from actra.integrations.mcp.server import ActraMCPServer

SCHEMA = """
version: 1
actions:
  refund: {fields: {amount: {type: number, required: true}}}
  drop: {}
actor: {fields: {role: string}}
"""

RULES = """
version: 2
rules:
  - {id: large, scope: {action: refund}, when: action.amount > 1000, effect: require_approval}
  - {id: support, scope: {action: refund}, when: actor.role == support, effect: allow}
"""


@pytest.fixture
def runtime() -> ActraRuntime:
    runtime = ActraRuntime(Actra.from_strings(SCHEMA, RULES))
    runtime.set_actor_resolver(lambda ctx: {"role": (ctx.user or {}).get("role")} if ctx else {})
    return runtime


SUPPORT = ActraMCPContext(user={"role": "support"})


def test_the_context_has_its_three_parts_and_both_names() -> None:
    assert ActraContext is SameContext is ActraMCPContext
    assert ActraMCPContext() == ActraMCPContext(user=None, metadata=None, request=None)
    ctx = ActraMCPContext({"id": 1}, {"session": "s"}, {"tool": "t"})
    assert (ctx.user, ctx.metadata, ctx.request) == ({"id": 1}, {"session": "s"}, {"tool": "t"})


def test_evaluate_tool_raises_unless_the_call_is_allowed(runtime: ActraRuntime) -> None:
    heard: list[Any] = []
    runtime.set_decision_observer(heard.append)
    adapter = ActraMCPAdapter(runtime)
    assert adapter.runtime is runtime
    decision = adapter.evaluate_tool("refund", {"amount": 5}, SUPPORT)
    assert decision == {"effect": "allow", "matched_rule": "support"}
    with pytest.raises(ActraApprovalRequired) as caught:
        adapter.evaluate_tool(tool_name="refund", arguments={"amount": 5000}, ctx=SUPPORT)
    assert caught.value.action_type == "refund"
    assert caught.value.context == {
        "action": {"type": "refund", "amount": 5000},
        "actor": {"role": "support"},
        "snapshot": {},
    }
    with pytest.raises(ActraPolicyError):
        adapter.evaluate_tool("refund", {"amount": 5})
    with pytest.raises(ActraInputError):
        adapter.evaluate_tool("refund", {"amount": "much"}, SUPPORT)
    with pytest.raises(ActraInputError):
        adapter.evaluate_tool("unknown", {}, SUPPORT)
    assert [event.effect for event in heard] == ["allow", "require_approval", "block", None, None]


def test_an_argument_called_type_does_not_rename_the_action(runtime: ActraRuntime) -> None:
    with pytest.raises(ActraPolicyError) as caught:
        ActraMCPAdapter(runtime).evaluate_tool("drop", {"type": "refund", "amount": 5}, SUPPORT)
    assert caught.value.context["action"]["type"] == "drop"


def test_resolvers_are_asked_once_and_an_action_resolver_builds_the_action(
    runtime: ActraRuntime,
) -> None:
    asked: list[str] = []

    def actor(ctx: Any) -> dict[str, Any]:
        asked.append("actor")
        return {"role": "support"}

    def action(
        name: str, args: tuple[Any, ...], kwargs: dict[str, Any], ctx: Any
    ) -> dict[str, Any]:
        asked.append("action")
        assert (args, ctx) == ((), SUPPORT)
        return {"type": name, "amount": kwargs.pop("euros")}

    runtime.set_actor_resolver(actor)
    runtime.set_action_resolver(action)
    arguments = {"euros": 5000}
    with pytest.raises(ActraApprovalRequired):
        ActraMCPAdapter(runtime).evaluate_tool("refund", arguments, SUPPORT)
    assert asked == ["action", "actor"]
    # A resolver has a copy.
    assert arguments == {"euros": 5000}


def test_the_async_door_waits_for_resolvers(runtime: ActraRuntime) -> None:
    async def actor(ctx: Any) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"role": "support"}

    runtime.set_actor_resolver(actor)
    adapter = ActraMCPAdapter(runtime)
    assert asyncio.run(adapter.evaluate_tool_async("refund", {"amount": 5})).allowed
    with pytest.raises(ActraApprovalRequired):
        asyncio.run(adapter.evaluate_tool_async("refund", {"amount": 5000}))
    with pytest.raises(ActraInputError):
        adapter.evaluate_tool("refund", {"amount": 5})


def test_a_server_runs_its_tools_only_where_that_is_allowed(runtime: ActraRuntime) -> None:
    server = ActraMCPServer(ActraMCPAdapter(runtime))
    ran: list[float] = []

    @server.tool()
    def refund(amount: float) -> str:
        ran.append(amount)
        return "refunded"

    @server.tool(name="drop")
    def remove() -> None:
        ran.append(-1)

    assert list(server.tools) == ["refund", "drop"]
    assert server.tools["drop"] is remove
    assert server.handle_request("refund", {"amount": 5}, SUPPORT) == "refunded"
    for tool, arguments in (("refund", {"amount": 5000}), ("drop", {}), ("drop", None)):
        with pytest.raises(ActraPolicyError):
            server.handle_request(tool, arguments, SUPPORT)
    with pytest.raises(ActraInputError):
        server.handle_request("refund", {"amount": "5"}, SUPPORT)
    with pytest.raises(ValueError, match="Unknown tool: nothing"):
        server.handle_request("nothing", {}, SUPPORT)
    # Not guarded: it is the caller's own function.
    assert refund(1) == "refunded"
    assert ran == [5, 1]


def test_a_resolver_cannot_change_what_a_tool_gets(runtime: ActraRuntime) -> None:
    server = ActraMCPServer(ActraMCPAdapter(runtime))
    server.tool("refund")(lambda amount: amount)
    runtime.set_action_resolver(lambda name, args, kwargs, ctx: kwargs.update(amount=1) or kwargs)
    with pytest.raises(ActraInputError):
        server.handle_request("refund", {"amount": 5}, SUPPORT)
    runtime.set_action_resolver(
        lambda name, args, kwargs, ctx: {"type": name, "amount": kwargs.pop("amount")}
    )
    assert server.handle_request("refund", {"amount": 5}, SUPPORT) == 5


def test_nothing_here_imports_another_package() -> None:
    program = (
        "import sys; before = set(sys.modules); import actra, actra.integrations.mcp.server;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    # The other way into the library is cffi's.
    env = {**os.environ, "ACTRA_PYTHON_PATH": "accelerator"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['actra']"
