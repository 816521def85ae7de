"""What resolvers are told of a tool call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["ActraContext", "ActraMCPContext"]


@dataclass
class ActraMCPContext:
    """Who calls a tool, and how: the `ctx` of resolvers.

    Attributes:
        user: Who calls, as the server knows it: `None` where nobody has been authenticated.
        metadata: What the server knows of the session.
        request: The call. All of it is the client's word.
    """

    user: Any = None
    metadata: dict[str, Any] | None = None
    request: dict[str, Any] | None = None


ActraContext = ActraMCPContext
