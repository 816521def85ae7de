"""Actra under other packages: each module here needs its extra, and none is imported by `actra`.

| module | extra | guards |
|---|---|---|
| `mcp` | `actra[mcp]` for its `middleware` | tools of MCP servers |
| `fastapi` | `actra[fastapi]` | routes |
| `langchain` | `actra[langchain]` | tools and agents |
| `celery` | `actra[celery]` | tasks |
| `openai_agents` | `actra[openai-agents]` | tools of the OpenAI Agents SDK |
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """`mcp` needs no other package, and may be reached by `import actra` alone."""
    if name == "mcp":
        from importlib import import_module

        return import_module(f"{__name__}.mcp")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
