"""`cedarpy`. Policies and entities are parsed once, into handles; a request is made for each
decision, or is ready."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import cedarpy
from operations import Each, Operation, told_outcome
from workload import ACTIONS, SHARED, Context, Role, Workload

Request = dict[str, Any]
RESOURCE = 'Resource::"guarded"'
# Each policy begins with its id.
BEGIN = re.compile(r"^@id\(", re.MULTILINE)


class Policies:
    """Policies in order. Cedar numbers them in theirs, and names those that decided: the first of
    them is the one that we name."""

    def __init__(self, policies: list[tuple[str, str]]) -> None:
        """Of outcomes and texts."""
        self._handle = cedarpy.PolicySet.from_str("\n".join(text for _, text in policies))
        self._order = {f"policy{place}": place for place in range(len(policies))}
        self._outcomes = [outcome for outcome, _ in policies]

    def outcome(self, request: Request, entities: cedarpy.Entities) -> str:
        """Decides."""
        result = cedarpy.is_authorized(request, self._handle, entities)
        diagnostics = result.diagnostics
        if diagnostics.errors:
            raise RuntimeError(str(diagnostics.errors))
        reasons = diagnostics.reasons
        if not reasons:
            if result.allowed:
                raise RuntimeError("allowed for no reason")
            return "block"
        order = self._order
        first = reasons[0] if len(reasons) == 1 else min(reasons, key=order.__getitem__)
        return self._outcomes[order[first]]


def operations(workload: Workload) -> dict[str, Callable[[], Operation]]:
    """`cedarpy` with all policies, and sliced: with those for the request's action (W1) or role
    (W2), which the caller picks."""
    make = _guard if workload.roles is None else _roles
    return {
        "cedarpy": partial(make, workload, is_sliced=False, is_ready=False),
        "cedarpy-ready": partial(make, workload, is_sliced=False, is_ready=True),
        "cedarpy-sliced": partial(make, workload, is_sliced=True, is_ready=False),
        "cedarpy-sliced-ready": partial(make, workload, is_sliced=True, is_ready=True),
    }


def _guard(workload: Workload, *, is_sliced: bool, is_ready: bool) -> Operation:
    policies = _policies((SHARED / "guard.cedar").read_text(encoding="utf-8"))
    by_action = {
        action: Policies([policy for policy in policies if _may_hold(policy[1], action)])
        if is_sliced
        else Policies(policies)
        for action in ACTIONS
    }
    contexts = workload.written()
    entities = _actors(contexts)
    inputs = [(at, context) for at, context in enumerate(contexts)]

    if is_ready:
        ready = [
            (by_action[context["action"]["type"]], _guard_request(at, context, is_ready=True))
            for at, context in inputs
        ]
        return Each(lambda given: given[0].outcome(given[1], entities), ready, told_outcome)

    def decide(given: tuple[int, Context]) -> str:
        at, context = given
        policies = by_action[context["action"]["type"]]
        return policies.outcome(_guard_request(at, context), entities)

    return Each(decide, inputs, told_outcome)


def _policies(text: str) -> list[tuple[str, str]]:
    """Outcomes and texts of a document's policies."""
    found = []
    for policy in BEGIN.split(text)[1:]:
        rule = policy.split('"', 2)[1]
        effect = "block" if re.search(r"^forbid\b", policy, re.MULTILINE) else "allow"
        told = re.search(r'^@effect\("(\w+)"\)', policy, re.MULTILINE)
        found.append((f"{told[1] if told else effect} {rule}", f"@id({policy}"))
    return found


def _may_hold(policy: str, action: str) -> bool:
    """Whether a policy's scope names an action, or none."""
    named = re.findall(r'Action::"(\w+)"', policy)
    return not named or action in named


def _uid(kind: str, name: object) -> dict[str, str]:
    return {"type": kind, "id": str(name)}


def _actors(contexts: list[Context]) -> cedarpy.Entities:
    """Actors by their places, members of their roles: what a service's store has of them."""
    entities: list[dict[str, Any]] = []
    for at, context in enumerate(contexts):
        actor = context["actor"]
        attributes = {name: actor[name] for name in ("level", "on_call") if name in actor}
        entities.append(
            {
                "uid": _uid(actor.get("type", "unknown"), at),
                "attrs": attributes,
                "parents": [_uid("Role", actor["role"])],
            }
        )
    return cedarpy.Entities.from_json_str(json.dumps(entities))


def _guard_request(at: int, context: Context, *, is_ready: bool = False) -> Request:
    action, snapshot = context["action"], context["snapshot"]
    facts = {
        "amount": action["amount"],
        "currency": action["currency"],
        "target": action["target"],
        "fraud_flag": snapshot["fraud_flag"],
        # In hundredths: Cedar's numbers are whole.
        "daily_total": int(snapshot["daily_total"] * 100),
    }
    if "express" in action:
        facts["express"] = action["express"]
    if "region" in snapshot:
        facts["region"] = snapshot["region"]
    return {
        "principal": f'{context["actor"].get("type", "unknown")}::"{at}"',
        "action": f'Action::"{action["type"]}"',
        "resource": RESOURCE,
        # What `cedarpy` would make of a `dict`.
        "context": json.dumps(facts) if is_ready else facts,
    }


def _limit(rule: Role) -> str:
    scope = f'principal == Role::"{rule.role}", action == Action::"spend", resource'
    return f"forbid ({scope}) when {{ context.amount > {rule.over} }};"


def _roles(workload: Workload, *, is_sliced: bool, is_ready: bool) -> Operation:
    allowed = ("allow", "permit (principal, action, resource);")
    limits = [(rule.role, (f"block {rule.id}", _limit(rule))) for rule in workload.roles or ()]
    if is_sliced:
        by_role = {role: Policies([limit, allowed]) for role, limit in limits}
        others = Policies([allowed])
    else:
        by_role, others = {}, Policies([*(limit for _, limit in limits), allowed])
    entities = cedarpy.Entities.from_json_str("[]")

    def decide(context: Context) -> str:
        policies = by_role.get(context["actor"]["role"], others)
        return policies.outcome(_roles_request(context), entities)

    contexts = workload.written()
    if not is_ready:
        return Each(decide, contexts, told_outcome)
    ready = [
        (
            by_role.get(context["actor"]["role"], others),
            _roles_request(context, is_ready=True),
        )
        for context in contexts
    ]
    return Each(lambda given: given[0].outcome(given[1], entities), ready, told_outcome)


def _roles_request(context: Context, *, is_ready: bool = False) -> Request:
    facts = {"amount": context["action"]["amount"]}
    return {
        "principal": f'Role::"{context["actor"]["role"]}"',
        "action": f'Action::"{context["action"]["type"]}"',
        "resource": RESOURCE,
        "context": json.dumps(facts) if is_ready else facts,
    }
