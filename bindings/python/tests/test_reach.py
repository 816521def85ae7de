"""Which actions are found to be out of reach: only such as no input ever gets allowed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actra import Actra, ActraError, ActraInputError, ActraRuntime, Policy
from actra._candidates import scopes
from actra.integrations._reach import Reach, can_be_allowed

SCHEMA = """
version: 1
common: {fields: {tenant: {type: string, required: true, enum: [acme, other]}}}
actions:
  pay:
    fields:
      amount: {type: integer, required: true, min: 3, max: 9}
      share: {type: number, required: true, max: -1}
      to: {type: object, required: true, fields: {iban: {type: string, required: true}}}
      on: {type: timestamp, required: true}
      tags: {type: list, items: string, required: true}
      fast: {type: boolean, required: true}
      labels: {type: map, values: string, required: true}
  look: {fields: {what: string}}
actor: {fields: {role: {type: string, required: true}}}
snapshot: {fields: {frozen: {type: boolean, required: true}}}
"""


def policy(*rules: str, version: int = 2, **evaluation: str) -> Policy:
    lines = [f"version: {version}"]
    if evaluation:
        lines.append(f"evaluation: {evaluation}")
    lines.append("rules:" if rules else "rules: []")
    for number, rule in enumerate(rules):
        lines.append(f"  - {{id: r{number}, {rule}}}")
    return Actra.from_strings(SCHEMA, "\n".join(lines))


def reach(*rules: str, **settings: Any) -> tuple[bool, bool]:
    """Whether `pay` and `look` may be allowed."""
    found = policy(*rules, **settings)
    return can_be_allowed(found, "pay"), can_be_allowed(found, "look")


ALLOW_PAY = "scope: {action: pay}, effect: allow"
ALLOW_ALL = "scope: {global: true}, effect: allow"


def test_an_action_without_a_rule_that_allows_is_out_of_reach_where_the_default_blocks() -> None:
    assert reach() == (False, False)
    assert reach(ALLOW_PAY) == (True, False)
    assert reach(ALLOW_ALL) == (True, True)
    assert reach("scope: {action: pay}, when: action.amount > 5, effect: allow") == (True, False)
    assert reach("scope: {actor: human}, effect: allow") == (True, True)


def test_the_default_counts() -> None:
    assert reach(default="allow") == (True, True)
    assert reach(default="require_approval") == (False, False)
    assert reach(version=1) == (True, True)
    assert reach("scope: {action: pay}, effect: block", version=1) == (False, True)


def test_a_rule_that_always_blocks_or_asks_before_counts() -> None:
    for effect in ("block", "require_approval"):
        stop = f"scope: {{action: pay}}, effect: {effect}"
        assert reach(ALLOW_ALL, stop) == (False, True)
        assert reach(ALLOW_ALL, stop, combine="first_match") == (False, True)
        assert reach(ALLOW_PAY, stop, combine="first_match") == (True, False)
        some = f"scope: {{action: pay}}, when: action.fast == true, effect: {effect}"
        assert reach(ALLOW_ALL, some) == (True, True)


def test_shadow_rules_change_nothing() -> None:
    assert reach(f"{ALLOW_PAY}, mode: shadow") == (False, False)
    assert reach(ALLOW_ALL, "scope: {action: pay}, effect: block, mode: shadow") == (True, True)


def test_conditions_on_the_actions_name_are_settled() -> None:
    only_look = "scope: {global: true}, when: action.type == look, effect: allow"
    assert reach(only_look) == (False, True)
    never = (
        "scope: {global: true}, when: {all: [action.type == look, actor.role == x]}, effect: allow"
    )
    assert reach(never) == (False, True)
    either = (
        "scope: {global: true}, when: {any: [action.type == look, actor.role == x]}, effect: allow"
    )
    assert reach(either) == (True, True)
    block_others = "scope: {global: true}, when: {not: action.type == look}, effect: block"
    assert reach(ALLOW_ALL, block_others) == (False, True)


def test_an_action_that_the_schema_does_not_know_is_out_of_reach_where_inputs_are_checked() -> None:
    assert can_be_allowed(policy(ALLOW_ALL), "nothing") is False
    assert can_be_allowed(policy(ALLOW_ALL, version=1), "nothing") is True
    assert can_be_allowed(policy(version=1), "nothing") is True
    assert can_be_allowed(policy("scope: {global: true}, effect: block", version=1), "x") is False


def test_where_no_input_is_found_nothing_is_claimed() -> None:
    class Picky:
        schema = policy().schema
        rules = policy().rules

        def explain(self, context: Any, *, render: bool) -> Any:
            raise ActraInputError("below_min", "action.amount", "too small")

    picky: Any = Picky()
    assert can_be_allowed(picky, "pay") is True
    assert scopes(picky) is None


def test_what_is_known_is_known_of_a_policy_and_forgotten_with_it() -> None:
    runtime = ActraRuntime(policy(ALLOW_PAY))
    known = Reach(runtime)
    assert (known.has("pay"), known.has("look")) == (True, False)
    runtime.policy = policy(ALLOW_ALL)
    assert (known.has("pay"), known.has("look")) == (True, True)
    runtime.policy = policy()
    assert known.has("pay") is False
    # Its actions may have other names in the end.
    runtime.set_action_resolver(lambda *args: {"type": "look"})
    assert known.has("pay") is True


def test_where_telling_fails_the_action_is_hidden_and_the_host_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Closed:
        schema = policy().schema

        def explain(self, context: Any, *, render: bool) -> Any:
            raise ActraError("the policy is closed")

    closed: Any = Closed()
    runtime = ActraRuntime(policy(ALLOW_PAY))
    known = Reach(runtime)
    runtime.policy = closed
    assert known.has("pay") is False
    assert "cannot tell" in caplog.text
    # That was no answer to keep.
    runtime.policy = policy(ALLOW_PAY)
    assert known.has("pay") is True


def test_scopes_are_the_actions_that_rules_are_about() -> None:
    found = policy(
        ALLOW_PAY,
        "scope: {action: [look, pay]}, effect: block",
        "scope: {actor: human}, effect: allow",
    )
    both = ("look", "pay")
    assert scopes(found) == {"r0": ("pay",), "r1": both, "r2": both}


SCOPES = (
    "{action: pay}",
    "{action: look}",
    "{action: [pay, look]}",
    "{global: true}",
    "{actor: human}",
)
TESTS = (
    "",
    "when: action.type == pay, ",
    "when: action.type != pay, ",
    "when: actor.role == lead, ",
    "when: snapshot.frozen == true, ",
    "when: {all: [action.type == look, actor.role == lead]}, ",
    "when: {any: [action.type == look, snapshot.frozen == true]}, ",
    "when: {not: {all: [action.type == look, actor.role == lead]}}, ",
)
EFFECTS = ("allow", "block", "require_approval")
RULES = st.builds(
    "scope: {}, {}effect: {}{}".format,
    st.sampled_from(SCOPES),
    st.sampled_from(TESTS),
    st.sampled_from(EFFECTS),
    st.sampled_from(("", "", ", mode: shadow")),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(RULES, max_size=5),
    st.sampled_from(EFFECTS),
    st.sampled_from(("most_restrictive", "first_match")),
)
def test_what_is_out_of_reach_is_never_allowed(
    rules: list[str], default: str, combine: str
) -> None:
    found = policy(*rules, default=default, combine=combine)
    for action in ("pay", "look"):
        allowed = any(found.evaluate(context).allowed for context in contexts(action))
        if not can_be_allowed(found, action):
            assert not allowed, (rules, action)


def contexts(action: str) -> list[dict[str, Any]]:
    """Every input that these rules tell apart."""
    fields = {
        "pay": {
            "amount": 5,
            "share": -2,
            "to": {"iban": "DE"},
            "on": "2024-01-01T00:00:00Z",
            "tags": [],
            "fast": True,
            "labels": {},
        },
        "look": {},
    }[action]
    return [
        {
            "action": {"type": action, "tenant": "acme", **fields},
            "actor": {"role": role, "type": kind},
            "snapshot": {"frozen": frozen},
        }
        for role, kind, frozen in itertools.product(
            ("lead", "x"), ("human", "ai_agent"), (True, False)
        )
    ]
