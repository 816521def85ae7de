"""What Python values come to, in a schema's fields."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import json
import math
import types as python_types
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import pytest
from conftest import probe, types_policy

from actra import Actra, ActraInputError, Policy

UTC = dt.timezone.utc


def decides(policy: Policy, **fields: Any) -> bool:
    """Whether the values are inputs; they are decided alike through text."""
    return policy.evaluate(probe(**fields)).allowed


def refused(policy: Policy, **fields: Any) -> ActraInputError:
    with pytest.raises(ActraInputError) as caught:
        policy.evaluate(probe(**fields))
    return caught.value


class Shade(enum.Enum):
    RED = "red"
    FIVE = 5
    NONE = None
    NESTED = enum.Enum("Inner", {"GREEN": "green"}).GREEN  # type: ignore[attr-defined]


class Colour(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 5


class Bits(enum.Flag):
    ONE = 1


class Text(str):
    def __str__(self) -> str:
        return "green"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 7

    def encode(self, *_: object) -> bytes:  # type: ignore[override]
        return b"green"


class Whole(int):
    def __int__(self) -> int:
        return 99

    def __index__(self) -> int:
        return 99


class Real(float):
    def __float__(self) -> float:
        return 99.0


# A policy in which the value alone decides, so that what it was read as can be told.
EXACTLY = """
version: %d
evaluation: {inputs: checked, default: block}
rules: [{id: same, scope: {action: probe}, when: %s, effect: allow}]
"""


def reads_as(field: str, value: Any, literal: str, version: int = 2) -> bool:
    types = {"string": "string", "number": "number", "integer": "integer", "boolean": "boolean"}
    schema = f"version: 1\nactions: {{probe: {{fields: {{{field}: {types[field]}}}}}}}\n"
    policy = Actra.from_strings(schema, EXACTLY % (version, f"action.{field} == {literal}"))
    return policy.evaluate(probe(**{field: value})).allowed


def _another(field: str, value: Any) -> str:
    return {"boolean": "false" if value else "true", "string": "blue"}.get(field, "77")


@pytest.mark.parametrize(
    ("field", "value", "literal"),
    [
        ("string", "red", "red"),
        ("string", "grün", "'grün'"),
        ("string", "\U0001f600", "'\U0001f600'"),
        ("string", Colour.RED, "red"),
        ("string", Shade.RED, "red"),
        ("string", Shade.NESTED, "green"),
        # What it is, and not what it says that it is.
        ("string", Text("red"), "red"),
        ("number", 5, "5"),
        ("number", 5.5, "5.5"),
        ("number", -0.0, "0"),
        ("integer", 5, "5"),
        ("integer", 5.0, "5"),
        ("integer", 2**63 - 1, str(2**63 - 1)),
        ("integer", -(2**63), str(-(2**63))),
        ("integer", 2**53 + 1, str(2**53 + 1)),
        ("integer", Level.HIGH, "5"),
        ("integer", Shade.FIVE, "5"),
        ("integer", Bits.ONE, "1"),
        ("integer", Whole(5), "5"),
        ("number", Real(5.5), "5.5"),
        ("number", Decimal("5.5"), "5.5"),
        ("integer", Decimal(5), "5"),
        ("integer", Decimal("5.00"), "5"),
        ("integer", Decimal(2**63 - 1), str(2**63 - 1)),
        ("number", Decimal("1e18"), "1000000000000000000"),
        ("boolean", True, "true"),
        ("boolean", False, "false"),
    ],
)
def test_values_are_read_as_what_they_are(field: str, value: Any, literal: str) -> None:
    assert reads_as(field, value, literal)
    assert not reads_as(field, value, _another(field, value))


def test_subclasses_are_not_read_as_they_say(types: Policy) -> None:
    assert not reads_as("string", Text("red"), "green")
    assert not reads_as("integer", Whole(5), "99")
    assert not reads_as("number", Real(5.5), "99")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("string", 5, "wrong_type"),
        ("string", b"red", "wrong_type"),
        ("string", bytearray(b"red"), "wrong_type"),
        ("string", True, "wrong_type"),
        ("string", ["red"], "wrong_type"),
        ("string", {"red": 1}, "wrong_type"),
        ("string", object(), "wrong_type"),
        ("string", "red".encode, "wrong_type"),
        ("string", ..., "wrong_type"),
        ("string", NotImplemented, "wrong_type"),
        ("string", Shade.FIVE, "wrong_type"),
        ("string", dt.datetime(2026, 1, 1, tzinfo=UTC), "wrong_type"),
        ("string", "a" * (2**20 + 1), "too_large"),
        ("string", "é" * (2**19) + "a", "too_large"),
        ("string", "\ud800", "not_utf8"),
        ("string", "a\udfffb", "not_utf8"),
        ("number", "5", "wrong_type"),
        ("number", True, "wrong_type"),
        ("number", 5j, "wrong_type"),
        ("number", Fraction(1, 2), "wrong_type"),
        ("number", math.nan, "not_finite"),
        ("number", math.inf, "not_finite"),
        ("number", -math.inf, "not_finite"),
        ("number", 2**63, "out_of_range"),
        ("number", -(2**63) - 1, "out_of_range"),
        ("number", 10**400, "out_of_range"),
        ("number", -(10**400), "out_of_range"),
        ("number", Decimal("0.1"), "wrong_type"),
        ("number", Decimal("nan"), "not_finite"),
        ("number", Decimal("snan"), "not_finite"),
        ("number", Decimal("inf"), "not_finite"),
        ("number", Decimal("1e999999999"), "out_of_range"),
        ("number", Decimal("1e-999999999"), "wrong_type"),
        ("number", Decimal("1e30"), "out_of_range"),
        ("integer", 5.5, "wrong_type"),
        ("integer", 1e300, "out_of_range"),
        ("integer", Decimal("5.5"), "wrong_type"),
        ("integer", Decimal(2**63), "out_of_range"),
        ("integer", False, "wrong_type"),
        ("boolean", 1, "wrong_type"),
        ("boolean", "true", "wrong_type"),
        ("timestamp", "yesterday", "wrong_type"),
        ("timestamp", 5, "wrong_type"),
        ("timestamp", dt.datetime(2026, 1, 1), "wrong_type"),
        ("timestamp", dt.date(2026, 1, 1), "wrong_type"),
        ("timestamp", dt.time(1, 2, tzinfo=UTC), "wrong_type"),
        ("timestamp", dt.timedelta(1), "wrong_type"),
        ("strings", "red", "wrong_type"),
        ("strings", ["red", None], "wrong_type"),
        ("strings", ["red", 5], "wrong_type"),
        ("strings", ["red", ["blue"]], "wrong_type"),
        ("strings", ["red", {"blue": 1}], "wrong_type"),
        ("strings", ["red", object()], "wrong_type"),
        ("strings", ["red", b"blue"], "wrong_type"),
        ("strings", ["\ud800"], "not_utf8"),
        ("strings", {"red": 1}, "wrong_type"),
        ("strings", {"red": 1}.keys(), "wrong_type"),
        ("strings", (name for name in ["red"]), "wrong_type"),
        ("strings", ["a"] * 65_537, "too_large"),
        ("strings", ["a"] * 1_000_000, "too_large"),
        ("strings", collections.deque(["red"]), "wrong_type"),
        ("strings", [dt.datetime(2026, 1, 1, tzinfo=UTC)], "wrong_type"),
        ("numbers", [1, True], "wrong_type"),
        ("numbers", [1, math.nan], "not_finite"),
        ("numbers", range(3), "wrong_type"),
        ("integers", [1, 1.5], "wrong_type"),
        ("integers", [10**30], "out_of_range"),
        ("object", "name", "wrong_type"),
        ("object", ["name"], "wrong_type"),
        ("object", object(), "wrong_type"),
        ("map", ["a"], "wrong_type"),
        ("choice", "blue", "not_in_enum"),
        ("choice", "", "not_in_enum"),
    ],
)
def test_what_no_field_takes_is_an_input_error(
    types: Policy, field: str, value: Any, code: str
) -> None:
    error = refused(types, **{field: value})
    assert (error.code, error.field) == (code, f"action.{field}")
    assert isinstance(error, TypeError) == (code == "wrong_type")
    assert f"action.{field}" in str(error)
    with pytest.raises(ActraInputError):
        types.explain(probe(**{field: value}), render=False)
    (many,) = types.evaluate_many([probe(**{field: value})])
    assert isinstance(many, ActraInputError)
    assert many.code == code


def test_integers_that_python_writes_out_for_nobody(types: Policy) -> None:
    assert refused(types, number=10**5000).code == "out_of_range"
    assert refused(types, number=-(10**5000)).code == "out_of_range"


def test_none_is_missing_in_version_2_and_an_error_in_version_1(types: Policy) -> None:
    assert decides(types, string=None, number=None, strings=None, object=None, map=None)
    assert decides(types, string=Shade.NONE)
    policy = types_policy(1)
    assert refused(policy, string=None).code == "wrong_type"
    assert refused(policy, string=Shade.NONE).code == "wrong_type"


@pytest.mark.parametrize(
    "value",
    [["red", "blue"], ("red", "blue"), {"red", "blue"}, frozenset({"red", "blue"}), [], (), set()],
)
def test_lists_tuples_and_sets_are_lists(types: Policy, value: Any) -> None:
    assert decides(types, strings=value)
    assert decides(types, strings=[Colour.RED, Text("blue"), "x"])
    assert decides(types, numbers=(1, 2.5, Decimal("0.5"), Level.HIGH))
    assert decides(types, strings=["a"] * 65_536)


def test_lists_read_as_their_items() -> None:
    schema = "version: 1\nactions: {probe: {fields: {tags: {type: list, items: string}}}}\n"
    policy = Actra.from_strings(schema, EXACTLY % (2, "'action.tags contains_all [red, blue]'"))

    class Pair(NamedTuple):
        first: str
        second: str

    class Lying(list[str]):
        def __iter__(self) -> Any:
            return iter(["red", "blue"])

        def __getitem__(self, index: Any) -> Any:
            return "red"

        def __len__(self) -> int:
            return 0

    for value in (["red", "blue"], {"blue", "red"}, Pair("red", "blue")):
        assert policy.evaluate(probe(tags=value)).allowed
    assert not policy.evaluate(probe(tags=["red"])).allowed
    assert not policy.evaluate(probe(tags=Lying(["green"]))).allowed


def test_aware_datetimes_are_instants() -> None:
    schema = "version: 1\nactions: {probe: {fields: {at: timestamp}}}\n"
    policy = Actra.from_strings(schema, EXACTLY % (2, "action.at == '2026-01-01T12:00:00.000001Z'"))
    east = dt.timezone(dt.timedelta(hours=5, minutes=30))
    at = dt.datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
    for value in (at, at.astimezone(east), "2026-01-01T13:00:00.000001+01:00"):
        assert policy.evaluate(probe(at=value)).allowed
        explained = policy.explain(probe(at=value), render=False)
        assert explained["decision"]["effect"] == "allow"
    assert not policy.evaluate(probe(at=at + dt.timedelta(microseconds=1))).allowed
    for hours in (-14, 14):
        zone = dt.timezone(dt.timedelta(hours=hours))
        for edge in (dt.datetime.min, dt.datetime.max):  # noqa: DTZ901 - it is given one
            context = probe(at=edge.replace(tzinfo=zone))
            assert policy.evaluate(context).effect == "block"
            assert policy.explain(context, render=False)["decision"]["effect"] == "block"


def test_a_zone_that_raises_is_an_input_error(types: Policy) -> None:
    class Nowhere(dt.tzinfo):
        def utcoffset(self, _: dt.datetime | None) -> dt.timedelta:
            raise RuntimeError("nowhere")

    error = refused(types, timestamp=dt.datetime(2026, 1, 1, tzinfo=Nowhere()))
    assert error.code == "wrong_type"
    assert isinstance(error.__cause__, RuntimeError)


@dataclasses.dataclass
class Inner:
    deep: Any


@dataclasses.dataclass
class Thing:
    name: Any
    size: int = 5
    inner: Any = None
    kind: ClassVar[str] = "x"
    more: dataclasses.InitVar[int] = 7
    _private: Any = dataclasses.field(default_factory=object)


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    type: str
    string: str


def test_dataclasses_are_objects(types: Policy) -> None:
    schema = (
        "version: 1\nactions: {probe: {fields: {object: {type: object, fields: "
        "{name: string, inner: {type: object, fields: {deep: number}}}}}}}\n"
    )
    when = "{all: [action.object.name == red, action.object.inner.deep == 2.5]}"
    policy = Actra.from_strings(schema, EXACTLY % (2, when))
    for thing in (
        Thing(Colour.RED, inner=Inner(Decimal("2.5"))),
        {"name": "red", "inner": {"deep": 2.5}},
        {"name": "red", "inner": python_types.MappingProxyType({"deep": 2.5})},
        collections.OrderedDict(name="red", inner=collections.ChainMap({"deep": 2.5})),
        collections.UserDict({"name": "red", "inner": Inner(2.5)}),
    ):
        assert policy.evaluate(probe(object=thing)).allowed, thing
    assert refused(types, object=Thing(name=5)).field == "action.object.name"
    assert refused(types, object=Thing("x", inner=5)).field == "action.object.inner"
    assert refused(types, object=Thing("x", inner=Inner(object()))).field == (
        "action.object.inner.deep"
    )
    assert decides(types, map=Slotted("probe", "x"))
    assert refused(types, map=Thing("x")).code == "wrong_type"
    # The class is no instance.
    assert refused(types, object=Thing).code == "wrong_type"


def test_domains_and_contexts_may_be_objects(types: Policy) -> None:
    @dataclasses.dataclass
    class Context:
        action: Any
        actor: Any = dataclasses.field(default_factory=dict)

    action = Slotted("probe", "x")
    for given in (
        {"action": action},
        Context(action),
        python_types.MappingProxyType({"action": action}),
    ):
        assert types.evaluate(given).allowed  # type: ignore[arg-type]


def test_pydantic_models_are_objects(types: Policy) -> None:
    pydantic = pytest.importorskip("pydantic")

    class Deep(pydantic.BaseModel):  # type: ignore[name-defined, misc]
        deep: Decimal

    class Model(pydantic.BaseModel):  # type: ignore[name-defined, misc]
        model_config = pydantic.ConfigDict(extra="allow")
        name: str = pydantic.Field(alias="called")
        inner: Deep | None = None

    assert decides(types, object=Model(called="x", inner=Deep(deep=Decimal("2.5"))))
    assert refused(types, object=Model(called="x", size="many")).field == "action.object.size"
    assert decides(types, map=Model(called="x", other="y", inner=None)) is True
    assert types.evaluate({"action": Model(called="x", type="probe")}).allowed
    assert refused(types, string=Model(called="x")).code == "wrong_type"


def test_numpy_scalars_are_the_numbers_that_they_are(types: Policy) -> None:
    numpy = pytest.importorskip("numpy")
    assert reads_as("integer", numpy.int64(5), "5")
    assert reads_as("integer", numpy.uint8(5), "5")
    assert reads_as("number", numpy.float32(0.5), "0.5")
    assert reads_as("number", numpy.float64(0.1), "0.1")
    assert reads_as("number", numpy.float16(2.5), "2.5")
    assert reads_as("boolean", numpy.bool_(True), "true")
    assert reads_as("string", numpy.str_("red"), "red")
    assert decides(types, numbers=[numpy.int32(1), numpy.float64(2.5)])
    assert refused(types, number=numpy.uint64(2**63)).code == "out_of_range"
    assert refused(types, number=numpy.float64("nan")).code == "not_finite"
    assert refused(types, boolean=numpy.int8(1)).code == "wrong_type"
    for value in (
        numpy.array(5),
        numpy.array([5]),
        numpy.complex128(5),
        numpy.bytes_(b"5"),
        numpy.datetime64("2026-01-01T00:00:00.000000001"),
        numpy.datetime64("2026-01-01T00:00:00"),
        numpy.timedelta64(5, "s"),
        numpy.longdouble(5),
        numpy.void(b"5"),
    ):
        for field in ("integer", "number", "timestamp", "string"):
            assert refused(types, **{field: value}).code == "wrong_type", (value, field)


def test_maps_take_any_text_as_key(types: Policy) -> None:
    assert decides(types, map={"": "x", "a/b": "y", "é": "z", Colour.RED: "red", Text("k"): "v"})
    error = refused(types, map={"a": 5})
    assert (error.code, error.field) == ("wrong_type", 'action.map["a"]')
    assert refused(types, map={"a": object()}).field == "action.map"
    assert refused(types, map={5: "a"}).code == "malformed"
    assert refused(types, map={"\ud800": "a"}).code == "not_utf8"
    assert refused(types, map={Text("a"): "x", "a": "y"}).code == "duplicate_key"
    at = dt.datetime(2026, 1, 1, tzinfo=UTC)
    assert decides(types, instants={"a": at})
    assert refused(types, map={"a": at}).code == "wrong_type"


def test_what_the_schema_does_not_declare_is_not_looked_at(types: Policy) -> None:
    hollow = object()
    assert decides(types, unheard_of=hollow, only_here=hollow)
    assert decides(types, object={"name": "x", "unheard_of": hollow})
    assert types.evaluate(
        {**probe(), "unheard_of": hollow, "actor": {"unheard_of": hollow}}
    ).allowed
    at = dt.datetime(2026, 1, 1, tzinfo=UTC)
    assert types.evaluate({"action": {"type": "other", "shared": at}}).allowed
    # Declared for another action as another type.
    assert types.evaluate({"action": {"type": "other", "timestamp": hollow, "strings": 5}}).allowed
    with pytest.raises(ActraInputError):
        types.evaluate({"action": {"type": "other", "only_here": hollow}})


def test_unchecked_inputs_are_missing_and_foreign_ones_still_errors() -> None:
    policy = types_policy(2, "unchecked")
    for value in (5, ["x"], {"a": 1}, math.nan, 10**400):
        assert policy.evaluate(probe(string=value, object=value, strings=value)).allowed
    at = dt.datetime(2026, 1, 1, tzinfo=UTC)
    assert decides(policy, timestamp=at)
    for field in ("string", "number", "strings", "object", "map", "timestamp"):
        assert refused(policy, **{field: object()}).code == "wrong_type"
        assert refused(policy, **{field: b"x"}).code == "wrong_type"
    assert refused(policy, string=at).code == "wrong_type"
    assert refused(policy, strings=[at]).code == "wrong_type"
    assert policy.evaluate({"action": {"type": "nobody", "string": object()}}).effect == "block"


def test_limits_bind_what_stands_where_it_does_not_belong(types: Policy) -> None:
    policy = types_policy(2, "unchecked")
    long, many = "a" * (2**20 + 1), ["a"] * 65_537
    around: list[Any] = [long]
    around.append(around)
    for value, code in (
        ([long], "too_large"),
        ({"x": [{"y": long}]}, "too_large"),
        ([1, many], "too_large"),
        ({"x": many}, "too_large"),
        (["é" * (2**19) + "a"], "too_large"),
        (["\ud800"], "not_utf8"),
        (around, "too_deep"),
    ):
        for fields, field in (
            ({"string": {"x": value}}, "action.string"),
            ({"strings": [value]}, "action.strings"),
            ({"map": {"k": value}}, 'action.map["k"]'),
        ):
            error = refused(policy, **fields)
            # Depth leads, and is of no field.
            assert (error.code, error.field) == (code, None if code == "too_deep" else field)
            # Where inputs are checked, the type comes first.
            checked = "too_deep" if code == "too_deep" else "wrong_type"
            assert refused(types, **fields).code == checked
            context = {"action": {"type": "other", "strings": [value]}}
            with pytest.raises(ActraInputError):
                types.evaluate(context)
    fine = ["a" * 2**20, ["a"] * 65_536]
    assert decides(policy, string={"x": fine}, strings=[fine], map={"k": fine})


def test_version_1_numbers_are_doubles() -> None:
    assert reads_as("number", Decimal("0.1"), "0.1", version=1)
    assert reads_as("number", 2**53 + 1, str(2**53), version=1)
    schema = "version: 1\nactions: {probe: {fields: {n: number}}}\n"
    policy = Actra.from_strings(
        schema,
        "version: 1\nrules: [{id: big, scope: {action: probe}, when: {subject: {domain: action, "
        "field: n}, operator: greater_than, value: {literal: 5}}, effect: block}]\n",
    )
    for value in (6, math.inf, 2**70, Decimal("1e400"), Decimal("inf"), 10**308):
        assert policy.evaluate(probe(n=value)).effect == "block", value
        assert policy.explain(probe(n=value), render=False)["decision"]["effect"] == "block"
    for value in (5, math.nan, -math.inf, Decimal("nan"), Decimal("snan"), "6", True):
        assert policy.evaluate(probe(n=value)).effect == "allow", value
        assert policy.explain(probe(n=value), render=False)["decision"]["effect"] == "allow"
    with pytest.raises(ActraInputError) as caught:
        policy.evaluate(probe(n=10**400))
    assert caught.value.code == "out_of_range"


def test_contexts_and_domains_that_are_none(types: Policy) -> None:
    for context in (None, 5, "action", [], object(), [("action", {})]):
        with pytest.raises(ActraInputError) as caught:
            types.evaluate(context)  # type: ignore[arg-type]
        assert (caught.value.code, caught.value.field) == ("malformed", None)
        assert isinstance(caught.value, TypeError)
    for domain in ("action", "actor", "snapshot"):
        for value in (None, 5, "x", [], object()):
            with pytest.raises(ActraInputError) as caught:
                types.evaluate({**probe(), domain: value})
            assert (caught.value.code, caught.value.field) == ("malformed", domain)


@pytest.mark.parametrize("key", [5, None, b"string", ("string",), 5.5, True, Shade.RED])
def test_keys_that_are_no_text_are_refused(types: Policy, key: Any) -> None:
    for context in (
        {**probe(), key: 5},
        {"action": {"type": "probe", key: 5}},
        {**probe(), "actor": {key: 5}},
        probe(object={key: 5}),
    ):
        with pytest.raises(ActraInputError) as caught:
            types.evaluate(context)  # type: ignore[arg-type]
        assert caught.value.code == "malformed"


def test_text_says_what_dicts_say(types: Policy) -> None:
    fields = {
        "string": "x",
        "number": 2.5,
        "integer": 5,
        "boolean": True,
        "timestamp": "2026-01-01T00:00:00Z",
        "strings": ["a"],
        "object": {"name": "n", "inner": {"deep": 1}},
        "map": {"k": "v"},
    }
    assert types.evaluate(probe(**fields)) == types.evaluate_json(json.dumps(probe(**fields)))
