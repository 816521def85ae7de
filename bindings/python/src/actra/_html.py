"""A policy as a notebook shows it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .policy import Policy

_COLOURS = {"allow": "#1a7f37", "block": "#cf222e", "require_approval": "#9a6700"}
_MOST_RULES = 200
_GLOBAL = "every action"


def policy_html(policy: Policy) -> str:
    """Rules by scope, effects coloured, the hash. Everything of the policy's is escaped."""
    rules = policy.rules
    shown = rules[:_MOST_RULES]
    groups: dict[str, list[dict[str, Any]]] = {}
    for rule in shown:
        groups.setdefault(_scope(rule), []).append(rule)
    rows = "".join(_group(scope, members) for scope, members in groups.items())
    more = len(rules) - len(shown)
    if more:
        rows += f'<tr><td colspan="3">and {more} more</td></tr>'
    count = f"{len(rules)} rule{'' if len(rules) == 1 else 's'}"
    return (
        '<div class="actra-policy" style="font-family: monospace">'
        f"<b>Actra policy</b>, {count}<br>"
        f"<b>Hash:</b> {escape(policy.policy_hash())}"
        '<table style="text-align: left"><thead>'
        "<tr><th>rule</th><th>effect</th><th>description</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _scope(rule: dict[str, Any]) -> str:
    actions = rule.get("actions")
    return ", ".join(actions) if actions else _GLOBAL


def _group(scope: str, rules: list[dict[str, Any]]) -> str:
    head = f'<tr><th colspan="3" style="padding-top: 0.5em">{escape(scope)}</th></tr>'
    return head + "".join(_row(rule) for rule in rules)


def _row(rule: dict[str, Any]) -> str:
    effect = str(rule["effect"])
    colour = _COLOURS.get(effect, "inherit")
    shadow = " (shadow)" if rule.get("mode") == "shadow" else ""
    told = rule.get("description") or rule.get("message") or ""
    return (
        f"<tr><td>{escape(str(rule['id']))}</td>"
        f'<td style="color: {colour}; font-weight: bold">{escape(effect)}{shadow}</td>'
        f"<td>{escape(str(told))}</td></tr>"
    )
