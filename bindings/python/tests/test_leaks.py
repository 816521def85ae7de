"""What is given is given back: many evaluations take no more memory than some."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import REFUND_POLICY, REFUND_SCHEMA, context, probe

from actra import (
    Actra,
    ActraAnalysisError,
    ActraCompileError,
    ActraError,
    ActraInputError,
    ActraRuntime,
    Policy,
)

PAGE = os.sysconf("SC_PAGE_SIZE")
# What allocators may keep without anything leaking.
SLACK = 3 << 20


class Info(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    _fields_ = [
        ("sizes", ctypes.c_size_t * 4),
        ("hblkhd", ctypes.c_size_t),
        ("more", ctypes.c_size_t * 2),
        ("uordblks", ctypes.c_size_t),
        ("rest", ctypes.c_size_t * 2),
    ]


mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Info


def in_use() -> tuple[int, int]:
    """Blocks that Python has, and bytes that the library and large objects have."""
    gc.collect()
    info = mallinfo()
    return sys.getallocatedblocks(), int(info.uordblks) + int(info.hblkhd)


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def run(call: Callable[[], Any], count: int) -> None:
    for _ in range(count):
        with contextlib.suppress(ActraError):
            call()


def kept(call: Callable[[], Any], count: int) -> tuple[int, int]:
    """Least blocks and bytes that a round of a twentieth of the calls has kept."""
    rounds = 20
    # What is there already is not looked through each time.
    gc.freeze()
    run(call, max(count // rounds, 10))
    more_blocks, more_bytes = [], []
    for _ in range(rounds):
        blocks, size = in_use()
        run(call, count // rounds)
        blocks_after, size_after = in_use()
        more_blocks.append(blocks_after - blocks)
        more_bytes.append(size_after - size)
    return min(more_blocks), min(more_bytes)


def leaks(call: Callable[[], Any], count: int) -> list[tuple[int, int]]:
    """What calls have kept, where they do: each round adds to what those before have kept.

    What others in the process do meanwhile does not grow with the calls; what calls keep does. So
    a suspicion is tried again, with more calls each time.
    """
    found = []
    for calls_made in (count, 4 * count, 16 * count):
        blocks, size = kept(call, calls_made)
        if blocks <= max(calls_made // 200, 5) and size <= calls_made // 20:
            return []
        found.append((blocks, size))
    return found


TAGS = ["tag" + str(number) for number in range(200)]
MIXED = [context(), context("x"), context(5000), {"action": {"type": "refund"}}, None]
AT = datetime(2026, 1, 1, tzinfo=timezone.utc)


def calls(policy: Policy, types: Policy) -> dict[str, tuple[Callable[[], Any], int]]:
    runtime = ActraRuntime(policy)
    runtime.set_decision_observer(lambda event: None)

    @runtime.admit("refund")
    def refund(amount: Any) -> None: ...

    artifact = policy.to_artifact()
    fields = {"strings": TAGS, "map": {"k" * 50: "v" * 50}, "object": {"name": "n" * 100}}
    full = probe(timestamp=AT, number=Decimal("2.5"), **fields)
    return {
        "plain": (lambda: policy.evaluate(context()), 20_000),
        "approval": (lambda: policy.evaluate(context(5000)), 10_000),
        "missing": (lambda: policy.evaluate({"action": {"type": "refund"}}), 5_000),
        "lists and maps": (lambda: types.evaluate(probe(**fields)), 2_000),
        "made plain": (lambda: types.evaluate(full), 2_000),
        "input errors": (lambda: policy.evaluate(context("x")), 10_000),
        "foreign": (lambda: types.evaluate(probe(string=object())), 10_000),
        "surrogates": (lambda: types.evaluate(probe(string="\ud800")), 10_000),
        "many": (lambda: policy.evaluate_many(MIXED * 10), 1_000),
        "text": (lambda: policy.evaluate_json(b'{"action": {"type": "refund"}}'), 20_000),
        "bad text": (lambda: policy.evaluate_json(b'{"action": {"type": 5}}'), 20_000),
        "explain": (lambda: policy.explain(context(), render=False), 1_000),
        "guarded": (lambda: refund(5), 20_000),
        "refused": (lambda: refund("x"), 5_000),
        "load": (lambda: Actra.from_artifact(artifact), 1_000),
        "bad artifact": (lambda: Actra.from_artifact(artifact[:-1]), 5_000),
        "compile": (lambda: Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY), 100),
        "not compiled": (lambda: Actra.from_strings(REFUND_SCHEMA, "version: 9"), 300),
        "pickle": (lambda: pickle.loads(pickle.dumps(policy)), 500),
        "question": (lambda: policy.never("allow", actions=["refund"]), 200),
        "bad question": (lambda: policy.never("allow", assume="action.nothing == 1"), 400),
        "what it is": (lambda: (policy.rules, policy.schema, policy._repr_html_()), 500),
    }


NAMES = (
    "plain",
    "approval",
    "missing",
    "lists and maps",
    "made plain",
    "input errors",
    "foreign",
    "surrogates",
    "many",
    "text",
    "bad text",
    "explain",
    "guarded",
    "refused",
    "load",
    "bad artifact",
    "compile",
    "not compiled",
    "pickle",
    "question",
    "bad question",
    "what it is",
)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_kept(policy: Policy, types: Policy, name: str) -> None:
    call, count = calls(policy, types)[name]
    scale = int(os.environ.get("ACTRA_LEAK_SCALE", "1"))
    assert leaks(call, count * scale) == []


def test_every_call_is_tried(policy: Policy, types: Policy) -> None:
    assert tuple(calls(policy, types)) == NAMES


def test_a_leak_would_be_seen() -> None:
    kept: list[Any] = []
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    assert leaks(lambda: kept.append(object()), 1_000)
    assert leaks(lambda: libc.malloc(48), 1_000)


def test_the_calls_that_fail_do_fail(policy: Policy, types: Policy) -> None:
    tried = calls(policy, types)
    for name in ("input errors", "foreign", "surrogates", "bad text", "refused"):
        with pytest.raises(ActraInputError):
            tried[name][0]()
    with pytest.raises(ActraCompileError):
        tried["not compiled"][0]()
    with pytest.raises(ActraAnalysisError):
        tried["bad question"][0]()


@pytest.mark.long
def test_a_million_evaluations_keep_nothing(policy: Policy) -> None:
    call = lambda: policy.evaluate(context(5000))  # noqa: E731
    run(call, 100_000)
    before = resident()
    run(call, 1_000_000)
    assert resident() - before < SLACK
