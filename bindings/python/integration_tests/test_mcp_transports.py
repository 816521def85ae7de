"""MCP over its transports, and functions that `admit` guards under decorators of MCP packages."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mcp
import pytest
import uvicorn
from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.server.auth.providers.jwt import StaticTokenVerifier
from mcp.server.mcpserver import MCPServer
from support import Heard, runtime_for

from actra.integrations.mcp import ActraMCPContext, ActraMCPMiddleware

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


# --- over stdio ---


def test_a_server_over_stdio_is_guarded() -> None:
    async def main() -> None:
        transport = StdioTransport(sys.executable, [str(EXAMPLES / "mcp_server.py")])
        async with Client(transport) as client:
            assert [tool.name for tool in await client.list_tools()] == ["refund", "read_order"]
            done = await client.call_tool("refund", {"order": "A-1", "amount": 30})
            assert done.data == "refunded 30 of A-1"
            for tool, arguments, rule in (
                ("refund", {"order": "A-1", "amount": 101}, "large"),
                ("refund", {"order": "A-1", "amount": "101"}, "large"),
                ("read_order", {"order": "B-7"}, "own_orders"),
                ("delete_customer", {"customer": "bob"}, "never_delete"),
            ):
                answer = await client.call_tool(tool, arguments, raise_on_error=False)
                assert answer.is_error
                assert f"(rule {rule})" in answer.content[0].text  # type: ignore[union-attr]

    asyncio.run(asyncio.wait_for(main(), 60))


# --- over HTTP, with tokens ---


@contextmanager
def serving(server: FastMCP) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(server.http_app(), log_level="error"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while not running.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert running.started
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        running.should_exit = True
        thread.join(30)
        listener.close()
        assert not thread.is_alive()


def test_the_claims_of_a_verified_token_are_the_user_and_nothing_that_a_client_says() -> None:
    tokens = {
        "token-of-sam": {"client_id": "sam", "scopes": ["refunds"], "role": "support"},
        "token-of-max": {"client_id": "max", "scopes": [], "role": "marketing"},
    }
    runtime = runtime_for()
    seen: list[ActraMCPContext] = []

    def actor(ctx: ActraMCPContext) -> dict[str, Any]:
        seen.append(ctx)
        return {"role": ctx.user["role"] if ctx.user else "none"}

    runtime.set_actor_resolver(actor)
    server = FastMCP("shop", auth=StaticTokenVerifier(tokens=tokens))

    @server.tool
    def refund(amount: int) -> str:
        return f"refunded {amount}"

    server.add_middleware(ActraMCPMiddleware(runtime))

    async def ask(address: str, token: str) -> bool:
        async with Client(address, auth=token) as client:
            answer = await client.call_tool(
                "refund",
                {"amount": 5},
                meta={"role": "support", "user": {"role": "support"}},
                raise_on_error=False,
            )
            return not answer.is_error

    with serving(server) as address:
        assert asyncio.run(ask(address, "token-of-sam")) is True
        assert asyncio.run(ask(address, "token-of-max")) is False
        with pytest.raises(Exception, match="error response"):
            asyncio.run(ask(address, "guessed"))
    sam, max_ = seen
    assert sam.user["client_id"] == "sam"
    assert sam.user["scopes"] == ["refunds"]
    assert sam.metadata == {"server": "shop", "transport": "streamable-http"}
    assert max_.user["role"] == "marketing"
    assert max_.request is not None
    assert max_.request["meta"]["role"] == "support"


# --- admit under decorators that read signatures ---


def test_admit_works_under_fastmcps_decorator() -> None:
    runtime = runtime_for()
    heard = Heard(runtime)
    ran: list[Any] = []
    server = FastMCP("shop")

    @server.tool()
    @runtime.admit()
    def refund(amount: int, currency: str = "EUR") -> str:
        """Pay money back."""
        ran.append(amount)
        return f"refunded {amount} {currency}"

    @server.tool()
    @runtime.admit()
    async def look(what: str, ctx: Context) -> str:
        """Look at something; FastMCP gives it its context, which resolvers get, too."""
        return f"saw {what} on {ctx.fastmcp.name}"

    async def main() -> None:
        async with Client(server) as client:
            tools = {tool.name: tool for tool in await client.list_tools()}
            schema = tools["refund"].input_schema
            assert schema["properties"]["amount"]["type"] == "integer"
            assert schema["properties"]["currency"]["default"] == "EUR"
            assert tools["refund"].description == "Pay money back."
            assert list(tools["look"].input_schema["properties"]) == ["what"]
            assert (await client.call_tool("refund", {"amount": "5"})).data == "refunded 5 EUR"
            assert (await client.call_tool("look", {"what": "x"})).data == "saw x on shop"
            refused = await client.call_tool("refund", {"amount": 5000}, raise_on_error=False)
            assert refused.is_error
            assert "rule: large" in refused.content[0].text  # type: ignore[union-attr]

    asyncio.run(main())
    assert ran == [5]
    assert [event.action for event in heard.events] == [
        {"type": "refund", "amount": 5, "currency": "EUR"},
        {"type": "look", "what": "x"},
        {"type": "refund", "amount": 5000, "currency": "EUR"},
    ]


def test_admit_works_under_the_official_sdks_decorator() -> None:
    runtime = runtime_for()
    ran: list[Any] = []
    server = MCPServer("shop")

    @server.tool()
    @runtime.admit()
    def refund(amount: int, currency: str = "EUR") -> str:
        """Pay money back."""
        ran.append(amount)
        return f"refunded {amount} {currency}"

    async def main() -> None:
        async with mcp.Client(server) as client:
            [tool] = (await client.list_tools()).tools
            assert tool.description == "Pay money back."
            assert tool.input_schema["properties"]["amount"]["type"] == "integer"
            done = await client.call_tool("refund", {"amount": 5})
            assert done.content[0].text == "refunded 5 EUR"  # type: ignore[union-attr]
            refused = await client.call_tool("refund", {"amount": 5000})
            assert refused.is_error

    asyncio.run(main())
    assert ran == [5]
