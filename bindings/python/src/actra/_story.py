"""What `explain` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._schema import DOMAINS

_MOST = 200


def tell(
    context: object, decision: Mapping[str, Any], trace: Mapping[str, Any], rendered: str
) -> str:
    """The three domains as they were given, the decision, and why.

    `rendered` is the library's text: the decision and the input come first there, which are told
    here already.
    """
    lines = ["", "Actra Decision", "-" * 14]
    for domain in DOMAINS:
        lines += ["", f"{domain.capitalize()}:"]
        lines += _members(context.get(domain) if isinstance(context, Mapping) else None)
    lines += ["", "Result:"]
    lines += [f"  {key}: {_shown(value)}" for key, value in decision.items()]
    parts = rendered.rstrip("\n").split("\n\n")[1:]
    reasons = [part for part in parts if not part.startswith("input\n")]
    lines += ["", "Why:"]
    lines += reasons_or_none(reasons)
    skipped = _skipped(trace)
    if skipped:
        lines += ["", "not looked at: an index rules them out", *skipped]
    return "\n".join(lines)


def reasons_or_none(reasons: list[str]) -> list[str]:
    """Rules with what their tests said, or that there are none."""
    if not reasons:
        return ["no rule is about this action: the default decides"]
    return "\n\n".join(reasons).split("\n")


def _members(domain: object) -> list[str]:
    try:
        items = list(domain.items()) if isinstance(domain, Mapping) else list(vars(domain).items())
    except TypeError:
        return []
    return [f"  {_shown(key)}: {_shown(value)}" for key, value in items]


def _skipped(trace: Mapping[str, Any]) -> list[str]:
    by_field: dict[str, list[str]] = {}
    for rule in trace.get("rules", ()):
        if rule.get("skipped_by"):
            by_field.setdefault(rule["skipped_by"], []).append(rule["id"])
    return [
        f"  by {_shown(field)}: {_shown(', '.join(rules))}" for field, rules in by_field.items()
    ]


def _shown(value: object) -> str:
    """A value as text of one line that does nothing to a terminal, whatever its code does."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - a value that cannot say what it is
        return f"<{type(value).__name__}>"
    if len(text) > _MOST:
        text = text[:_MOST] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
