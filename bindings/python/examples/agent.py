"""An agent without a framework: a loop that runs the tools a model asks for, behind a guard.

The model is a script here. It is asked for nothing unusual: models ask for such things.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actra import Action, Actra, ActraError, ActraPolicyError, ActraRuntime

POLICIES = Path(__file__).parent / "policies"
OWNERS = {"A-1": "ada", "B-7": "bob"}


@dataclass
class Conversation:
    """Who talks to the agent."""

    user: str


def snapshot_of(ctx: Conversation, action: Action) -> dict[str, Any]:
    """Look up what the rules ask for. An unknown order has no owner: the policy blocks then."""
    owner = OWNERS.get(action.get("order", ""))
    return {} if owner is None else {"order_owner": owner}


runtime = ActraRuntime(Actra.from_directory(POLICIES / "support_agent"))
runtime.set_actor_resolver(lambda ctx: {"type": "ai_agent", "user": ctx.user})
runtime.set_snapshot_resolver(snapshot_of)


@runtime.admit()
def refund(order: str, amount: float, ctx: Conversation) -> str:
    """Pay money back."""
    return f"refunded {amount} of {order}"


@runtime.admit()
def read_order(order: str, ctx: Conversation) -> str:
    """Read an order."""
    return f"{order}: one cup, delivered"


@runtime.admit()
def delete_customer(customer: str, ctx: Conversation) -> str:
    """Forget a customer."""
    return f"deleted {customer}"


TOOLS: dict[str, Callable[..., str]] = {
    tool.__name__: tool for tool in (refund, read_order, delete_customer)
}


def model() -> Iterator[str]:
    """Stand for a model that has been talked into things."""
    yield json.dumps({"tool": "read_order", "arguments": {"order": "A-1"}})
    yield json.dumps({"tool": "refund", "arguments": {"order": "A-1", "amount": 30}})
    yield json.dumps({"tool": "refund", "arguments": {"order": "A-1", "amount": 3000}})
    yield json.dumps({"tool": "read_order", "arguments": {"order": "B-7"}})
    yield json.dumps({"tool": "refund", "arguments": {"order": "A-1", "amount": "all of it"}})
    yield json.dumps({"tool": "delete_customer", "arguments": {"customer": "ada"}})


def run_tool(asked: str, ctx: Conversation) -> str:
    """Run what the model asks for, or tell it why not. Errors run nothing either."""
    call = json.loads(asked)
    tool, arguments = call["tool"], call["arguments"]
    try:
        return TOOLS[tool](**arguments, ctx=ctx)
    except ActraPolicyError as error:
        return f"not done: {error.decision.message or error.effect}"
    except ActraError as error:
        return f"not done: {error}"


def main() -> None:
    """Hold a conversation."""
    for asked in model():
        call = json.loads(asked)
        print(f"{call['tool']} {call['arguments']}\n  -> {run_tool(asked, Conversation('ada'))}")


if __name__ == "__main__":
    main()
