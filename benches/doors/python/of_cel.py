"""`cel-python`. Expressions are compiled once; a context of CEL's own values is made for each
decision, or is ready."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import celpy
from celpy import celtypes
from operations import Each, Operation, told_outcome
from workload import ACTIONS, SHARED, Context, Workload, rules_of

Values = dict[str, Any]


def operations(workload: Workload) -> dict[str, Callable[[], Operation]]:
    """What can be said of the workload."""
    if workload.roles is None:
        return {
            "cel": partial(_guard, workload, is_ready=False),
            "cel-ready": partial(_guard, workload, is_ready=True),
        }
    return {
        "cel": partial(_roles, workload, is_ready=False),
        "cel-ready": partial(_roles, workload, is_ready=True),
        "cel-data": partial(_data, workload, is_ready=False),
        "cel-data-ready": partial(_data, workload, is_ready=True),
    }


def _compiled(texts: list[str]) -> list[celpy.Runner]:
    environment = celpy.Environment(runner_class=celpy.CompiledRunner)
    return [environment.program(environment.compile(text)) for text in texts]


def _guard(workload: Workload, *, is_ready: bool) -> Operation:
    """The rules of an action, chained into one expression."""
    rules = (SHARED / "guard.cel.csv").read_text(encoding="utf-8")
    chains = []
    for action in ACTIONS:
        tests = [
            f'({condition}) ? "{outcome}" : ' for outcome, condition in rules_of(rules, action)
        ]
        chains.append("".join(tests) + '"block"')
    by_action = dict(zip(ACTIONS, _compiled(chains), strict=True))
    contexts = workload.written()
    if is_ready:
        ready = [
            (by_action[context["action"]["type"]], _guard_values(context)) for context in contexts
        ]
        return Each(lambda given: given[0].evaluate(given[1]), ready, told_outcome)

    def decide(context: Context) -> str:
        outcome: str = by_action[context["action"]["type"]].evaluate(_guard_values(context))
        return outcome

    return Each(decide, contexts, told_outcome)


def _guard_values(context: Context) -> Values:
    action, actor, snapshot = context["action"], context["actor"], context["snapshot"]
    text, number, flag = celtypes.StringType, celtypes.IntType, celtypes.BoolType
    return {
        "amount": number(action["amount"]),
        "currency": text(action["currency"]),
        "target": text(action["target"]),
        "express": flag(action["express"]) if "express" in action else None,
        "kind": text(actor["type"]) if "type" in actor else None,
        "role": text(actor["role"]),
        "level": number(actor["level"]),
        "on_call": flag(actor["on_call"]) if "on_call" in actor else None,
        "fraud_flag": flag(snapshot["fraud_flag"]),
        "daily_total": celtypes.DoubleType(snapshot["daily_total"]),
        "region": text(snapshot["region"]) if "region" in snapshot else None,
    }


def _roles_values(context: Context) -> Values:
    return {
        "type": celtypes.StringType(context["action"]["type"]),
        "amount": celtypes.IntType(context["action"]["amount"]),
        "role": celtypes.StringType(context["actor"]["role"]),
    }


def _roles(workload: Workload, *, is_ready: bool) -> Operation:
    """An expression for each rule, evaluated in order until one holds."""
    roles = workload.roles or []
    texts = [f'role == "{rule.role}" && amount > {rule.over} && type == "spend"' for rule in roles]
    outcomes = [f"block {rule.id}" for rule in roles]
    programs = list(zip(_compiled(texts), outcomes, strict=True))

    def decide(values: Values) -> str:
        for program, outcome in programs:
            if program.evaluate(values):
                return outcome
        return "allow"

    return _each(decide, workload, is_ready=is_ready)


def _data(workload: Workload, *, is_ready: bool) -> Operation:
    """One expression, which looks the limit of a role up."""
    roles = workload.roles or []
    text = 'role in over && amount > over[role] && type == "spend" ? outcomes[role] : "allow"'
    (program,) = _compiled([text])
    over = celtypes.MapType(
        {celtypes.StringType(rule.role): celtypes.IntType(rule.over) for rule in roles}
    )
    outcomes = celtypes.MapType(
        {celtypes.StringType(rule.role): celtypes.StringType(f"block {rule.id}") for rule in roles}
    )
    data = {"over": over, "outcomes": outcomes}
    return _each(lambda values: program.evaluate({**values, **data}), workload, is_ready=is_ready)


def _each(decide: Callable[[Values], str], workload: Workload, *, is_ready: bool) -> Operation:
    contexts = workload.written()
    if is_ready:
        return Each(decide, [_roles_values(context) for context in contexts], told_outcome)
    return Each(lambda context: decide(_roles_values(context)), contexts, told_outcome)
