"""What a decision log costs a guarded call in Python: `logged.py [ROUNDS]`.

Calls are measured in stretches that take turns: without an observer, with one that does nothing,
with a log. The queue has room for a stretch, and is emptied between them.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import actra

STRETCH = 5_000
SCHEMA = """
version: 1
actions: {refund: {fields: {amount: number, currency: string, target: string}}}
actor: {fields: {role: string, level: integer}}
snapshot: {fields: {fraud_flag: boolean, daily_total: number}}
"""
POLICY = """
version: 2
rules:
  - {id: fraud, scope: {action: refund}, when: snapshot.fraud_flag == true, effect: block}
  - {id: small, scope: {action: refund}, when: action.amount < 100, effect: allow}
"""


def main() -> None:
    """Measures, and prints medians in microseconds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 41
    runtime = actra.ActraRuntime(actra.Actra.from_strings(SCHEMA, POLICY))
    runtime.set_actor_resolver(lambda _: {"role": "support", "level": 3})
    runtime.set_snapshot_resolver(lambda _: {"fraud_flag": False, "daily_total": 1200})

    @runtime.admit
    def refund(amount: int, currency: str, target: str) -> str:  # noqa: ARG001 - as guards see it
        return "done"

    with (
        tempfile.TemporaryDirectory() as folder,
        actra.DecisionLog(Path(folder) / "log.jsonl", fsync="never", keep_files=1) as log,
    ):
        observers = {
            "no observer": None,
            "an observer that does nothing": lambda _: None,
            "a decision log": log,
        }
        spent: dict[str, list[float]] = {name: [] for name in observers}
        for _ in range(rounds):
            for name, observer in observers.items():
                runtime.set_decision_observer(observer)
                begin = time.perf_counter()
                for _ in range(STRETCH):
                    refund(20, "EUR", "order-17")
                spent[name].append((time.perf_counter() - begin) / STRETCH * 1e6)
                log.flush()
    for name, stretches in spent.items():
        print(f"{name:32} {statistics.median(stretches):8.2f} us")


if __name__ == "__main__":
    main()
