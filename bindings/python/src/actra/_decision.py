"""Decisions."""

from __future__ import annotations

from typing import Any


class Decision(dict[str, Any]):
    """What was decided: a dict whose keys also read as attributes.

    `effect` (`allow`, `block` or `require_approval`) and `matched_rule` (None: the default decided)
    are always there. The others are there when set; as attributes they read as None, or as an
    empty list, when they are not:

    - `message`: of the rule that decided;
    - `matched_rules`: several approval rules fired, these;
    - `required_actions`: of all of them;
    - `missing`: the fields that left the deciding rule's condition unknown;
    - `shadow`: `effect` and `matched_rule` with shadow rules enforced, where that differs.
    """

    __slots__ = ()

    @property
    def effect(self) -> str | None:
        """`allow`, `block` or `require_approval`."""
        return self.get("effect")

    @property
    def matched_rule(self) -> str | None:
        """The id of the rule that decided; None: the default did."""
        return self.get("matched_rule")

    @property
    def message(self) -> str | None:
        """The deciding rule's message."""
        return self.get("message")

    @property
    def matched_rules(self) -> list[str]:
        """With several approval rules: all of them."""
        found: list[str] = self.get("matched_rules", [])
        return found

    @property
    def required_actions(self) -> list[Any]:
        """The required actions of all matched rules, as the policy has them."""
        found: list[Any] = self.get("required_actions", [])
        return found

    @property
    def missing(self) -> list[str]:
        """The fields that left the deciding rule's condition unknown."""
        found: list[str] = self.get("missing", [])
        return found

    @property
    def shadow(self) -> dict[str, Any] | None:
        """With shadow rules enforced, where that differs: `effect` and `matched_rule`."""
        return self.get("shadow")

    @property
    def allowed(self) -> bool:
        """Whether the operation may run."""
        return self.get("effect") == "allow"

    @property
    def blocked(self) -> bool:
        """Whether it may not. An operation that waits for an approval is not `blocked`."""
        return self.get("effect") == "block"

    @property
    def needs_approval(self) -> bool:
        """Whether it waits for an approval."""
        return self.get("effect") == "require_approval"

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            ) from None

    def copy(self) -> Decision:
        """Another decision with the same items."""
        return Decision(self)
