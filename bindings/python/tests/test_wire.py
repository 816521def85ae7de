"""The format in which contexts cross on the way through cffi: read as written, whatever is sent."""

from __future__ import annotations

import functools
import marshal
import random
from typing import Any

import pytest
from conftest import context, probe
from hypothesis import given
from test_properties import contexts, often

from actra import ActraInputError, Policy
from actra._wire import dumps

cffi_door = pytest.importorskip("actra._cffi_door")
ffi, lib = cffi_door.ffi, cffi_door.lib


@functools.cache
def handle_of(policy: Policy) -> Any:
    """The policy through cffi, whichever way the tests go."""
    opened = cffi_door.CffiDoor().load(policy.to_artifact())
    return Policy(opened)._handle


def sent(handle: Any, data: bytes, trusted: int = 0) -> tuple[Any, ...]:
    outcome = ffi.new("walker_outcome *")
    rule = lib.marshalled_decide(handle._names, data, len(data), trusted, outcome)
    told = (rule, outcome.kind, outcome.status, outcome.rule, outcome.input_error)
    lib.walker_outcome_free(outcome)
    return told


@often
@given(context=contexts)
def test_all_versions_of_the_format_say_the_same(types: Policy, context: dict[str, Any]) -> None:
    handle = handle_of(types)
    try:
        ours = dumps(context)
    except ValueError:
        return
    expected = sent(handle, ours)
    for version in (2, 3, 4):
        assert sent(handle, marshal.dumps(context, version)) == expected
    assert (expected[1] == lib.OUTCOME_NOT_PLAIN) == (
        handle.decide(context) is None and not is_error(expected)
    )


def is_error(told: tuple[Any, ...]) -> bool:
    return bool(told[2])


def test_what_python_does_not_marshal_is_not_written() -> None:
    class Text(str):
        pass

    deep: Any = []
    for _ in range(3_000):
        deep = [deep]
    for value in (object(), Text("x"), {1: Text("x")}, [{2}], 2**63, 5j, deep):
        with pytest.raises(ValueError):
            dumps(value)
    assert marshal.loads(dumps({"a": [1.5, None, True, b"x", "é", -(2**63)]})) == {
        "a": [1.5, None, True, b"x", "é", -(2**63)]
    }


def damage(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(changed))
        kind = rng.randrange(4)
        if kind == 0:
            changed[at] = rng.randrange(256)
        elif kind == 1:
            changed[at] = ord(rng.choice("r{[(<0NTFilgsuzat.)"))
        elif kind == 2:
            del changed[at : at + rng.randrange(1, 5)]
        else:
            changed[at:at] = changed[rng.randrange(len(changed)) :][: rng.randrange(1, 9)]
        if not changed:
            break
    return bytes(changed)


def test_damaged_bytes_are_refused_or_are_another_input(types: Policy) -> None:
    handle = handle_of(types)
    rng = random.Random(7)
    inner = {"name": "x", "inner": {"deep": 2.5}}
    big = probe(strings=["a" * 9, "é"], object=inner, map={"k": "v"}, number=2**40, boolean=True)
    sources = [marshal.dumps(given, version) for given in (big, context()) for version in (2, 4)]
    kinds = set()
    for _ in range(20_000):
        data = damage(rng, rng.choice(sources))
        for trusted in (0, 1):
            kinds.add(sent(handle, data, trusted)[1])
    assert lib.OUTCOME_NOT_PLAIN in kinds
    assert len(kinds) > 1


def test_references_that_go_round_end(types: Policy) -> None:
    around: dict[str, Any] = {"type": "probe"}
    around |= {"object": around, "inner": around, "x": [around, {"y": around}]}
    handle = handle_of(types)
    # What the schema does not name may be too deep: that is for Python to see.
    assert (
        sent(handle, marshal.dumps({"action": around, "x": around}, 4))[1] == lib.OUTCOME_NOT_PLAIN
    )
    around["strings"] = [around]
    assert sent(handle, marshal.dumps({"action": around}, 4))[1] == lib.OUTCOME_NOT_PLAIN
    with pytest.raises(ActraInputError):
        types.evaluate({"action": around})
