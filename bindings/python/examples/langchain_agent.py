"""A LangChain agent whose tool calls are guarded. Needs `actra[langchain]`.

The model is a fake one that asks for what it should not have.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import BaseTool, tool

from actra import Action, Actra, ActraRuntime
from actra.integrations.langchain import ActraMiddleware

POLICIES = Path(__file__).parent / "policies"
OWNERS = {"A-1": "ada", "B-7": "bob"}


@dataclass
class Conversation:
    """Who talks to the agent: its `context`."""

    user: str


def snapshot_of(ctx: Conversation, action: Action) -> dict[str, str]:
    """Look up who an order belongs to."""
    owner = OWNERS.get(action.get("order", ""))
    return {} if owner is None else {"order_owner": owner}


runtime = ActraRuntime(Actra.from_directory(POLICIES / "support_agent"))
runtime.set_actor_resolver(lambda ctx: {"type": "ai_agent", "user": ctx.user})
runtime.set_snapshot_resolver(snapshot_of)


@tool
def refund(order: str, amount: float) -> str:
    """Pay money back."""
    return f"refunded {amount:g} of {order}"


@tool
def delete_customer(customer: str) -> str:
    """Forget a customer."""
    return f"deleted {customer}"


class FakeModel(GenericFakeChatModel):
    """Asks for the calls that it was made with."""

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        """See which tools there are."""
        offered = [each.name for each in tools if isinstance(each, BaseTool)]
        print("offered:", ", ".join(offered))
        return self


def call(number: int, name: str, **arguments: Any) -> Any:
    """Ask for a tool."""
    return {"name": name, "args": arguments, "id": f"call-{number}", "type": "tool_call"}


def main() -> None:
    """Run the agent."""
    calls = [
        call(1, "refund", order="A-1", amount=30),
        call(2, "refund", order="A-1", amount="3000"),
        call(3, "refund", order="B-7", amount=30),
        call(4, "delete_customer", customer="bob"),
    ]
    model = FakeModel(messages=iter([AIMessage("", tool_calls=calls), AIMessage("That is all.")]))
    agent: Any = create_agent(
        model,
        [refund, delete_customer],
        middleware=[ActraMiddleware(runtime)],
        context_schema=Conversation,
    )
    question = {"messages": [("user", "I want all my money back")]}
    for message in agent.invoke(question, context=Conversation("ada"))["messages"]:
        if isinstance(message, ToolMessage):
            print(f"{message.tool_call_id} {message.status}: {message.content}")


if __name__ == "__main__":
    main()
