"""MCP: tools that run only where the policy allows the call.

`ActraMCPAdapter` and `server.ActraMCPServer` need no other package. `ActraMCPMiddleware` is for
servers of FastMCP's, and needs `actra[mcp]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .adapter import ActraMCPAdapter
from .context import ActraContext, ActraMCPContext

if TYPE_CHECKING:
    from .middleware import ActraMCPMiddleware

__all__ = ["ActraContext", "ActraMCPAdapter", "ActraMCPContext", "ActraMCPMiddleware"]


def __getattr__(name: str) -> Any:
    if name == "ActraMCPMiddleware":
        from .middleware import ActraMCPMiddleware

        return ActraMCPMiddleware
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
