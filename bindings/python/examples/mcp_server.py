"""A FastMCP server whose tools are guarded. Needs `actra[mcp]`.

python mcp_server.py            # speaks MCP over standard input and output
"""

from pathlib import Path

from fastmcp import FastMCP

from actra import Action, Actra, ActraRuntime
from actra.integrations.mcp import ActraMCPContext, ActraMCPMiddleware

POLICIES = Path(__file__).parent / "policies"
OWNERS = {"A-1": "ada", "B-7": "bob"}


def user_of(ctx: ActraMCPContext) -> str:
    """Whoever the access token is for. Over stdio there is none: whoever started the server."""
    return ctx.user["client_id"] if ctx.user else "ada"


def snapshot_of(ctx: ActraMCPContext, action: Action) -> dict[str, str]:
    """Look up who an order belongs to."""
    owner = OWNERS.get(action.get("order", ""))
    return {} if owner is None else {"order_owner": owner}


runtime = ActraRuntime(Actra.from_directory(POLICIES / "support_agent"))
runtime.set_actor_resolver(lambda ctx: {"type": "ai_agent", "user": user_of(ctx)})
runtime.set_snapshot_resolver(snapshot_of)

server = FastMCP("shop")


@server.tool
def refund(order: str, amount: float) -> str:
    """Pay money back."""
    return f"refunded {amount:g} of {order}"


@server.tool
def read_order(order: str) -> str:
    """Read an order."""
    return f"{order}: one cup, delivered"


@server.tool
def delete_customer(customer: str) -> str:
    """Forget a customer. The policy never allows it, so that no client sees it."""
    return f"deleted {customer}"


# Last, so that nothing changes a call behind its back.
server.add_middleware(ActraMCPMiddleware(runtime))

if __name__ == "__main__":
    server.run(show_banner=False)
