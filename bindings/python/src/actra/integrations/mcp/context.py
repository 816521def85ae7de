"""The context of an MCP tool call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["ActraMCPContext"]


@dataclass
class ActraMCPContext:
    """What resolvers are given of a call.

    Attributes:
        user: Who calls.
        metadata: Whatever else is known of the session or the call.
        request: The request as it came.
    """

    user: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    request: dict[str, Any] | None = None
