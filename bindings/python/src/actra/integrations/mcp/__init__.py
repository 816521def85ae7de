"""Actra in front of MCP tools."""

from .context import ActraMCPContext

__all__ = ["ActraMCPContext"]
