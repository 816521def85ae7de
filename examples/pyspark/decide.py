"""Decides the rows of a Spark data frame by a policy, with `mapInArrow`.

`python decide.py POLICY` makes up rows, decides them on a local session, and shows how many came
out how.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
from actra import Actra, Policy
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType, StructField, StructType

DECISIONS = ("effect", "matched_rule", "error", "error_field")

# A worker keeps the policies that it has loaded.
_loaded: dict[bytes, Policy] = {}


def _policy_of(artifact: bytes) -> Policy:
    if artifact not in _loaded:
        _loaded[artifact] = Actra.from_artifact(artifact)
    return _loaded[artifact]


def _decider(
    artifact: bytes,
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def decide(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        policy = _policy_of(artifact)
        for batch in batches:
            table = pa.Table.from_batches([batch])
            decisions = policy.evaluate_table(table).to_pyarrow()
            for name in DECISIONS:
                # Spark has no dictionaries.
                table = table.append_column(name, decisions.column(name).cast(pa.string()))
            yield from table.to_batches()

    return decide


def with_decisions(frame: DataFrame, policy: Policy) -> DataFrame:
    """The data frame with a decision beside each row. A row that cannot be decided has no effect,
    which is no permission."""
    texts = [StructField(name, StringType()) for name in DECISIONS]
    types = StructType([*frame.schema.fields, *texts])
    return frame.mapInArrow(_decider(policy.to_artifact()), types)


def local_session() -> SparkSession:
    """A session of this machine's, with workers of this Python."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    return (
        SparkSession.builder.master("local[2]")
        .appName("actra")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
        .getOrCreate()
    )


def history(spark: SparkSession, rows: int) -> DataFrame:
    """Rows that are made up: refunds of all amounts, some by nobody, some of no action there is."""
    return spark.range(rows).selectExpr(
        "named_struct("
        "'type', CASE WHEN id % 50 = 0 THEN 'refnd' ELSE 'refund' END,"
        "'amount', CASE WHEN id % 97 = 0 THEN -1D ELSE CAST(id * 37 % 6000 AS DOUBLE) END,"
        "'tenant', CASE WHEN id % 41 = 0 THEN NULL ELSE 'acme' END,"
        "'currency', CASE WHEN id % 31 = 0 THEN 'XXX' ELSE 'USD' END) AS action",
        "CASE WHEN id % 13 = 0 THEN NULL ELSE named_struct("
        "'type', CASE WHEN id % 3 = 0 THEN 'ai_agent' ELSE 'human' END,"
        "'role', CASE WHEN id % 7 = 0 THEN 'guest' ELSE 'support' END) END AS actor",
        "named_struct('fraud_flag', CASE WHEN id % 11 = 0 THEN NULL ELSE id % 5 = 0 END,"
        "'refunded_today', CAST(id % 1000 AS DOUBLE)) AS snapshot",
        "id",
    )


def main() -> None:
    """Shows decisions by effect and rule."""
    policy = Actra.from_directory(sys.argv[1])
    spark = local_session()
    decided = with_decisions(history(spark, 100_000), policy)
    decided.groupBy("effect", "matched_rule", "error").count().orderBy(
        "count", ascending=False
    ).show()
    spark.stop()


if __name__ == "__main__":
    main()
