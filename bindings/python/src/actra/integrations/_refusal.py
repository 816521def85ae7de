"""What a caller is told of an operation that does not run: a model, a client, never an insider.

Nothing here quotes a value of the actor or the snapshot, nor the text of an error that the policy
did not write.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ..errors import ActraApprovalRequired, ActraInputError, ActraPolicyError

logger = logging.getLogger("actra.integrations")


class CallerError(ActraInputError):
    """What a caller sent cannot be read at all."""


_UNDECIDED = "could not be decided, so that it does not run"


def refusal(action_type: str, error: BaseException) -> str:
    """One line for whoever asked."""
    if isinstance(error, ActraPolicyError):
        return _of_decision(error)
    if isinstance(error, ActraInputError) and is_of_caller(error):
        return f"`{action_type}` does not run: {error.code}: {error.message}"
    return f"`{action_type}` {_UNDECIDED}"


def details(error: ActraPolicyError) -> dict[str, Any]:
    """The decision as data, without what it was about."""
    return {"action": error.action_type, "decision": dict(error.decision)}


def is_of_caller(error: ActraInputError) -> bool:
    """Whether the caller's own arguments are at fault, rather than the host's resolvers."""
    if isinstance(error, CallerError):
        return True
    return error.field is not None and error.field.startswith("action.")


def is_expected(error: BaseException) -> bool:
    """Whether it is the policy's word or the caller's fault; all else is for the host's log."""
    return isinstance(error, ActraPolicyError) or (
        isinstance(error, ActraInputError) and is_of_caller(error)
    )


def log_unexpected(action_type: str, error: BaseException) -> None:
    """Tells the host why nothing runs, where the caller is not told."""
    if not is_expected(error):
        logger.error("no decision on `%s`, which does not run", action_type, exc_info=error)


def _of_decision(error: ActraPolicyError) -> str:
    waits = isinstance(error, ActraApprovalRequired)
    verdict = "waits for an approval" if waits else "is blocked by the policy"
    rule = f" (rule {error.matched_rule})" if error.matched_rule else ""
    message = error.decision.get("message")
    line = f"`{error.action_type}` {verdict}{rule}" + (f": {message}" if message else "")
    if waits and error.required_actions:
        line += f" Required: {json.dumps(error.required_actions, ensure_ascii=False)}"
    return line
