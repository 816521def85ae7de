"""Version 1, door to door with the `actra` 0.7.8 package in an environment of its own.

`ACTRA_078_PYTHON` names that environment's Python. Policies, inputs, calls and settings come from a
seed; both packages run the same driver.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "ACTRA_078_PYTHON"
pytestmark = pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no Python")
DRIVER = Path(__file__).parent / "compat_driver.py"
PROGRAMS = Path(__file__).parent / "compat_programs.py"
CASES = int(os.environ.get("ACTRA_COMPAT_CASES", "120"))
SEED = int(os.environ.get("ACTRA_COMPAT_SEED", "1"))

ACTIONS = ("refund", "positional", "keyword", "waits", "generates", "method", "of_class", "static")
FIELDS = {"amount": "number", "currency": "string", "express": "boolean", "total": "number"}
OPERATORS = ("equals", "not_equals", "greater_than", "less_than")
FUNCTIONS = ("positional", "keyword", "waits", "generates", "method", "of_class", "static")


def atom(rng: random.Random, domain: str, fields: list[str]) -> str:
    field = rng.choice(fields)
    kind = FIELDS[field]
    operator = rng.choice(OPERATORS if kind == "number" else OPERATORS[:2])
    literals = {
        "number": ["5", "1000", "0.5"],
        "string": ["EUR", "x"],
        "boolean": ["true", "false"],
    }
    literal = rng.choice(literals[kind])
    return (
        f"{{subject: {{domain: {domain}, field: {field}}}, operator: {operator}, "
        f"value: {{literal: {literal}}}}}"
    )


def spelled(names: list[str]) -> str:
    return "{" + ", ".join(f"{name}: {FIELDS[name]}" for name in names) + "}"


def question(rng: random.Random) -> dict[str, Any]:
    declared = {name: sorted(rng.sample(sorted(FIELDS), rng.randrange(0, 5))) for name in ACTIONS}
    state = {domain: sorted(rng.sample(sorted(FIELDS), 2)) for domain in ("actor", "snapshot")}
    schema = "version: 1\nactions:\n" + "".join(
        f"  {name}: {{fields: {spelled(names)}}}\n" for name, names in declared.items()
    )
    schema += "".join(
        f"{domain}: {{fields: {spelled(names)}}}\n" for domain, names in state.items()
    )
    rules = []
    for number in range(rng.randrange(1, 7)):
        name = rng.choice(ACTIONS)
        domains = list(state.items())
        scope = "{global: true}"
        if rng.random() < 0.8:
            scope = f"{{action: {name}}}"
            domains += [("action", declared[name])] * 3 if declared[name] else []
        parts = [atom(rng, *rng.choice(domains)) for _ in range(rng.choice([1, 1, 2, 3]))]
        when = (
            parts[0]
            if len(parts) == 1
            else f"{{{rng.choice(['all', 'any'])}: [{', '.join(parts)}]}}"
        )
        effect = rng.choice(["allow", "block", "require_approval"])
        rules.append(f"  - {{id: r{number}, scope: {scope}, when: {when}, effect: {effect}}}\n")
    policy = "version: 1\nrules:\n" + "".join(rules)
    scenarios = [scenario(rng, state) for _ in range(25)]
    return {"schema": schema, "policy": policy, "scenarios": scenarios}


def some_value(rng: random.Random, name: str = "") -> Any:
    fitting = {
        "number": [5, 6, 0.5, 1000, 1001, -1],
        "string": ["EUR", "x"],
        "boolean": [True, False],
    }
    if rng.random() < 0.85 and name in FIELDS:
        return rng.choice(fitting[FIELDS[name]])
    odd = [None, "", "5", True, 0, 2**53 + 1, [], [1], {}, {"a": 1}, {"$object": 1}]
    odd += [{"$float": text} for text in ("nan", "inf", "-inf")] + [{"$int": "1" + "0" * 30}]
    return rng.choice(odd)


def some_fields(rng: random.Random, names: list[str]) -> dict[str, Any]:
    return {name: some_value(rng, name) for name in names if rng.random() < 0.7}


def scenario(rng: random.Random, state: dict[str, list[str]]) -> dict[str, Any]:
    common: dict[str, Any] = {domain: some_fields(rng, names) for domain, names in state.items()}
    names = sorted(FIELDS)
    kind = rng.choice(["evaluate", "runtime", "helper", "build", "call", "call", "call"])
    if kind == "evaluate":
        action = {"type": rng.choice([*ACTIONS, "unheard_of"]), **some_fields(rng, names)}
        context = {"action": action, **common}
        if rng.random() < 0.1:
            context[rng.choice(list(context))] = some_value(rng)
        return {"kind": kind, "context": context}
    if kind == "runtime":
        return {
            "kind": kind,
            "action": {"type": rng.choice(ACTIONS), **some_fields(rng, names)},
            **common,
        }
    if kind == "helper":
        helper = rng.choice(["allow", "block", "requires_approval"])
        given = {"helper": helper, "type": rng.choice(ACTIONS), "fields": some_fields(rng, names)}
        return {"kind": kind, **given, **common}
    if kind == "build":
        chosen = rng.choice([None, [], ["amount"], ["amount", "unheard_of"]])
        kwargs = some_fields(rng, names)
        return {"kind": kind, "type": rng.choice(ACTIONS), "kwargs": kwargs, "fields": chosen}
    return {"kind": kind, **some_call(rng), **common}


def some_call(rng: random.Random) -> dict[str, Any]:
    function = rng.choice(FUNCTIONS)
    args: list[Any] = [] if function == "keyword" else [some_value(rng, "amount")]
    kwargs: dict[str, Any] = {}
    if function == "keyword":
        kwargs = {"amount": some_value(rng, "amount")} if rng.random() < 0.7 else {}
    if function in ("positional", "waits", "method") and rng.random() < 0.5:
        kwargs["currency"] = some_value(rng, "currency")
    if args and rng.random() < 0.3:
        kwargs["amount"] = args.pop()
    if rng.random() < 0.03:
        kwargs["unheard_of"] = 1
    call: dict[str, Any] = {"mode": rng.choice(["admit", "admit", "audit"]), "function": function}
    call |= {"args": args, "kwargs": kwargs, "resolvers": rng.random() < 0.9}
    if rng.random() < 0.4:
        call["action_type"] = rng.choice(ACTIONS)
    if rng.random() < 0.2:
        call["type_resolver"] = rng.choice(ACTIONS)
    if rng.random() < 0.2:
        call["fields"] = rng.choice([[], ["amount"], ["currency", "unheard_of"]])
    elif rng.random() < 0.1:
        call["builder"] = True
    return call


PIPES: dict[str, Any] = {
    "stdin": subprocess.PIPE,
    "stdout": subprocess.PIPE,
    # What is only watched is logged there.
    "stderr": subprocess.DEVNULL,
    "text": True,
}


class Package:
    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen([python, str(DRIVER)], **PIPES)
        self.version = self._read()["version"]

    def _read(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = self._read()
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.communicate()


def is_alike(theirs: dict[str, Any], ours: dict[str, Any], tally: Counter[str]) -> bool:
    """Whether the two came to the same, up to the deliberate differences of the migration page."""
    their_result, our_result = theirs["result"], ours["result"]
    if "raised" in their_result:
        # What the package raises for values in fields that the schema does not declare is ignored
        # here; what it raises for others is an input error here, too.
        tally["raised there"] += 1
        tally["raised in both"] += "raised" in our_result
        return True
    if "raised" in our_result:
        tally["raised here only"] += 1
        return False
    tally["events"] += len(theirs["events"])
    if "blocked" in their_result and "blocked" in our_result:
        tally["blocked"] += 1
        their_error, our_error = their_result["blocked"], our_result["blocked"]
        if their_error["decision"]["effect"] == "require_approval":
            tally["approvals"] += 1
            # It says what it waits for.
            their_error, our_error = ({**e, "text": ""} for e in (their_error, our_error))
        return (
            without_receiver(their_error) == without_receiver(our_error)
            and seen(theirs) == seen(ours)
            and without_receiver(theirs["events"]) == without_receiver(ours["events"])
        )
    tally["gave"] += 1
    same = their_result == our_result and seen(theirs) == seen(ours)
    return same and without_receiver(theirs["events"]) == without_receiver(ours["events"])


def seen(outcome: dict[str, Any]) -> Any:
    """What the decorated function saw."""
    return outcome.get("seen")


def without_receiver(tree: Any) -> Any:
    """The object that a method belongs to was a part of actions without declared fields."""
    if isinstance(tree, dict):
        return {
            key: without_receiver(member)
            for key, member in tree.items()
            if not (key in ("self", "cls") and member == "<object>")
        }
    if isinstance(tree, list):
        return [without_receiver(item) for item in tree]
    return tree


def test_version_1_is_what_the_package_makes_of_it() -> None:
    package, own = Package(os.environ[VARIABLE]), Package(sys.executable)
    assert package.version == "0.7.8"
    assert own.version != "0.7.8"
    tally: Counter[str] = Counter()
    differences: list[str] = []
    for case in range(CASES):
        asked = question(random.Random(SEED * 1_000_003 + case))
        theirs, ours = package.ask(asked), own.ask(asked)
        tally["refused"] += "refused" in theirs
        if ("refused" in theirs) != ("refused" in ours):
            differences.append(f"{case}: {theirs} {ours}\n{asked['schema']}{asked['policy']}")
            continue
        for number, scenario in enumerate(asked["scenarios"]):
            if "refused" in theirs:
                break
            pair = theirs["outcomes"][number], ours["outcomes"][number]
            tally[scenario["kind"]] += 1
            if not is_alike(*pair, tally):
                differences.append(
                    f"{case}: {scenario}\n  there: {pair[0]}\n  here:  {pair[1]}\n"
                    f"{asked['schema']}{asked['policy']}"
                )
    package.close()
    own.close()
    assert not differences, "\n".join(differences[:5]) + f"\n{len(differences)} differences"
    # A comparison of nothing must not pass for one.
    wanted = {
        "evaluate": 100,
        "runtime": 100,
        "helper": 100,
        "build": 100,
        "call": 300,
        "gave": 400,
        "blocked": 50,
        "approvals": 20,
        "events": 300,
        "raised there": 50,
        "raised in both": 20,
    }
    short = {name: tally[name] for name, least in wanted.items() if tally[name] < least}
    assert not short, tally


def test_programs_of_the_package_do_what_they_did() -> None:
    theirs, ours = programs(os.environ[VARIABLE]), programs(sys.executable)
    assert theirs["version"] == "0.7.8"
    assert ours["version"] != "0.7.8"
    assert len(theirs["noted"]) > 250
    differences, deliberate = [], 0
    for label, there in theirs["noted"].items():
        here = ours["noted"].get(label)
        if same_but_for_differences(label, there, here):
            deliberate += there != here
        else:
            differences.append(f"{label}\n  there: {there}\n  here:  {here}")
    assert not differences, "\n".join(differences)
    assert deliberate > 10


def programs(python: str) -> Any:
    done = subprocess.run([python, str(PROGRAMS)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def same_but_for_differences(label: str, there: Any, here: Any) -> bool:
    """Whether programs noted the same, up to what the migration page says is different."""
    if label.startswith("name: "):
        # There may be more parameters, after those that there were, and they may be left out.
        return (
            isinstance(here, list)
            and here[: len(there)] == there
            and "empty" not in str(here[len(there) :])
        )
    return bool(told(label, there) == told(label, here))


def told(label: str, noted: Any) -> Any:
    if not isinstance(noted, dict) or "raised" not in noted:
        return noted
    if noted.get("decision", {}).get("effect") == "require_approval":
        # It says what it waits for, and is a kind of what it was.
        return {key: noted[key] for key in ("action_type", "decision", "context", "to_dict")}
    if label.endswith((": too many", ": unheard_of")) and noted["raised"] == "TypeError":
        # In Python's words.
        return "TypeError"
    if noted["raised"] == "AssertionError":
        # Says which rule decided, too.
        return [line for line in noted["text"].split("\n") if not line.startswith("Matched rule")]
    return noted
