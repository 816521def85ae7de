"""Build the action yourself, where a function's arguments are not what the policy talks about."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actra import Action, Actra, ActraPolicyError, ActraRuntime

POLICIES = Path(__file__).parent / "policies"

runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
runtime.set_actor_resolver(lambda ctx: {"role": "support"})
runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False, "refunded_today": 0})


@dataclass
class Line:
    """A line of a return slip."""

    sku: str
    cents: int


def refund_of_lines(
    action_type: str, args: tuple[Any, ...], kwargs: dict[str, Any], ctx: object
) -> Action:
    """The policy knows amounts, and the function gets lines. All arguments are in `kwargs`."""
    total = sum(line.cents for line in kwargs["lines"])
    return {"type": action_type, "order": kwargs["order"], "amount": total / 100}


@runtime.admit(action_type="refund", action_builder=refund_of_lines)
def take_back(order: str, lines: list[Line]) -> str:
    """Take goods back, and pay for them."""
    return f"took {len(lines)} lines of {order} back"


def main() -> None:
    """Take little and much back."""
    print(take_back("A-1", [Line("cup", 1290), Line("plate", 2150)]))
    try:
        take_back("A-2", [Line("sofa", 129_000)])
    except ActraPolicyError as error:
        print(error.context["action"], "->", error.effect, "by", error.matched_rule)

    # For a whole runtime: one resolver that builds every action that no builder makes.
    runtime.set_action_resolver(
        lambda action_type, args, kwargs, ctx: {
            "type": action_type,
            "amount": kwargs["cents"] / 100,
        }
    )

    @runtime.admit(action_type="refund")
    def pay_back(cents: int) -> str:
        return f"paid {cents} cents back"

    print(pay_back(2000))


if __name__ == "__main__":
    main()
