"""Which rules are about which action: what explanations tell, without inputs of anyone's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import ActraInputError

if TYPE_CHECKING:
    from .policy import Policy

# Values that fit a type, whatever is asked of it elsewhere.
_SAMPLES: dict[str, Any] = {
    "string": "",
    "boolean": False,
    "timestamp": "2000-01-01T00:00:00Z",
    "list": [],
    "map": {},
}
# How many rules are looked at, over all actions, to tell their scopes.
MAX_LOOKS = 50_000


def explained(policy: Policy, action_type: str) -> dict[str, Any]:
    """The explanation (docs/explain.md) of some input with the action. Its `rules` are the
    candidates of every such input, in the order in which they decide.

    Raises:
        ActraInputError: `unknown_action`: there is no such input. Another: none was found.
    """
    return policy.explain(sample(policy.schema, action_type), render=False)


def scopes(policy: Policy) -> dict[str, tuple[str, ...]] | None:
    """The declared actions that each rule is about, by the rule's id.

    Returns:
        None where that is not known: some action wants an input that was not found, or there are
        too many rules and actions to look at.
    """
    actions = tuple(policy.schema["actions"])
    if len(actions) * len(policy.rules) > MAX_LOOKS:
        return None
    found: dict[str, list[str]] = {rule["id"]: [] for rule in policy.rules}
    for action in actions:
        try:
            told = explained(policy, action)
        except ActraInputError:
            return None
        for rule in told["rules"]:
            found[rule["id"]].append(action)
    return {rule: tuple(about) for rule, about in found.items()}


def sample(schema: Mapping[str, Any], action_type: str) -> dict[str, Any]:
    """An input with as little in it as the schema asks for."""
    own = schema["actions"].get(action_type, {})
    common = schema.get("common", {})
    action = _required(common) | _required(own) | {"type": action_type}
    actor, snapshot = _required(schema["actor"]), _required(schema["snapshot"])
    return {"action": action, "actor": actor, "snapshot": snapshot}


def _required(described: Mapping[str, Any]) -> dict[str, Any]:
    fields = described.get("fields", {})
    return {name: _value(field) for name, field in fields.items() if field.get("required")}


def _value(field: Mapping[str, Any]) -> Any:
    if field["type"] == "object":
        return _required(field)
    if field.get("enum"):
        return field["enum"][0]
    if field["type"] in ("number", "integer"):
        return field.get("min", min(0, field.get("max", 0)))
    return _SAMPLES[field["type"]]
