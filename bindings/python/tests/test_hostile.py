"""Objects that lie, raise, or change while they are looked at: an input error, or what they are."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import itertools
import json
import random
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from conftest import REFUND_POLICY, REFUND_SCHEMA, context, probe

from actra import Actra, ActraInputError, ActraRuntime, Decision, Policy


class Boom(Exception):
    pass


def raising(*_: Any, **__: Any) -> Any:
    raise Boom


class Hostile:
    """Raises whatever is asked of it."""

    __str__ = __repr__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = raising  # type: ignore[assignment]
    __int__ = __float__ = __index__ = __getitem__ = __call__ = keys = items = raising

    def __getattr__(self, name: str) -> Any:
        raise Boom


class Pretender:
    """Says that it is of another type."""

    def __init__(self, kind: type) -> None:
        self._kind = kind

    @property
    def __class__(self) -> Any:  # type: ignore[override]
        return self._kind


class LyingDict(dict[str, Any]):
    """Shows something else than it holds."""

    def __getitem__(self, key: str) -> Any:
        return 1

    def get(self, key: str, default: Any = None) -> Any:
        return 1

    def items(self) -> Any:
        return [("type", "ping")]

    def keys(self) -> Any:
        return ["type"]

    def __iter__(self) -> Any:
        return iter(["type"])

    def __len__(self) -> int:
        return 0

    def __contains__(self, key: object) -> bool:
        return True


class BrokenMapping(Mapping[str, Any]):
    def __init__(self, items: Any) -> None:
        self._items = items

    def items(self) -> Any:
        return self._items() if callable(self._items) else self._items

    def __getitem__(self, key: str) -> Any:
        raise Boom

    def __iter__(self) -> Iterator[str]:
        raise Boom

    def __len__(self) -> int:
        raise Boom


class LyingKey:
    """Equal to a name, and none."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return True


class LyingName(str):
    """Text that hides behind another's hash."""

    def __hash__(self) -> int:
        return hash("amount")

    def __eq__(self, other: object) -> bool:
        return True

    def __str__(self) -> str:
        return "amount"


FIELDS = (
    "string",
    "number",
    "integer",
    "boolean",
    "timestamp",
    "strings",
    "numbers",
    "object",
    "map",
)


def is_refused(policy: Policy, given: Any) -> ActraInputError:
    with pytest.raises(ActraInputError) as caught:
        policy.evaluate(given)
    (answer,) = policy.evaluate_many([given])
    assert isinstance(answer, ActraInputError)
    with pytest.raises(ActraInputError):
        policy.explain(given)
    return caught.value


@pytest.mark.parametrize("field", FIELDS)
def test_objects_that_raise_are_input_errors(types: Policy, field: str) -> None:
    assert is_refused(types, probe(**{field: Hostile()})).field == f"action.{field}"
    assert is_refused(types, probe(**{field: [Hostile()]})).field == f"action.{field}"
    is_refused(
        types,
        probe(**{field: {"k": Hostile()}}) if field in ("map",) else probe(map={"k": Hostile()}),
    )


@pytest.mark.parametrize("kind", [str, int, float, bool, dict, list, set, tuple, type(None)])
def test_pretenders_are_not_taken_for_what_they_say(types: Policy, kind: type) -> None:
    for field in FIELDS:
        assert is_refused(types, probe(**{field: Pretender(kind)})).code == "wrong_type"
    is_refused(types, Pretender(dict))
    is_refused(types, {"action": Pretender(dict)})


@pytest.mark.parametrize(
    "given", [(context(),), (context(), context()), (), [context()], None, 5, "x", b"x", {1}]
)
def test_what_holds_a_context_is_none(policy: Policy, given: Any) -> None:
    assert policy.evaluate(context()).allowed
    for ask in (policy.evaluate, lambda it: policy.evaluate(context=it)):
        with pytest.raises(ActraInputError, match="not a dict of") as caught:
            ask(given)
        assert caught.value.code == "malformed"
    (error,) = policy.evaluate_many([given])
    assert isinstance(error, ActraInputError)
    assert error.code == "malformed"


def test_dicts_are_what_they_hold(policy: Policy) -> None:
    given = {
        "action": LyingDict(type="refund", amount=5000),
        "actor": LyingDict(role="support"),
        "snapshot": LyingDict(fraud_flag=True),
    }
    assert policy.evaluate(given).matched_rule == "fraud"
    assert policy.evaluate(LyingDict(given)).matched_rule == "fraud"


