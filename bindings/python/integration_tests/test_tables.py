"""Tables of the packages that people have them in: each row is decided as its context would be."""

from __future__ import annotations

import os
import random
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from actra import Actra, ActraInputError, Policy

SCHEMA = """
version: 1
actions:
  refund:
    fields:
      amount: {type: number, min: 0}
      count: integer
      currency: {type: string, enum: [USD, EUR]}
      due: timestamp
      tags: {type: list, items: string}
      customer: {type: object, fields: {tier: string}}
      labels: {type: map, values: string}
  ping: {fields: {}}
actor: {fields: {role: string}}
snapshot: {fields: {fraud_flag: boolean}}
"""

POLICY = """
version: 2
rules:
  - {id: fraud, scope: {global: true}, when: snapshot.fraud_flag == true, effect: block}
  - id: late
    scope: {action: refund}
    when: {all: [action.due exists, "action.due < '2026-01-01T00:00:00Z'"]}
    effect: block
  - id: watched
    scope: {action: refund}
    when: {all: [action.tags exists, action.tags contains watched]}
    effect: require_approval
  - id: large
    scope: {action: refund}
    when: action.amount > 1000
    effect: require_approval
  - id: gold
    scope: {action: refund}
    when: {all: [action.customer.tier exists, action.customer.tier == gold]}
    effect: allow
  - {id: small, scope: {action: refund}, when: action.amount <= 100, effect: allow}
  - {id: pings, scope: {action: ping}, when: actor.role != guest, effect: allow}
"""

ROWS = 5000


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Actra.from_strings(SCHEMA, POLICY)


def contexts() -> list[dict[str, Any]]:
    pick = random.Random(7)
    moments = [datetime(year, 5, 1, tzinfo=timezone.utc) for year in (2025, 2026)]

    def one() -> dict[str, Any]:
        action = {
            "type": pick.choice(["refund"] * 8 + ["ping", "unheard", None]),
            "amount": pick.choice([5.0, 50.5, 500.0, 5000.0, -1.0, None]),
            "count": pick.choice([1, 2**40, None]),
            "currency": pick.choice(["USD", "EUR", "DM", None]),
            "due": pick.choice([*moments, None, None]),
            "tags": pick.choice([[], ["a"], ["a", "watched"], None]),
            "customer": pick.choice([{"tier": "gold"}, {"tier": "iron"}, {"tier": None}, None]),
        }
        return {
            "action": action,
            "actor": {"role": pick.choice(["support", "guest", None])},
            "snapshot": {"fraud_flag": pick.choice([False, False, True, None])},
        }

    return [one() for _ in range(ROWS)]


def expected(policy: Policy, given: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (None, None, answer.code, answer.field)
        if isinstance(answer, ActraInputError)
        else (answer.effect, answer.matched_rule, None, None)
        for answer in policy.evaluate_many(given)
    ]


