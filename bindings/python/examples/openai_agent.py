"""Tools of the OpenAI Agents SDK behind a policy. Needs `actra[openai-agents]`.

The model is the SDK's own scripted one: nothing is sent anywhere.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from agents import Agent, Runner, function_tool, set_tracing_disabled
from agents.items import ToolCallOutputItem
from agents.testing import ScriptedModel, assistant_message, function_call

from actra import Action, Actra, ActraRuntime
from actra.integrations.openai_agents import guard_tool

POLICIES = Path(__file__).parent / "policies"
OWNERS = {"A-1": "ada", "B-7": "bob"}


@dataclass
class Conversation:
    """Who talks to the agent: the run's context."""

    user: str


async def snapshot_of(ctx: Conversation, action: Action) -> dict[str, str]:
    """Look up who an order belongs to. Resolvers may be async."""
    await asyncio.sleep(0)
    owner = OWNERS.get(action.get("order", ""))
    return {} if owner is None else {"order_owner": owner}


runtime = ActraRuntime(Actra.from_directory(POLICIES / "support_agent"))
runtime.set_actor_resolver(lambda ctx: {"type": "ai_agent", "user": ctx.user})
runtime.set_snapshot_resolver(snapshot_of)


@function_tool
def refund(order: str, amount: float) -> str:
    """Pay money back."""
    return f"refunded {amount:g} of {order}"


def main() -> None:
    """Run the agent."""
    asked = [
        function_call("refund", {"order": "A-1", "amount": 30}, call_id="1"),
        function_call("refund", {"order": "A-1", "amount": 3000}, call_id="2"),
        function_call("refund", {"order": "B-7", "amount": 30}, call_id="3"),
    ]
    set_tracing_disabled(True)
    model = ScriptedModel([asked, [assistant_message("That is all.")]])
    agent = Agent[Conversation](name="clerk", model=model, tools=[guard_tool(runtime, refund)])
    result = asyncio.run(Runner.run(agent, "My money back!", context=Conversation("ada")))
    for item in result.new_items:
        if isinstance(item, ToolCallOutputItem):
            print(item.output)
    print(result.final_output)


if __name__ == "__main__":
    main()
