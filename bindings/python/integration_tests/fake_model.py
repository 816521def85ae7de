"""A chat model that says what a test tells it to, and keeps what it was offered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import BaseTool
from pydantic import PrivateAttr


class FakeModel(GenericFakeChatModel):
    """Asks for tool calls, then is done."""

    messages: Iterator[Any]
    _offered: list[list[str]] = PrivateAttr(default_factory=list)

    @property
    def offered(self) -> list[list[str]]:
        """The names of the tools that came with each question."""
        return self._offered

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> FakeModel:  # type: ignore[override]
        names = [tool.name if isinstance(tool, BaseTool) else tool["type"] for tool in tools]
        self._offered.append(names)
        return self


def asking(*calls: tuple[str, dict[str, Any]]) -> FakeModel:
    """A model that asks for these calls at once."""
    asked = [
        {"name": name, "args": args, "id": f"call-{number}"}
        for number, (name, args) in enumerate(calls)
    ]
    return FakeModel(messages=iter([AIMessage("", tool_calls=asked), AIMessage("done")]))
