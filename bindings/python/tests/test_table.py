"""Tables through Arrow's capsules, made by hand: no package is needed for any of it."""

from __future__ import annotations

import gc
import sys
import threading
from typing import Any

import pytest
from arrow import Batch, Column, Streamed, batch, read_stream
from test_leaks import SLACK, in_use

from actra import ActraInputError, DecisionTable, Policy
from actra.errors import ActraInputTypeError

ROWS = 4


def refunds() -> Batch:
    return batch(
        action__type=["refund", "refund", "refund", None],
        action__amount=[5, 5000, None, 1],
        snapshot__fraud_flag=[False, False, False, False],
        actor__role=["support"] * ROWS,
        ignored=["x"] * ROWS,
    )


EFFECTS = ["allow", "require_approval", "require_approval", None]
RULES = ["small", "large", "large", None]
ERRORS = [None, None, None, "missing_required"]
FIELDS = [None, None, None, "action.type"]


def check(decisions: DecisionTable, times: int = 1) -> None:
    assert len(decisions) == decisions.num_rows == ROWS * times
    assert decisions.effect == EFFECTS * times
    assert decisions.matched_rule == RULES * times
    assert decisions.error == ERRORS * times
    assert decisions.error_field == FIELDS * times


def test_a_batch_is_decided_row_by_row(policy: Policy) -> None:
    given = refunds()
    decisions = policy.evaluate_table(given)
    check(decisions)
    assert repr(decisions) == "<DecisionTable of 4 rows>"
    # It is read, and neither taken nor given back.
    assert given.released == []


def test_rows_decide_as_contexts_do(policy: Policy) -> None:
    amounts = [1, 999, 1000, 1001, 10**12, -5]
    flags = [None, True, False]
    rows = [(amount, flag) for amount in amounts for flag in flags]
    table = batch(
        action__type=["refund"] * len(rows),
        action__amount=[amount for amount, _ in rows],
        snapshot__fraud_flag=[flag for _, flag in rows] + [],
    )
    decisions = policy.evaluate_table(table)
    answers = policy.evaluate_many(
        [
            {
                "action": {"type": "refund", "amount": amount},
                "snapshot": {} if flag is None else {"fraud_flag": flag},
            }
            for amount, flag in rows
        ]
    )
    assert [getattr(answer, "effect", None) for answer in answers] == decisions.effect
    assert [getattr(answer, "matched_rule", None) for answer in answers] == decisions.matched_rule


def test_a_stream_is_read_to_its_end(policy: Policy) -> None:
    batches = [refunds(), refunds(), refunds()]
    decisions = policy.evaluate_table(Streamed(batches))
    check(decisions, 3)
    gc.collect()
    # What a stream gives is given back, each once.
    assert [given.released.count("array") for given in batches] == [1, 1, 1]


def test_decisions_are_a_stream_that_can_be_read_often(policy: Policy) -> None:
    decisions = policy.evaluate_table(Streamed([refunds(), refunds()]))
    for _ in range(3):
        names, columns = read_stream(decisions)
        assert tuple(names) == decisions.column_names
        assert columns == [EFFECTS * 2, RULES * 2, ERRORS * 2, FIELDS * 2]
    # Nor do those who have not taken what they were handed keep anything.
    stream, schema = decisions.__arrow_c_stream__(), decisions.__arrow_c_schema__()
    del decisions
    del stream, schema


def test_decisions_outlive_the_policy_and_the_table() -> None:
    from conftest import REFUND_POLICY, REFUND_SCHEMA

    from actra import Actra

    made = Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY)
    decisions = made.evaluate_table(refunds())
    stream = decisions.__arrow_c_stream__()
    del made
    gc.collect()
    check(decisions)
    del decisions, stream
    gc.collect()


def test_a_stream_without_batches_has_an_answer_without_rows(policy: Policy) -> None:
    stream = Streamed([refunds()])
    stream.left.clear()
    decisions = policy.evaluate_table(stream)
    assert decisions.num_rows == 0
    assert decisions.effect == []
    assert read_stream(decisions) == (list(decisions.column_names), [[], [], [], []])


# Streams whose schema an error's traceback may hold on to: their callbacks are Python's.
kept: list[Streamed] = []


def without_batches(made: Batch) -> Streamed:
    stream = Streamed([made])
    stream.left.clear()
    kept.append(stream)
    return stream


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([Column("action.type", "u", []), Column("action.amount", "tdD", [])], "is of dates"),
        ([Column("x", "l", [])], "no column of an input"),
    ],
)
def test_a_stream_without_batches_is_looked_at_too(
    policy: Policy, columns: list[Column], message: str
) -> None:
    stream = without_batches(Batch(columns))
    with pytest.raises(ActraInputError, match=message):
        policy.evaluate_table(stream)


