"""The folder that a door is given."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

Context = dict[str, dict[str, Any]]


class Role(NamedTuple):
    """A rule of W2: who may not spend more than how much."""

    id: str
    role: str
    over: int


class Workload:
    """A policy and inputs: W1, or W2 where there are rules for those with policies of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.schema = self._text("schema.yaml")
        self.policy = self._text("policy.yaml")
        self._lines = self._text("inputs.jsonl").splitlines()
        rules = folder / "rules.jsonl"
        self.roles: list[Role] | None = None
        if rules.exists():
            self.roles = [Role(**json.loads(line)) for line in rules.read_text().splitlines()]

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8")

    def parsed(self) -> list[Context]:
        """The inputs as requests bring them: each parsed on its own, with keys of its own."""
        return [json.loads(line) for line in self._lines]

    def written(self) -> list[Context]:
        """The inputs as a program writes them: their keys are those of its literals, which Python
        has once."""
        return [
            {sys.intern(domain): _interned(fields) for domain, fields in context.items()}
            for context in self.parsed()
        ]


def _interned(fields: dict[str, Any]) -> dict[str, Any]:
    return {sys.intern(name): value for name, value in fields.items()}


def rules_of(text: str, action: str) -> list[tuple[str, str]]:
    """The rules for an action, in order, of a text with a rule a line: for which actions it is
    (`*`: all), what it comes to, its condition. Gives what they come to, and their conditions."""
    rules = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        actions, outcome, condition = (part.strip() for part in line.split(";", 2))
        if actions == "*" or action in actions.split():
            rules.append((outcome, condition))
    return rules


ACTIONS = ("delete", "export", "payout", "refund", "transfer")
# Policies that other doors are given, too.
SHARED = Path(__file__).resolve().parents[2] / "peers" / "policies"
POLICIES = Path(__file__).resolve().parent / "policies"
