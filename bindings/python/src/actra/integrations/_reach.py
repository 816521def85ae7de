"""Which actions can never be allowed, by what a policy's rules say of themselves.

There is no solver here: an action is told as out of reach only where that shows without looking
for inputs. See `can_be_allowed` for what is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from .._candidates import explained
from ..errors import ActraInputError
from ._refusal import logger

if TYPE_CHECKING:
    from ..policy import Policy
    from ..runtime import ActraRuntime

_Truth = Literal["true", "false", "either"]

# Values that fit a type, whatever is asked of it elsewhere.
_SAMPLES: dict[str, Any] = {
    "string": "",
    "boolean": False,
    "timestamp": "2000-01-01T00:00:00Z",
    "list": [],
    "map": {},
}


def can_be_allowed(policy: Policy, action_type: str) -> bool:
    """Whether the action may be allowed. It is false only where no input ever is.

    That is found where

    - the schema does not know the action, and inputs are checked;
    - no rule that could allow it is about it, and the default does not allow;
    - a rule that blocks it or asks for an approval always fires, and decides before every rule that
      could allow it.

    "Always" and "never" are found for rules without a condition, and for conditions that
    `action.type` alone settles. True, on the other hand, promises nothing: conditions that
    contradict each other, or that no actor of the host's ever meets, are not seen.
    """
    try:
        told = explained(policy, action_type)
    except ActraInputError as error:
        # Another error means that no input was found to ask with.
        return error.code != "unknown_action"
    for rule in told["rules"]:
        if rule["shadow"]:
            continue
        fires = _fires(rule["when"])
        if rule["effect"] == "allow":
            if fires != "false":
                return True
        elif fires == "true":
            return False
    return bool(told["settings"]["default"] == "allow")


def _fires(condition: Mapping[str, Any] | None) -> _Truth:
    """What a condition comes to in every input with the action."""
    if condition is None:
        return "true"
    for joint, decisive in (("all", "false"), ("any", "true")):
        if joint in condition:
            parts = {_fires(part) for part in condition[joint]}
            if decisive in parts:
                return "false" if decisive == "false" else "true"
            if "either" in parts:
                return "either"
            return "true" if decisive == "false" else "false"
    fields = condition.get("fields")
    if fields and all(field["field"] == "action.type" for field in fields):
        return "true" if condition["holds"] else "false"
    return "either"


class Reach:
    """`can_be_allowed` for a runtime, remembered per policy.

    A runtime whose action resolver may give an action another name hides nothing. What cannot be
    told because something fails is hidden: it could not be decided either.
    """

    def __init__(self, runtime: ActraRuntime) -> None:
        self._runtime = runtime
        # Together, so that no thread puts what it found into another policy's answers.
        self._known: tuple[Policy | None, dict[str, bool]] = (None, {})

    def has(self, action_type: str) -> bool:
        """Whether some input with the action may be allowed."""
        if self._runtime._action_resolver is not None:
            return True
        policy = self._runtime.policy
        of, known = self._known
        if of is not policy:
            known = {}
            self._known = (policy, known)
        if action_type not in known:
            try:
                known[action_type] = can_be_allowed(policy, action_type)
            except Exception:  # noqa: BLE001 - whatever fails, the action is not shown
                logger.exception("cannot tell whether `%s` may ever be allowed", action_type)
                return False
        return known[action_type]
