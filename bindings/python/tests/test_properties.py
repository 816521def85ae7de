"""Whatever the values: dicts decide as their JSON does, and both ways into the library alike."""

from __future__ import annotations

import contextlib
import json
import math
import os
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from conftest import TYPES_SCHEMA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actra import Actra, ActraArtifactError, ActraInputError, ActraRuntime, Decision, Policy

POLICY = """
version: %d
evaluation: {combine: %s, default: %s, missing: %s, inputs: %s}
rules:
  - {id: a, scope: {action: probe}, when: action.string starts_with r, effect: block}
  - id: b
    scope: {action: probe}
    when: action.number > 5
    effect: require_approval
    required_actions: [{t: 1}]
  - id: c
    scope: {action: probe}
    when: action.strings contains red
    effect: require_approval
    required_actions: [{t: 1}, {t: 2}]
  - {id: d, scope: {action: probe}, when: 'action.map["k"] == v', effect: block, mode: shadow}
  - {id: e, scope: {action: probe}, when: action.object.inner.deep <= 2.5, effect: allow}
  - {id: f, scope: {action: probe}, when: action.timestamp > '2026-01-01T00:00:00Z', effect: allow}
  - {id: g, scope: {action: probe}, when: {not: 'action.integer in [1, 2]'}, effect: allow}
  - {id: h, scope: {action: other}, when: action.string == 5, effect: allow}
  - {id: i, scope: {global: true}, when: actor.type == human, effect: allow}
"""

# More with ACTRA_EXAMPLES.
often = settings(
    max_examples=int(os.environ.get("ACTRA_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

SETTINGS = [
    (2, "most_restrictive", "block", "fail_closed", "checked"),
    (2, "first_match", "allow", "no_match", "unchecked"),
    (1, "most_restrictive", "allow", "fail_closed", "checked"),
    (1, "first_match", "allow", "no_match", "unchecked"),
]
POLICIES = [Actra.from_strings(TYPES_SCHEMA, POLICY % chosen) for chosen in SETTINGS]

NAMES = [
    "string", "number", "integer", "boolean", "timestamp", "strings", "numbers", "integers",
    "object", "map", "instants", "choice", "unheard_of", "only_here", "shared", "name", "inner",
    "deep", "size", "k", "type",
]  # fmt: skip

texts = st.one_of(
    st.sampled_from(["red", "blue", "r", "v", "human", "2026-01-01T00:00:00Z", "x\0y", ""]),
    st.text(max_size=8),
)
numbers = st.one_of(
    st.integers(min_value=-(2**70), max_value=2**70),
    st.sampled_from([1, 2, 5, 6, 2**63, 2**63 - 1, -(2**63), 10**30, 10**308, 10**400]),
    st.floats(allow_nan=False, allow_infinity=False),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), texts), inner, max_size=4),
    ),
    max_leaves=12,
)


def fitting(name: str) -> st.SearchStrategy[Any]:
    """Mostly values that the field takes, so that not everything is an error."""
    strings = st.lists(texts, max_size=4)
    fits = {
        "string": texts,
        "number": numbers,
        "integer": st.integers(-5, 5),
        "boolean": st.booleans(),
        "timestamp": st.just("2026-06-01T00:00:00+02:00"),
        "strings": strings,
        "numbers": st.lists(st.floats(0, 9), max_size=3),
        "integers": st.lists(st.integers(0, 9), max_size=3),
        "object": st.fixed_dictionaries(
            {},
            optional={
                "name": texts,
                "size": st.integers(0, 9),
                "inner": st.fixed_dictionaries({}, optional={"deep": st.floats(0, 5)}),
            },
        ),
        "map": st.dictionaries(st.one_of(st.just("k"), texts), texts, max_size=3),
        "instants": st.just({"a": "2026-06-01T00:00:00Z"}),
        "choice": st.sampled_from(["red", "green"]),
        "type": st.sampled_from(["probe", "probe", "other", "human", "nobody"]),
    }
    return fits.get(name, values)