@pytest.mark.parametrize(
    "items",
    [
        raising,
        5,
        [5],
        [("a", 1, 2)],
        [("a", 1), ("a", 2)],
        itertools.count(),
        None,
        [(Hostile(), 1)],
    ],
)
def test_mappings_that_break_are_input_errors(types: Policy, items: Any) -> None:
    for given in (
        BrokenMapping(items),
        {"action": BrokenMapping(items)},
        probe(object=BrokenMapping(items)),
        probe(map=BrokenMapping(items)),
    ):
        is_refused(types, given)


def test_a_mapping_without_an_end_is_an_input_error(types: Policy) -> None:
    endless = BrokenMapping(lambda: ((str(n), n) for n in itertools.count()))
    with pytest.raises(ActraInputError):
        types.evaluate({"action": endless})


def test_keys_that_lie(policy: Policy) -> None:
    base = {"type": "refund"}
    with pytest.raises(ActraInputError):
        policy.evaluate({**context(), "action": {**base, LyingKey("amount"): 5}})  # type: ignore[dict-item]
    with pytest.raises(ActraInputError):
        policy.evaluate({**context(), LyingKey("action"): {}})  # type: ignore[dict-item]
    # What the key is, and not what it says that it is: `amount` is missing.
    lying = policy.evaluate({**context(), "action": {**base, LyingName("note"): "5000"}})
    assert lying.missing == ["action.amount"]


def test_fields_that_raise_are_input_errors(types: Policy) -> None:
    @dataclasses.dataclass
    class Record:
        name: str

        def __getattribute__(self, name: str) -> Any:
            if name == "name":
                raise Boom
            return super().__getattribute__(name)

    error = is_refused(types, probe(object=Record("x")))
    assert error.field == "action.object"
    is_refused(types, {"action": Record("x")})


def test_exceptions_that_end_the_program_are_not_held_back(types: Policy) -> None:
    class Ending(Mapping[str, Any]):
        def items(self) -> Any:
            raise KeyboardInterrupt

        def __getitem__(self, key: str) -> Any: ...
        def __iter__(self) -> Any: ...
        def __len__(self) -> int:
            return 0

    with pytest.raises(KeyboardInterrupt):
        types.evaluate({"action": Ending()})


def test_values_that_nest_without_end(types: Policy) -> None:
    endless: list[Any] = []
    endless.append(endless)
    around: dict[str, Any] = {"name": "x"}
    around["inner"] = around
    around["self"] = around
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    for value in (endless, deep):
        for field in FIELDS:
            assert is_refused(types, probe(**{field: value})).code in ("wrong_type", "too_deep")
        assert is_refused(types, probe(unheard_of=value)).code == "too_deep"
    assert is_refused(types, probe(object=around)).code == "too_deep"
    assert is_refused(types, {**probe(), "unheard_of": around}).code == "too_deep"
    # Unwound by hand: Python's own way is as deep as the list.
    while isinstance(deep, list):
        deep = deep.pop()


def test_values_that_share_what_they_hold_are_not_written_out(types: Policy) -> None:
    bomb: Any = ["x"] * 10
    for _ in range(40):
        bomb = [bomb] * 10
    assert types.evaluate(probe(unheard_of=bomb)).allowed
    assert is_refused(types, probe(strings=bomb)).code == "wrong_type"
    wide: Any = ["x"] * 1000
    for _ in range(5):
        wide = [wide] * 1000
    assert types.evaluate(probe(unheard_of=wide)).allowed
    shared = {"name": "x"}
    same = ["x"] * 100
    assert types.evaluate(probe(object=shared, map=shared, strings=same, unheard_of=same)).allowed
    both = {"name": "x", "size": 5}
    assert types.evaluate({"action": {"type": "probe", "object": both}, "actor": both}).allowed


class Changing(threading.Thread):
    """Changes dicts as fast as it can."""

    def __init__(self, change: Any) -> None:
        super().__init__(daemon=True)
        self.change = change
        self.is_over = False

    def run(self) -> None:
        while not self.is_over:
            self.change()

    def __enter__(self) -> None:
        self.interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        self.start()

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        self.join()
        sys.setswitchinterval(self.interval)