def flat(given: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = [(domain, name) for domain, fields in given[0].items() for name in fields]
    return {f"{domain}.{name}": [row[domain][name] for row in given] for domain, name in names}


def decided(policy: Policy, table: Any) -> list[tuple[Any, ...]]:
    decisions = policy.evaluate_table(table)
    return list(
        zip(
            decisions.effect,
            decisions.matched_rule,
            decisions.error,
            decisions.error_field,
            strict=True,
        )
    )


def variants(given: list[dict[str, Any]]) -> dict[str, Any]:
    columns = flat(given)
    table = pa.table(columns)
    coded = table
    for at, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            coded = coded.set_column(at, field.name, table.column(at).dictionary_encode())
    small = table.set_column(1, "action.amount", table.column(1).cast(pa.float32()))
    large = table.set_column(0, "action.type", table.column(0).cast(pa.large_string()))
    views = table.set_column(0, "action.type", table.column(0).cast(pa.string_view()))
    seconds = table.column(4).cast(pa.timestamp("s", "Europe/Paris"))
    frame = pl.DataFrame(columns)
    return {
        "pyarrow": table,
        "pyarrow, structs": pa.Table.from_pylist(given),
        "pyarrow, dictionaries": coded,
        "pyarrow, chunks": pa.concat_tables([table.slice(0, 10), table.slice(10)]),
        "pyarrow, a slice in a batch": pa.concat_tables([table.slice(0, 13), table])
        .combine_chunks()
        .slice(13),
        "pyarrow, a batch": table.combine_chunks().to_batches()[0],
        "pyarrow, a reader": table.to_reader(max_chunksize=700),
        "pyarrow, floats": small,
        "pyarrow, large strings": large,
        "pyarrow, views": views,
        "pyarrow, seconds": table.set_column(4, "action.due", seconds),
        "polars": frame,
        "polars, structs": pl.DataFrame(given),
        "polars, categories": frame.with_columns(
            pl.col("action.type").cast(pl.Categorical),
            pl.col("action.currency").cast(pl.Categorical),
        ),
        "pandas": table.to_pandas(integer_object_nulls=True),
        "pandas of pyarrow": table.to_pandas(types_mapper=pd.ArrowDtype),
        "duckdb": duckdb.from_arrow(table),
    }


NAMES = list(variants(contexts()[:30]))


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_decided_as_their_contexts(policy: Policy, name: str) -> None:
    given = contexts()
    want = expected(policy, given)
    assert len({row[:3] for row in want}) > 8
    assert decided(policy, variants(given)[name]) == want


def test_decisions_are_a_table_for_all_of_them(policy: Policy) -> None:
    given = contexts()
    table = pa.table(flat(given))
    decisions = policy.evaluate_table(pa.concat_tables([table.slice(0, 99), table.slice(99)]))
    want = expected(policy, given)
    arrow = decisions.to_pyarrow()
    arrow.validate(full=True)
    assert arrow.column_names == list(decisions.column_names)
    assert arrow.schema.field("effect").type == pa.dictionary(pa.int8(), pa.string())
    assert [tuple(row.values()) for row in arrow.to_pylist()] == want
    assert pl.DataFrame(decisions).rows() == want
    again = pa.table(decisions)
    del decisions
    assert again.equals(arrow)
    frame = arrow.to_pandas()
    assert frame["effect"].value_counts()["allow"] == sum(row[0] == "allow" for row in want)
    counted = duckdb.sql("SELECT effect, count(*) FROM again GROUP BY 1").fetchall()
    assert dict(counted) == {
        effect: sum(row[0] == effect for row in want) for effect in {row[0] for row in want}
    }


def test_decisions_beside_their_rows(policy: Policy) -> None:
    given = contexts()
    table = pa.table(flat(given))
    effect = policy.evaluate_table(table).to_pyarrow().column("effect")
    beside = table.append_column("effect", effect)
    assert beside.num_rows == ROWS


def test_decimals_are_exact_or_an_error(policy: Policy) -> None:
    def table(*amounts: str) -> Any:
        return pa.table(
            {
                "action.type": ["refund"] * len(amounts),
                "action.amount": [Decimal(amount) for amount in amounts],
                "snapshot.fraud_flag": [False] * len(amounts),
            }
        )

    assert policy.evaluate_table(table("20.00", "50.50", "1000.25")).matched_rule == [
        "small",
        "small",
        "large",
    ]
    with pytest.raises(ActraInputError, match="cast it to doubles") as raised:
        policy.evaluate_table(table("20.00", "19.99"))
    assert raised.value.field == "action.amount"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pa.array([datetime(2026, 1, 1)]), "timestamps without a time zone"),  # noqa: DTZ001
        (pa.array([datetime(2026, 1, 1).date()]), "dates"),  # noqa: DTZ001
        (pa.array([b"x"]), "binary data"),
        (pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())), "maps"),
        (pa.array([[["a"]]]), "no field takes"),
    ],
)
def test_columns_that_no_field_takes_are_named(policy: Policy, column: Any, words: str) -> None:
    table = pa.table({"action.type": ["ping"], "action.due": column})
    with pytest.raises(ActraInputError, match=words) as raised:
        policy.evaluate_table(table)
    assert raised.value.field == "action.due"
    with pytest.raises(TypeError):
        policy.evaluate_table(table)


def test_tables_without_rows_have_answers_without_rows(policy: Policy) -> None:
    table = pa.table(flat(contexts()[:3])).slice(0, 0)
    for empty in (table, pl.DataFrame(table), table.to_pandas()):
        assert policy.evaluate_table(empty).to_pyarrow().num_rows == 0


def test_a_query_that_fails_is_no_shorter_table(policy: Policy) -> None:
    def batches() -> Any:
        yield from pa.table({"action.type": ["ping"]}).to_batches()
        raise OSError("the disk is gone")

    schema = pa.schema({"action.type": pa.string()})
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    with pytest.raises(ActraInputError, match="the disk is gone"):
        policy.evaluate_table(reader)


def test_forked_processes_decide_tables(policy: Policy) -> None:
    table = pa.table(flat(contexts()[:100]))
    want = decided(policy, table)
    child = os.fork()
    if child == 0:
        os._exit(0 if decided(policy, table) == want else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