def test_fields_of_a_stream_without_batches_can_be_refused(policy: Policy) -> None:
    stream = without_batches(batch(action__type=["refund"], action__amonut=[1]))
    with pytest.raises(ActraInputError) as raised:
        policy.evaluate_table(stream, unknown_fields="refuse")
    assert (raised.value.code, raised.value.field) == ("unknown_field", "action.amonut")


def test_a_stream_that_fails_is_no_shorter_table(policy: Policy) -> None:
    with pytest.raises(ActraInputError, match="cannot be read: the disk is gone"):
        policy.evaluate_table(Streamed([refunds()], fails=5))


def test_a_column_that_no_field_takes_is_named(policy: Policy) -> None:
    table = Batch([Column("action.type", "u", ["refund"]), Column("action.amount", "tdD", [1])])
    with pytest.raises(ActraInputTypeError, match=r"`action\.amount` is of dates") as raised:
        policy.evaluate_table(table)
    assert (raised.value.code, raised.value.field) == ("wrong_type", "action.amount")
    with pytest.raises(ActraInputError, match="no column of an input"):
        policy.evaluate_table(batch(amount=[1]))


def test_fields_that_the_schema_does_not_name_can_be_refused(policy: Policy) -> None:
    table = batch(action__type=["refund"], action__amonut=[1], other=[1])
    assert policy.evaluate_table(table).effect == ["block"]
    with pytest.raises(ActraInputError) as raised:
        policy.evaluate_table(table, unknown_fields="refuse")
    assert (raised.value.code, raised.value.field) == ("unknown_field", "action.amonut")
    with pytest.raises(ValueError, match="unknown_fields"):
        policy.evaluate_table(table, unknown_fields="warn")  # type: ignore[arg-type]


class Liar:
    """Hands over what it was told to."""

    def __init__(self, name: str, answer: Any) -> None:
        setattr(type(self), name, lambda self, requested_schema=None: answer)


@pytest.mark.parametrize("table", [None, 5, {"action.type": ["refund"]}, [refunds]])
def test_what_is_no_table_is_a_type_error(policy: Policy, table: object) -> None:
    with pytest.raises(TypeError, match="is no table"):
        policy.evaluate_table(table)


@pytest.mark.parametrize("answer", [None, 5, (), (1, 2), object(), (refunds(), refunds())])
@pytest.mark.parametrize("name", ["__arrow_c_array__", "__arrow_c_stream__"])
def test_capsules_that_are_none_are_errors(policy: Policy, name: str, answer: object) -> None:
    liar = type("Liar", (Liar,), {})(name, answer)
    with pytest.raises((TypeError, ValueError)):
        policy.evaluate_table(liar)


def test_capsules_of_another_name_are_errors(policy: Policy) -> None:
    schema, array = refunds().__arrow_c_array__()
    for answer in [(array, schema), (schema, schema)]:
        liar = type("Liar", (Liar,), {})("__arrow_c_array__", answer)
        with pytest.raises(ValueError, match="PyCapsule"):
            policy.evaluate_table(liar)


def test_a_stream_that_somebody_took_is_an_error(policy: Policy) -> None:
    decisions = policy.evaluate_table(refunds())
    capsule = decisions.__arrow_c_stream__()
    taken = type("Liar", (Liar,), {})("__arrow_c_stream__", capsule)
    # A table of decisions says nothing of inputs.
    with pytest.raises(ActraInputError, match="no column of an input"):
        policy.evaluate_table(taken)


def test_threads_decide_one_table_at_the_same_time(policy: Policy) -> None:
    table, wrong = refunds(), []

    def run() -> None:
        try:
            for _ in range(200):
                check(policy.evaluate_table(table))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_tables_leak_nothing(policy: Policy) -> None:
    table = refunds()
    bad = batch(action__type=[1], action__amount=["x"], amount=[1])

    def once() -> None:
        decisions = policy.evaluate_table(table)
        read_stream(decisions)
        assert decisions.effect == EFFECTS
        decisions.__arrow_c_stream__()
        decisions.__arrow_c_schema__()
        policy.evaluate_table(bad)
        with pytest.raises(ActraInputError):
            policy.evaluate_table(batch(amount=[1]))

    for _ in range(50):
        once()
    blocks, memory = in_use()
    for _ in range(2000):
        once()
    more_blocks, more_memory = in_use()
    assert more_blocks - blocks < 500
    assert more_memory - memory < SLACK


def test_no_package_is_imported_for_it() -> None:
    assert not {"pyarrow", "polars", "pandas"} & set(sys.modules)