def test_dicts_that_another_thread_changes(types: Policy) -> None:
    rng = random.Random(1)
    action: dict[Any, Any] = {"type": "probe"}
    inner: dict[Any, Any] = {}
    names: set[str] = set()
    values = ["x" * 50, 5, None, ["a" * 30], {"name": "y" * 40}, object(), inner, names]

    def change() -> None:
        for changed in (action, inner):
            changed[rng.choice(FIELDS)] = rng.choice(values)
            changed.pop(rng.choice(FIELDS), None)
            changed[str(rng.random())] = 1
            if len(changed) > 200:
                changed.clear()
                changed["type"] = "probe"
        names.add(str(rng.random()))
        if len(names) > 100:
            names.clear()

    outcomes: set[type] = set()
    given = {"action": action, "unheard_of": inner}
    with Changing(change):
        for _ in range(20_000):
            try:
                outcomes.add(type(types.evaluate(given)))
            except ActraInputError as error:
                outcomes.add(type(error))
    assert Decision in outcomes
    assert len(outcomes) > 1


@pytest.mark.parametrize("place", ["field", "unnamed", "object"])
def test_dicts_that_change_when_garbage_is_collected(types: Policy, place: str) -> None:
    # What another thread does at the worst moment, each time: a list of a dict's items is made of
    # new tuples, these make the collector run, and whatever it runs may change the dict.
    inner: dict[str, Any] = {str(name): {} for name in range(5_000)}
    action: dict[str, Any] = {"type": "probe", "string": inner if place == "field" else "x"}
    if place == "object":
        action["object"] = inner
    given = {"action": action, "unheard_of": inner if place == "unnamed" else {}}
    changes = itertools.count()

    def change(_phase: str, _info: dict[str, int]) -> None:
        inner[f"new {next(changes)}"] = 1

    thresholds = gc.get_threshold()
    gc.callbacks.append(change)
    gc.set_threshold(1)
    try:
        # What the extension reads for itself does not make the collector run.
        with contextlib.suppress(ActraInputError):
            assert isinstance(types.evaluate(given), Decision)
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(change)


def test_code_that_changes_the_input_while_it_is_read(types: Policy) -> None:
    action: dict[str, Any] = {"type": "probe", "string": "x" * 100}

    class Clearing(Mapping[str, Any]):
        def items(self) -> Any:
            action.clear()
            gc.collect()
            return [("name", "y")]

        def __getitem__(self, key: str) -> Any: ...
        def __iter__(self) -> Any: ...
        def __len__(self) -> int:
            return 0

    action["object"] = Clearing()
    action["strings"] = ["z" * 100]
    decision = types.evaluate({"action": action})
    # As it was when it was looked at.
    assert decision.allowed
    assert not action


def test_many_threads_decide_alike(policy: Policy) -> None:
    wrong: list[Any] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(3_000):
            amount = rng.choice([5, 5000, "x", None, 10**30])
            expected = {5: "allow", 5000: "require_approval"}.get(amount, "error")
            try:
                got = policy.evaluate(context(amount)).effect
            except ActraInputError:
                got = "error"
            if amount is None:
                expected = "require_approval"
            if got != expected:
                wrong.append((amount, got))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_policies_come_and_go_while_threads_decide() -> None:
    documents = (REFUND_SCHEMA, REFUND_POLICY)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                made = Actra.from_strings(*documents)
                again = Actra.from_artifact(made.to_artifact())
                assert again.evaluate(context()).allowed
                assert made.explain(context(), render=False)["decision"]["effect"] == "allow"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_hostile_arguments_block_a_guarded_call(runtime: ActraRuntime) -> None:
    calls: list[Any] = []

    @runtime.admit(action_type="refund")
    def refund(amount: Any, note: Any = "") -> None:
        calls.append(amount)

    for value in (Hostile(), Pretender(int), LyingDict(), float("nan"), 10**400, "\ud800", [5]):
        with pytest.raises(ActraInputError):
            refund(value)
        with pytest.raises(ActraInputError):
            refund(5, note=Hostile())
    assert not calls
    refund(5)
    assert calls == [5]


LIMITS_SCHEMA = """
version: 1
actions:
  pay:
    fields:
      n: number
      o: {type: object, fields: {x: string}}
      l: {type: list, items: string}
actor: {fields: {role: string}}
"""
LIMITS_POLICY = "version: 2\nrules: [{id: any, scope: {action: pay}, effect: allow}]\n"


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


LARGE = "x" * (1 << 20)
WIDE = "\u00e9" * (1 << 19)
UNNAMED: list[tuple[Any, str | None]] = [
    (LARGE, None),
    (LARGE + "x", "too_large"),
    (WIDE, None),
    (WIDE + "x", "too_large"),
    ("\ud83d", "not_utf8"),
    ({"\ud83d": 1}, "not_utf8"),
    ([0] * 65_536, None),
    ([0] * 65_537, "too_large"),
    ({"a": [1, {"b": [LARGE + "x"]}]}, "too_large"),
    ([["\udc00"]], "not_utf8"),
    (nested(20), None),
    (nested(62), None),
    (nested(63), "too_deep"),
    (nested(200), "too_deep"),
    (10**400, None),
    ([None, True, 1.5, {"k": {}}], None),
]


