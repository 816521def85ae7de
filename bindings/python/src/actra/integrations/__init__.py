"""Actra under other packages: each module here needs its extra, and none is imported by `actra`.

| module | extra | guards |
|---|---|---|
| `mcp` | `actra[mcp]` for its `middleware` | tools of MCP servers |
| `fastapi` | `actra[fastapi]` | routes |
| `langchain` | `actra[langchain]` | tools and agents |
| `celery` | `actra[celery]` | tasks |
| `openai_agents` | `actra[openai-agents]` | tools of the OpenAI Agents SDK |
"""
