"""A policy as a notebook shows it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ._candidates import scopes

if TYPE_CHECKING:
    from .policy import Policy

# Colours that can be read on light and on dark pages.
_COLOURS = {"allow": "#2da44e", "block": "#e5484d", "require_approval": "#bf8700"}
_MOST_RULES = 200
_EVERY_ACTION = "every action"
_CELL = "text-align: left; vertical-align: top"


def policy_html(policy: Policy) -> str:
    """Rules by scope, with their places in the order in which they decide; effects coloured; the
    hash.

    Names and texts of the policy's are escaped: a policy cannot put markup into a notebook.
    """
    rules = policy.rules
    about = scopes(policy)
    groups: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for place, rule in enumerate(rules[:_MOST_RULES], 1):
        scope = _scope(None if about is None else about[rule["id"]], policy)
        groups.setdefault(scope, []).append((place, rule))
    rows = "".join(_group(scope, members) for scope, members in groups.items())
    if len(rules) > _MOST_RULES:
        rows += f'<tr><td colspan="4" style="{_CELL}">and {len(rules) - _MOST_RULES} more</td></tr>'
    return (
        '<div class="actra-policy">'
        f"<div><b>Actra policy</b> &middot; {_count(len(rules))} &middot; where none decides: "
        f"{_effect(policy._schema.default_effect)}</div>"
        f"<div>hash <code>{escape(policy.policy_hash())}</code></div>"
        f"<table><thead><tr>{_heads('#', 'rule', 'effect', 'what it is for')}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _scope(actions: tuple[str, ...] | None, policy: Policy) -> str:
    if actions is None:
        return "rules"
    return _EVERY_ACTION if len(actions) == len(policy.schema["actions"]) else ", ".join(actions)


def _group(scope: str, rules: list[tuple[int, dict[str, Any]]]) -> str:
    head = f'<tr><th colspan="4" style="{_CELL}; padding-top: 0.8em">{escape(scope)}</th></tr>'
    return head + "".join(_row(place, rule) for place, rule in rules)


def _row(place: int, rule: dict[str, Any]) -> str:
    shadow = " (shadow)" if rule.get("mode") == "shadow" else ""
    told = rule.get("description") or rule.get("message") or ""
    cells = (
        str(place),
        f"<code>{escape(str(rule['id']))}</code>",
        f"{_effect(str(rule['effect']))}{shadow}",
        escape(str(told)),
    )
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _effect(effect: str) -> str:
    colour = _COLOURS.get(effect, "inherit")
    return f'<span style="color: {colour}; font-weight: bold">{escape(effect)}</span>'


def _heads(*names: str) -> str:
    return "".join(f'<th style="{_CELL}">{name}</th>' for name in names)


def _count(rules: int) -> str:
    return f"{rules} rule" if rules == 1 else f"{rules} rules"
