"""Why was this decided? Explanations for people, as data, and of calls that never run."""

from pathlib import Path

from actra import Actra, ActraRuntime

POLICIES = Path(__file__).parent / "policies"

runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
runtime.set_actor_resolver(lambda ctx: {"role": "support"})
runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False, "refunded_today": 0})


@runtime.admit()
def refund(order: str, amount: float) -> None:
    """Pay money back."""
    raise AssertionError("explaining runs nothing")


def main() -> None:
    """Explain a call, and read an explanation."""
    runtime.explain_call(refund, "A-1", amount=900)

    told = runtime.explain({"type": "refund", "amount": 900}, render=False)
    print()
    for rule in told["rules"]:
        print(f"{rule['id']}: {rule['standing']}, lacks {rule['lacks']}")


if __name__ == "__main__":
    main()
