"""Measures the binding against the 0.7.8 package, by turns in one run.

    ACTRA_078_PYTHON=... python bench/run.py [rounds]

Runs in the environment that the binding is installed in. Ratios are medians of rounds in which
each side was sampled once, with the tenth and the ninetieth percentile. Times are of the processes
measured, so that what else the machine does counts as little as it can. The decisions are compared
first.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import guard

from actra import Actra

WORKER = Path(__file__).with_name("worker.py")
COUNT = 1024
SEED = 20_260_101
GOALS = {
    ("evaluate", "accelerator"): 15,
    ("evaluate", "cffi"): 5,
    ("admit, allowed", "accelerator"): 12,
    ("admit, allowed", "cffi"): 12,
}
IMPORT_GOAL_MS = 50


class Side:
    """One installation."""

    def __init__(self, name: str, python: str, documents: tuple[str, str], contexts: str) -> None:
        env = {**os.environ, "ACTRA_PYTHON_PATH": name}
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.name = name
        self.python = python
        self.process = subprocess.Popen([python, str(WORKER)], env=env, **pipes)
        schema, policy = documents
        self.decided = self.ask({"schema": schema, "policy": policy, "contexts": contexts})

    def ask(self, question: object) -> Any:
        self.process.stdin.write(json.dumps(question) + "\n")  # type: ignore[union-attr]
        self.process.stdin.flush()  # type: ignore[union-attr]
        return json.loads(self.process.stdout.readline())  # type: ignore[union-attr]

    def import_ms(self) -> float:
        code = (
            "import time; start = time.process_time(); import actra; "
            "print((time.process_time() - start) * 1000)"
        )
        env = {**os.environ, "ACTRA_PYTHON_PATH": self.name}
        done = subprocess.run(
            [self.python, "-c", code], env=env, check=True, capture_output=True, text=True
        )
        return float(done.stdout)


def sayable_contexts() -> list[guard.Context]:
    policy = Actra.from_strings(*guard.documents())
    rule = lambda context: policy.evaluate(context)["matched_rule"]  # noqa: E731
    found = guard.contexts(4 * COUNT, SEED, lambda context: rule(context) is not None)
    return [context for context in found if guard.is_sayable(context, rule(context))][:COUNT]


def check(sides: list[Side], old: Side) -> None:
    expected = [[effect, guard.rule_of(rule)] for effect, rule in old.decided]
    for side in sides:
        if side.decided != expected or len(expected) != COUNT:
            raise SystemExit(f"error: {side.name} decides otherwise than 0.7.8")


def spread(samples: list[float]) -> str:
    tenths = statistics.quantiles(samples, n=10)
    return f"{statistics.median(samples):.2f} ({tenths[0]:.2f} to {tenths[-1]:.2f})"


def row(measure: str, of: str, against: str, ratios: list[float], ns: list[float]) -> None:
    goal = GOALS.get((measure, of), 2 if measure.startswith("evaluate_many") else "")
    print(
        f"| {measure} | {of} | {against} | {spread(ratios)} | {goal} "
        f"| {statistics.median(ns):.0f} |"
    )


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        contexts = Path(directory) / "contexts.json"
        contexts.write_text(json.dumps(sayable_contexts()), encoding="utf-8")
        old = Side("0.7.8", os.environ["ACTRA_078_PYTHON"], guard.v1_documents(), str(contexts))
        sides = [
            Side(name, sys.executable, guard.documents(), str(contexts))
            for name in ("accelerator", "cffi")
        ]
        check(sides, old)
        print(f"{COUNT} inputs decided alike, {rounds} rounds\n")
        print("| measure | of | against | times as fast | goal | ns |")
        print("|---|---|---|---|---|---|")
        for measure in ("evaluate", "admit, allowed", "admit, refused"):
            taken: dict[str, list[float]] = {side.name: [] for side in (old, *sides)}
            for _ in range(rounds):
                for side in (old, *sides):
                    taken[side.name].append(side.ask(measure))
            for side in sides:
                ratios = [a / b for a, b in zip(taken[old.name], taken[side.name], strict=True)]
                row(measure, side.name, "0.7.8", ratios, taken[side.name])
            print(f"| {measure} | 0.7.8 | | | | {statistics.median(taken[old.name]):.0f} |")
        for side in sides:
            pairs = [(side.ask("evaluate"), side.ask("evaluate_many")) for _ in range(rounds)]
            ratios = [one / many for one, many in pairs]
            row("evaluate_many", side.name, "evaluate", ratios, [many for _, many in pairs])
        print()
        for side in sides:
            taken_ms = [side.import_ms() for _ in range(max(rounds // 2, 5))]
            print(
                f"import actra, {side.name}: {spread(taken_ms)} ms (goal: under {IMPORT_GOAL_MS})"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