def domain(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    fits = st.fixed_dictionaries({}, optional={name: fitting(name) for name in names})
    return st.one_of(
        fits,
        fits,
        st.tuples(fits, st.dictionaries(st.sampled_from(names), values, max_size=2)).map(
            lambda both: {**both[0], **both[1]}
        ),
    )


actions = st.tuples(st.sampled_from(["probe", "probe", "other"]), domain(NAMES[:-1])).map(
    lambda pair: {"type": pair[0], **pair[1]}
)
contexts = st.one_of(
    st.fixed_dictionaries(
        {"action": actions}, optional={"actor": domain(["type", "name"]), "snapshot": domain(["k"])}
    ),
    st.fixed_dictionaries(
        {}, optional={"action": st.one_of(domain(NAMES), values), "actor": values, "x": values}
    ),
)

Told = tuple[Any, ...]


def told(ask: Any) -> Told:
    try:
        return "decision", ask()
    except ActraInputError as error:
        return "error", error.code, error.field


@pytest.mark.parametrize("policy", POLICIES, ids=[" ".join(map(str, s)) for s in SETTINGS])
@often
@given(context=contexts)
def test_dicts_decide_as_their_json_does(policy: Policy, context: dict[str, Any]) -> None:
    through_dict = told(lambda: policy.evaluate(context))
    text = json.dumps(context)
    assert through_dict == told(lambda: policy.evaluate_json(text))
    (many,) = policy.evaluate_many([context])
    if through_dict[0] == "decision":
        assert many == through_dict[1]
        assert type(many) is Decision
        trace = policy.explain(context, render=False)
        assert trace["decision"]["effect"] == through_dict[1]["effect"]
    else:
        assert isinstance(many, ActraInputError)
        assert (many.code, many.field) == through_dict[1:]


odd = st.one_of(
    st.binary(max_size=9),
    st.complex_numbers(),
    st.just(...),
    st.just(b"T12345678"),
    st.just(b"B\0\0\0\0\0\0\0\0"),
    st.decimals(),
    st.datetimes(),
    st.datetimes(timezones=st.just(timezone.utc)),
    st.sets(texts),
    st.frozensets(st.integers()),
    st.tuples(texts, texts),
    st.builds(object),
    st.sampled_from(["\ud800", "a\udc00", math.nan, math.inf, 10**5000, Decimal("1e99999"), int]),
    st.just({1: 2}),
    st.just({"\ud800": 2}),
    st.just([b"x"]),
    st.just({"k": b"x"}),
)


@pytest.mark.parametrize("policy", POLICIES, ids=[" ".join(map(str, s)) for s in SETTINGS])
@often
@given(context=contexts, name=st.sampled_from(NAMES), value=odd)
def test_odd_values_give_a_decision_or_an_input_error(
    policy: Policy, context: dict[str, Any], name: str, value: Any
) -> None:
    action = context.get("action")
    if isinstance(action, dict):
        context = {**context, "action": {**action, name: value}}
    first = told(lambda: policy.evaluate(context))
    (many,) = policy.evaluate_many([context])
    if first[0] == "decision":
        assert many == first[1]
        assert policy.explain(context, render=False)["decision"]["effect"] == first[1]["effect"]
        if _is_foreign(value) and isinstance(action, dict):
            # Nothing of the schema's was looked at.
            declared = policy._schema.fields_of(action.get("type")) or frozenset()
            assert name not in declared
    else:
        assert (many.code, many.field) == first[1:]  # type: ignore[union-attr]


def _is_foreign(value: Any) -> bool:
    return isinstance(value, bytes | complex) or value is ... or type(value) is object


@often
@given(data=st.binary(max_size=300), cut=st.integers(0, 10_000), flip=st.integers(0, 10_000))
def test_damaged_artifacts_are_refused(data: bytes, cut: int, flip: int) -> None:
    artifact = POLICIES[0].to_artifact()
    at = flip % len(artifact)
    damaged = [
        data,
        artifact[: cut % len(artifact)],
        artifact[:at] + bytes([artifact[at] ^ 0x10]) + artifact[at + 1 :],
    ]
    for given_bytes in damaged:
        with contextlib.suppress(ActraArtifactError):
            Actra.from_artifact(given_bytes)


names = st.sampled_from(["amount", "string", "number", "note", "ctx"])


@often
@given(string=values, number=values, strings=values, actor=domain(["type"]), role=texts)
def test_explain_call_says_what_admit_does(
    string: Any, number: Any, strings: Any, actor: dict[str, Any], role: str
) -> None:
    runtime = ActraRuntime(POLICIES[0])
    runtime.set_actor_resolver(lambda ctx, action: {**actor, "seen": len(action)})
    ran: list[int] = []

    @runtime.admit(action_type="probe")
    def probe(string: Any, number: Any = 5, *, strings: Any = (), **kwargs: Any) -> None:
        ran.append(1)

    arguments = {"number": number, "strings": strings, "map": {"k": role}}
    admitted = told(lambda: _admitted(lambda: probe(string, **arguments)))
    explained = told(lambda: runtime.explain_call(probe, string, **arguments))
    assert len(ran) == (1 if admitted == ("decision", None) else 0)
    if explained[0] == "error":
        assert admitted == explained
    elif explained[1].allowed:
        assert admitted == ("decision", None)
    else:
        assert admitted == ("decision", explained[1])


def _admitted(call: Any) -> Any:
    from actra import ActraPolicyError

    try:
        return call()
    except ActraPolicyError as error:
        return error.decision


def test_instants_are_their_text() -> None:
    at = datetime(2026, 6, 1, tzinfo=timezone.utc)
    action = {"type": "probe", "timestamp": at}
    text = {"type": "probe", "timestamp": at.isoformat()}
    for policy in POLICIES:
        assert policy.evaluate({"action": action}) == policy.evaluate({"action": text})
