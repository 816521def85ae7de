"""A client that starts the guarded server and asks it for too much. Needs `actra[mcp]`."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from mcp_types import TextContent

SERVER = Path(__file__).parent / "mcp_server.py"


async def ask(client: Client[Any], tool: str, **arguments: Any) -> None:
    """Call a tool and print the answer."""
    result = await client.call_tool(tool, arguments, raise_on_error=False)
    [content] = result.content
    assert isinstance(content, TextContent)
    print(f"{tool} {arguments}\n  -> {'error: ' if result.is_error else ''}{content.text}")


async def main() -> None:
    """List the tools and call them."""
    async with Client(StdioTransport(sys.executable, [str(SERVER)])) as client:
        print("tools:", ", ".join(tool.name for tool in await client.list_tools()))
        await ask(client, "read_order", order="A-1")
        await ask(client, "refund", order="A-1", amount=30)
        await ask(client, "refund", order="A-1", amount=3000)
        await ask(client, "read_order", order="B-7")
        await ask(client, "delete_customer", customer="bob")


if __name__ == "__main__":
    asyncio.run(main())
