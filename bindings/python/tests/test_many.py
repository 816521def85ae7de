"""Contexts that are decided together: each answer is what it would be alone."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from conftest import context, probe, types_policy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actra import ActraInputError, Decision, Policy

# More than cross together, and no multiple of it.
MANY = 1_000
AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
TAGS = ["a", "b"]
LABELS = {"k": "v"}
DEEP: Any = []
for _ in range(150):
    DEEP = [DEEP]
ITSELF: dict[str, Any] = {"action": {"type": "probe"}}
ITSELF["snapshot"] = ITSELF
ITSELF["action"]["note"] = [ITSELF]
SHARED = probe(string="x", strings=TAGS, map=LABELS, object={"name": "n", "inner": {"deep": 1}})

ODD: list[Any] = [
    None,
    7,
    "probe",
    b"x",
    [],
    {},
    {"action": None},
    {1: 2},
    {"action": {"type": "probe", 1: 2}},
    object(),
    {"action": object()},
    ITSELF,
    SHARED,
    probe(string="\ud800"),
    probe(strings=["\ud800"]),
    probe(map={"\ud800": "v"}),
    probe(integer=1 << 70),
    probe(number=1 << 70),
    probe(number=float("nan")),
    probe(number=Decimal("2.5")),
    probe(number=2j),
    probe(strings={"a", "b"}),
    probe(strings=frozenset(TAGS)),
    probe(string=b"T12345678"),
    probe(string=...),
    probe(timestamp=AT),
    probe(timestamp="2026-01-01T00:00:00Z"),
    probe(unnamed={"far": [LABELS, TAGS, DEEP]}),
    probe(unnamed=DEEP),
    probe(unnamed=TAGS),
    probe(unnamed=[TAGS, TAGS]),
    probe(strings=TAGS, integers=[1, 2], map=LABELS),
    probe(strings=(1, 2)),
    probe(map={"k": {}}),
    {**SHARED, "beside": LABELS, "action": SHARED["action"]},
    {"action": {"type": "other", "string": 5}},
    {"action": {"type": "none"}},
]


def told(answer: Any) -> Any:
    if isinstance(answer, ActraInputError):
        return type(answer), answer.code, answer.field, str(answer)
    assert type(answer) is Decision
    return answer


def alone(policy: Policy, given: Any) -> Any:
    try:
        return told(policy.evaluate(given))
    except ActraInputError as error:
        return told(error)


def together(policy: Policy, given: list[Any]) -> None:
    answers = policy.evaluate_many(given)
    assert [told(answer) for answer in answers] == [alone(policy, one) for one in given]
    assert len({id(answer) for answer in answers}) == len(answers)


@pytest.mark.parametrize("settings", [(2, "checked"), (2, "unchecked"), (1, "unchecked")])
def test_answers_are_those_of_each_alone(settings: tuple[int, str]) -> None:
    policy = types_policy(*settings)
    for one in ODD:
        together(policy, [one])
        together(policy, [SHARED, one, probe(string="y", strings=TAGS), one, SHARED])
    together(policy, ODD)
    together(policy, ODD * 20)


def test_the_same_for_policies_with_more_to_say(policy: Policy) -> None:
    some = [
        context(),
        context(5000),
        context(None),
        context("5"),
        context(1 << 70),
        {"action": {"type": "refund"}},
        {"action": {"type": "refund", "amount": 5}, "actor": {}, "snapshot": {}},
        {"action": {"type": "ping"}, "actor": {"role": "guest"}},
        {"action": {"type": "ping"}},
    ]
    together(policy, some * 100)


def test_order_and_count_hold_across_what_crosses_together(types: Policy) -> None:
    chance = random.Random(1)
    plain = [probe(string=f"s{number}", strings=[str(number)]) for number in range(MANY)]
    together(types, plain)
    together(types, [chance.choice([one, chance.choice(ODD)]) for one in plain])
    for count in (0, 1, 255, 256, 257, 512):
        assert len(types.evaluate_many(plain[:count])) == count
    together(types, [SHARED] * MANY)


def test_a_decision_is_the_callers_own(policy: Policy) -> None:
    first, second = policy.evaluate_many([context(), context()])
    assert isinstance(first, Decision)
    first["effect"] = "block"
    first["more"] = 1
    assert second == policy.evaluate(context()) == {"effect": "allow", "matched_rule": "small"}
    one, other = policy.evaluate_many([context(5000), context(5000)])
    assert isinstance(one, Decision)
    one["required_actions"][0]["role"] = "nobody"
    one["required_actions"].clear()
    assert other == policy.evaluate(context(5000))


def test_what_is_not_within_limits_is_told_in_its_place(types: Policy) -> None:
    long = "x" * ((1 << 20) + 1)
    some = [
        SHARED,
        probe(string=long),
        probe(unnamed=long),
        probe(**{long: 1}),
        probe(map={long: "v"}),
        probe(strings=["a"] * 65_537),
        probe(unnamed=["a"] * 65_537),
        {**SHARED, long: 1},
        SHARED,
    ]
    together(types, some * 2)


# What stands in several contexts is written once, and so read through references.
values = st.recursive(
    st.one_of(
        st.sampled_from(["a", "b", "longer than eight", "\u00e9", TAGS, LABELS, 5, 1 << 40]),
        st.none(),
        st.booleans(),
        st.floats(),
        st.text(max_size=3),
        st.sampled_from([b"x", 2j, AT, 1 << 70, "\ud800"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["k", "name", "size", "inner", "deep"]), inner, max_size=3),
    ),
    max_leaves=5,
)
fields = st.dictionaries(
    st.sampled_from(
        ["string", "number", "integer", "boolean", "strings", "object", "map", "unnamed", "choice"]
    ),
    values,
    max_size=4,
)
contexts = st.builds(
    lambda kind, fields, beside: {"action": {"type": kind, **fields}, **beside},
    st.sampled_from(["probe", "other"]),
    fields,
    st.dictionaries(st.sampled_from(["actor", "snapshot", "beside"]), fields, max_size=2),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(given=st.lists(contexts, max_size=6), picks=st.lists(st.integers(0, 5), max_size=12))
def test_generated_contexts_together(types: Policy, given: list[Any], picks: list[int]) -> None:
    together(types, given + [given[pick] for pick in picks if pick < len(given)])
