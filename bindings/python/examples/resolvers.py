"""Resolvers: where actor, snapshot, context and the action's name come from.

Each is called once per guarded call. Whatever one raises blocks the call by being raised.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actra import Action, Actra, ActraPolicyError, ActraRuntime

POLICIES = Path(__file__).parent / "policies"


@dataclass
class Till:
    """The shop's till: some thing that methods belong to, and that knows who works at it."""

    role: str
    paid_today: dict[str, float] = field(default_factory=dict)


def context_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Till | None:
    """Find the context of a call: `args` are as the call has them, `kwargs` has them by name."""
    till: Till | None = kwargs.get("till")
    return till


def name_of(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Name the action of functions that are called otherwise."""
    return func.__name__.removeprefix("do_")


def actor_of(till: Till) -> dict[str, Any]:
    """Tell who asks."""
    return {"role": till.role}


def snapshot_of(till: Till, action: Action) -> dict[str, Any]:
    """Tell what is so. A second parameter is the action: for totals that include it."""
    before = sum(till.paid_today.values())
    return {"fraud_flag": False, "refunded_today": before + action["amount"]}


runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
runtime.set_context_resolver(context_of)
runtime.set_action_type_resolver(name_of)
runtime.set_actor_resolver(actor_of)
runtime.set_snapshot_resolver(snapshot_of)


@runtime.admit()
def do_refund(till: Till, order: str, amount: float) -> str:
    """Pay money back."""
    till.paid_today[order] = amount
    return f"refunded {amount}"


async def fraud_service(order: str) -> bool:
    """Stand for a service that is asked over the network."""
    await asyncio.sleep(0)
    return order == "A-9"


later = ActraRuntime(runtime.policy)


@later.admit(action_type="refund")
async def refund_later(order: str, amount: float, ctx: str | None = None) -> str:
    """Pay money back, asynchronously: the resolvers may be async, too."""
    return f"refunded {amount}"


async def ask_everybody() -> None:
    """Guard an async function."""

    async def snapshot(ctx: str | None, action: Action) -> dict[str, Any]:
        return {"fraud_flag": await fraud_service(action["order"]), "refunded_today": 0}

    later.set_actor_resolver(lambda ctx: {"role": "lead"})
    later.set_snapshot_resolver(snapshot)
    for order in ("A-8", "A-9"):
        try:
            print(await refund_later(order, 30))
        except ActraPolicyError as error:
            print(error)


def main() -> None:
    """Pay until the day's limit."""
    till = Till("support", {"A-1": 4600})
    for order in ("A-2", "A-3"):
        try:
            print(do_refund(till, order, 300))
        except ActraPolicyError as error:
            print(f"{error}: {error.context['snapshot']}")
    asyncio.run(ask_everybody())


if __name__ == "__main__":
    main()