@pytest.mark.parametrize(("value", "code"), UNNAMED, ids=range(len(UNNAMED)))
def test_limits_bind_what_the_schema_does_not_name(value: Any, code: str | None) -> None:
    policy = Actra.from_strings(LIMITS_SCHEMA, LIMITS_POLICY)
    deeper = "too_deep" if value == nested(62) else code
    places: list[tuple[Any, str, str | None]] = [
        ({"action": {"type": "pay", "q": value}}, "action.q", code),
        ({"action": {"type": "pay"}, "actor": {"q": value}}, "actor.q", code),
        ({"action": {"type": "pay", "o": {"y": value}}}, "action.o.y", deeper),
    ]
    for given, field, expected in places:
        told = policy.evaluate_many([given])[0]
        if expected is None:
            assert policy.evaluate(given) == told
            assert told["effect"] == "allow"
        else:
            with pytest.raises(ActraInputError) as raised:
                policy.evaluate(given)
            assert raised.value.code == expected
            assert raised.value.field == (None if expected == "too_deep" else field)
            assert isinstance(told, ActraInputError)
            assert told.code == expected
        if expected != "not_utf8":
            text = json.dumps(given)
            if expected is None:
                assert policy.evaluate_json(text) == told
            else:
                with pytest.raises(ActraInputError) as raised:
                    policy.evaluate_json(text)
                assert raised.value.code == expected
                assert raised.value.field == (None if expected == "too_deep" else field)
    beside = {"action": {"type": "pay"}, "q": value}
    if code is None:
        assert policy.evaluate(beside)["effect"] == "allow"
    elif code != "too_deep":
        with pytest.raises(ActraInputError) as raised:
            policy.evaluate(beside)
        assert (raised.value.code, raised.value.field) == (code, "q")


@pytest.mark.parametrize("key", [LARGE, LARGE + "k", WIDE, WIDE + "k"])
def test_keys_have_a_limit_wherever_they_stand(key: str) -> None:
    schema = LIMITS_SCHEMA.replace("n: number", "n: number\n      m: {type: map, values: string}")
    policy = Actra.from_strings(schema, LIMITS_POLICY)
    for given in (
        {"action": {"type": "pay", key: 1}},
        {"action": {"type": "pay", "o": {key: 1}}},
        {"action": {"type": "pay", "m": {key: "x"}}},
        {"action": {"type": "pay", "q": {key: 1}}},
        {"action": {"type": "pay", "q": [{"a": {key: 1}}]}},
        {"action": {"type": "pay"}, "actor": {key: 1}},
        {"action": {"type": "pay"}, key: 1},
    ):
        told = policy.evaluate_many([given])[0]
        if key in (LARGE, WIDE):
            assert policy.evaluate(given) == told
            assert policy.evaluate_json(json.dumps(given)) == told
            assert told["effect"] == "allow"
            continue
        assert isinstance(told, ActraInputError)
        for decide in (policy.evaluate, lambda given: policy.evaluate_json(json.dumps(given))):
            with pytest.raises(ActraInputError) as raised:
                decide(given)
            assert (raised.value.code, raised.value.field) == ("too_large", None)
        assert (told.code, told.field) == ("too_large", None)


def test_what_the_schema_names_leads_over_what_it_does_not() -> None:
    policy = Actra.from_strings(LIMITS_SCHEMA, LIMITS_POLICY)
    with pytest.raises(ActraInputError) as raised:
        policy.evaluate({"action": {"type": "pay", "a": LARGE + "x", "n": "x"}})
    assert raised.value.field == "action.n"
    with pytest.raises(ActraInputError) as raised:
        policy.evaluate({"actor": {"a": LARGE + "x"}, "action": {"type": "pay", "q": LARGE + "x"}})
    assert raised.value.field == "action.q"


def test_circles_end() -> None:
    policy = Actra.from_strings(LIMITS_SCHEMA, LIMITS_POLICY)
    circle: list[Any] = []
    circle.append(circle)
    knot: dict[str, Any] = {}
    knot["a"] = [knot, knot]
    for value in (circle, knot):
        for given in ({"q": value}, {"n": value}, {"l": [value]}, {"o": {"y": value}}):
            with pytest.raises(ActraInputError) as raised:
                policy.evaluate({"action": {"type": "pay", **given}})
            assert raised.value.code in ("too_deep", "wrong_type")
