"""What notebooks show of a policy."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from actra import Actra, Policy
from actra._candidates import MAX_LOOKS, scopes

SCHEMA = "version: 1\nactions: {refund: {fields: {amount: number}}, payout: {}}\n"

RULES = """
version: 2
rules:
  - {id: stop, scope: {global: true}, effect: block, when: action.type == refund, description: All}
  - {id: ask, scope: {action: refund}, effect: require_approval, when: action.amount > 9,
     message: A}
  - {id: fine, scope: {action: payout}, effect: allow}
  - {id: later, scope: {action: payout}, effect: block, mode: shadow}
"""

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;"


class Reader(HTMLParser):
    """Tags, attributes and texts, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def read(policy: Policy) -> Reader:
    html: Any = policy._repr_html_()
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def test_rules_stand_under_their_scopes_with_effect_place_and_text() -> None:
    policy = Actra.from_strings(SCHEMA, RULES)
    assert read(policy).rows == [
        ["#", "rule", "effect", "what it is for"],
        ["every action"],
        ["1", "stop", "block", "All"],
        ["payout"],
        ["2", "later", "block (shadow)", ""],
        ["4", "fine", "allow", ""],
        ["refund"],
        ["3", "ask", "require_approval", "A"],
    ]


def test_the_hash_and_the_default_are_shown_and_effects_have_colours() -> None:
    policy = Actra.from_strings(SCHEMA, RULES)
    html = policy._repr_html_()
    text = "".join(read(policy).texts)
    assert policy.policy_hash() in text
    assert "4 rules" in text
    assert "where none decides: block" in text
    colours = dict(re.findall(r"color: (#\w+); font-weight: bold\">(\w+)", html))
    assert sorted(colours.values()) == ["allow", "block", "require_approval"]


def test_nothing_of_a_policys_becomes_markup() -> None:
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    rules = f"""
version: 2
rules:
  - {{id: "{quoted}", scope: {{action: "{quoted}"}}, effect: allow, description: "{quoted}"}}
  - {{id: b, scope: {{global: true}}, effect: block, message: "{quoted}"}}
"""
    policy = Actra.from_strings(f'version: 1\nactions: {{"{quoted}": {{}}, pay: {{}}}}\n', rules)
    reader = read(policy)
    assert reader.tags == {
        "b", "code", "div", "span", "table", "tbody", "td", "th", "thead", "tr",
    }  # fmt: skip
    assert reader.attributes == {"class", "colspan", "style"}
    assert [HOSTILE] in reader.rows
    assert ["2", HOSTILE, "allow", HOSTILE] in reader.rows
    assert ["1", "b", "block", HOSTILE] in reader.rows


def test_a_policy_without_rules_and_one_with_many_are_shown() -> None:
    assert "0 rules" in "".join(read(Actra.from_strings(SCHEMA, "version: 2\nrules: []\n")).texts)
    many = "version: 2\nrules:\n" + "".join(
        f"  - {{id: r{number}, scope: {{action: refund}}, effect: allow}}\n"
        for number in range(250)
    )
    reader = read(Actra.from_strings(SCHEMA, many))
    assert reader.rows[-1] == ["and 50 more"]
    assert len(reader.rows) == 1 + 1 + 200 + 1


def test_too_many_rules_and_actions_are_shown_without_their_scopes() -> None:
    actions = 300
    rules = MAX_LOOKS // actions + 1
    schema = "version: 1\nactions: {" + ", ".join(f"a{n}: {{}}" for n in range(actions)) + "}\n"
    text = "version: 2\nrules:\n" + "".join(
        f"  - {{id: r{number}, scope: {{action: a1}}, effect: allow}}\n" for number in range(rules)
    )
    policy = Actra.from_strings(schema, text)
    assert scopes(policy) is None
    assert read(policy).rows[1] == ["rules"]
