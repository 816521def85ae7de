"""Log decisions as JSON, one object per line, with the standard library.

An observer that raises is logged and changes nothing. Events hold what was decided about: choose
what of it may be written down.
"""

import json
import logging
import sys
from pathlib import Path

from actra import Actra, ActraError, ActraRuntime, DecisionEvent

POLICIES = Path(__file__).parent / "policies"

logger = logging.getLogger("shop.decisions")


class JsonLines(logging.Formatter):
    """Write the record's `decision` as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line."""
        return json.dumps({"level": record.levelname, **record.__dict__["decision"]})


def observe(event: DecisionEvent) -> None:
    """Log a decision, or that there is none."""
    told = {
        "action": event.action_type,
        "effect": event.effect,
        "rule": event.matched_rule,
        "role": event.context.get("actor", {}).get("role"),
        "amount": event.action.get("amount"),
    }
    if event.error is not None:
        told["error"] = str(event.error)
    # Also there: event.timestamp, in UTC, and event.duration_ms.
    level = logging.INFO if event.effect == "allow" else logging.WARNING
    logger.log(level, "decision", extra={"decision": told})


def main() -> None:
    """Decide a few refunds."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False

    runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
    runtime.set_actor_resolver(lambda ctx: {"role": "support"})
    runtime.set_snapshot_resolver(lambda ctx: {"fraud_flag": False, "refunded_today": 0})
    runtime.set_decision_observer(observe)

    runtime.evaluate({"type": "refund", "amount": 20})
    runtime.evaluate({"type": "refund", "amount": 2000})
    try:
        runtime.evaluate({"type": "refund", "amount": "20"})
    except ActraError:
        print("nothing was decided")


if __name__ == "__main__":
    main()
