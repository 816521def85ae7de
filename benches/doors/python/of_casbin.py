"""`pycasbin`. Enforcers are made once; a request's values are taken from the input for each
decision, or are ready."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import casbin
from casbin.model import FastModel
from operations import Each, Operation, told, told_outcome
from workload import ACTIONS, POLICIES, Context, Workload, rules_of

GUARD_MODEL = """\
[request_definition]
r = amount, currency, target, express, kind, role, level, on_call, fraud_flag, daily_total, region
[policy_definition]
p = outcome, eft
[policy_effect]
e = priority(p.eft) || deny
[matchers]
m = MATCHER
"""

ROLES_MODEL = """\
[request_definition]
r = role, amount, type
[policy_definition]
p = role, over, eft
[policy_effect]
e = !some(where (p.eft == deny))
[matchers]
m = r.role == p.role && r.amount > p.over && r.type == 'spend'
"""


def operations(workload: Workload) -> dict[str, Callable[[], Operation]]:
    """What can be said of the workload."""
    # It tells of each refusal, as a warning, unless nobody listens.
    logging.getLogger("casbin").setLevel(logging.CRITICAL)
    if workload.roles is None:
        return {
            "casbin": partial(_guard, workload, is_ready=False),
            "casbin-ready": partial(_guard, workload, is_ready=True),
        }
    return {
        "casbin": partial(_roles, workload, is_fast=False, is_ready=False),
        "casbin-ready": partial(_roles, workload, is_fast=False, is_ready=True),
        "casbin-fast": partial(_roles, workload, is_fast=True, is_ready=False),
        "casbin-fast-ready": partial(_roles, workload, is_fast=True, is_ready=True),
    }


def _model(text: str) -> casbin.Model:
    model = casbin.Model()
    model.load_model_from_text(text)
    return model


def _guard_enforcer(rules: list[tuple[str, str]]) -> casbin.Enforcer:
    """An enforcer of the rules for an action. A line of its policy is an outcome; conditions stand
    in the matcher, and a line's outcome picks one."""
    matcher = " || ".join(
        f"p.outcome == '{outcome}' && ({condition})" for outcome, condition in rules
    )
    enforcer = casbin.Enforcer(_model(GUARD_MODEL.replace("MATCHER", matcher)))
    enforcer.add_function("has_prefix", str.startswith)
    enforcer.add_function("has_suffix", str.endswith)
    enforcer.add_function("has_part", str.__contains__)
    enforcer.add_policies(
        [[outcome, "allow" if outcome.startswith("allow") else "deny"] for outcome, _ in rules]
    )
    return enforcer


def _guard(workload: Workload, *, is_ready: bool) -> Operation:
    rules = (POLICIES / "guard.casbin.csv").read_text(encoding="utf-8")
    by_action = {action: _guard_enforcer(rules_of(rules, action)) for action in ACTIONS}
    contexts = workload.written()

    def ask(enforcer: casbin.Enforcer, request: tuple[Any, ...]) -> str:
        _, line = enforcer.enforce_ex(*request)
        outcome: str = line[0] if line else "block"
        return outcome

    if is_ready:
        ready = [
            (by_action[context["action"]["type"]], _guard_request(context)) for context in contexts
        ]
        return Each(lambda given: ask(*given), ready, told_outcome)

    def decide(context: Context) -> str:
        return ask(by_action[context["action"]["type"]], _guard_request(context))

    return Each(decide, contexts, told_outcome)


def _guard_request(context: Context) -> tuple[Any, ...]:
    action, actor, snapshot = context["action"], context["actor"], context["snapshot"]
    return (
        action["amount"],
        action["currency"],
        action["target"],
        action.get("express"),
        actor.get("type"),
        actor["role"],
        actor["level"],
        actor.get("on_call"),
        snapshot["fraud_flag"],
        snapshot["daily_total"],
        snapshot.get("region"),
    )


def _roles(workload: Workload, *, is_fast: bool, is_ready: bool) -> Operation:
    """A line of policy for each rule. `FastEnforcer` has an index by role."""
    if is_fast:
        model = FastModel([0])
        model.load_model_from_text(ROLES_MODEL)
        enforcer = casbin.FastEnforcer(model, cache_key_order=[0])
    else:
        enforcer = casbin.Enforcer(_model(ROLES_MODEL))
    for rule in workload.roles or ():
        enforcer.get_model().model["p"]["p"].policy.append([rule.role, rule.over, "deny"])
    contexts = workload.written()
    if is_ready:
        ready = [_roles_request(context) for context in contexts]
        return Each(lambda request: enforcer.enforce(*request), ready, _tell)
    return Each(lambda context: enforcer.enforce(*_roles_request(context)), contexts, _tell)


def _tell(is_allowed: bool) -> str:
    return told("allow" if is_allowed else "block")


def _roles_request(context: Context) -> tuple[Any, ...]:
    return context["actor"]["role"], context["action"]["amount"], context["action"]["type"]
