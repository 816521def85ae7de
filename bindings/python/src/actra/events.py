"""What observers are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .types import Action, Decision, EvaluationContext

__all__ = ["DecisionEvent", "ReloadEvent"]


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass
class DecisionEvent:
    """A decision, or why there is none.

    An event is the observer's own: changing what is in it changes nothing else, so that values may
    be taken out before it is kept.

    Attributes:
        action: The action.
        decision: The decision; None where there is none.
        context: What was decided: `action`, `actor` and `snapshot`; where something went wrong
            before it was complete, what there was of it.
        timestamp: When, in UTC.
        duration_ms: How long deciding took, in milliseconds.
        error: Where there is no decision: why.
        policy_hash: Of the policy that was asked, or would have been; None where it has none.
        revision: Its revision; 0: it has none.
    """

    action: Action
    decision: Decision | None
    context: EvaluationContext
    timestamp: datetime = field(default_factory=_now)
    duration_ms: float = 0.0
    error: BaseException | None = None
    policy_hash: str | None = None
    revision: int = 0

    @property
    def effect(self) -> str | None:
        """`allow`, `block`, `require_approval`; None where there is no decision."""
        return None if self.decision is None else self.decision.get("effect")

    @property
    def matched_rule(self) -> str | None:
        """The rule that decided, if one did."""
        return None if self.decision is None else self.decision.get("matched_rule")

    @property
    def is_blocked(self) -> bool:
        """Whether the effect is `block`."""
        return self.effect == "block"

    @property
    def action_type(self) -> str:
        """The action's name."""
        name = self.action.get("type", "unknown")
        return name if isinstance(name, str) else "unknown"


@dataclass
class ReloadEvent:
    """What came of a reload.

    Attributes:
        changed: Whether another policy is in force now.
        error: Why the last good policy stays; None: it does not.
        status: How the store is doing now: `PolicyStore.status()`.
        timestamp: When, in UTC.
        duration_ms: How long loading and testing took, in milliseconds.
    """

    changed: bool
    error: Exception | None
    status: dict[str, Any]
    timestamp: datetime = field(default_factory=_now)
    duration_ms: float = 0.0
