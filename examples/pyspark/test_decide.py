"""Spark decides each row as Actra decides it by itself."""

from __future__ import annotations

from pathlib import Path

from actra import Actra, ActraInputError
from decide import history, local_session, with_decisions

REFUND = Path(__file__).resolve().parent.parent / "refund"
ROWS = 20_000


def test_rows_are_decided_as_they_are_one_by_one() -> None:
    policy = Actra.from_directory(REFUND)
    spark = local_session()
    try:
        decided = with_decisions(history(spark, ROWS), policy).collect()
    finally:
        spark.stop()
    assert len(decided) == ROWS
    outcomes = set()
    for row in decided:
        given = row.asDict(recursive=True)
        context = {domain: given[domain] or {} for domain in ("action", "actor", "snapshot")}
        found = (row.effect, row.matched_rule, row.error, row.error_field)
        try:
            decision = policy.evaluate(context)
            expected = (decision.effect, decision.matched_rule, None, None)
        except ActraInputError as error:
            expected = (None, None, error.code, error.field)
        assert found == expected, context
        outcomes.add(found)
    # Several rules, and several errors.
    assert len({effect for effect, *_ in outcomes}) >= 3, outcomes
    assert len({error for _, _, error, _ in outcomes}) >= 3, outcomes
