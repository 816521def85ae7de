"""Tables in, decisions out, through Arrow's PyCapsule interface.

https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html

No package is needed for it: the structs are read and made by the extension. A batch of ours is a
capsule of its own, which the streams and schemas that are handed on refer to, so that a table of
decisions may be read any number of times without being copied.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._diagnosis import input_error, raise_failure

if TYPE_CHECKING:
    from ._door import Handle

_READ_SCHEMA = 0
_READ_ARRAY = 1
_COLUMNS = ("effect", "matched_rule", "error", "error_field")


def _native() -> Any:
    """The part of the extension that knows capsules, whichever way leads into the library."""
    if sys.implementation.name != "cpython":
        raise NotImplementedError("tables need CPython: Arrow hands them over in its capsules")
    from . import _native

    return _native


class DecisionTable:
    """What was decided, row by row: a table of Arrow's with the columns `effect`, `matched_rule`,
    `error` and `error_field`.

    A row in error has no effect, and so is no permission. `pyarrow.table(decisions)`,
    `polars.DataFrame(decisions)` and whatever else takes `__arrow_c_stream__` reads it; its own
    properties need no package.
    """

    __slots__ = ("_batches", "num_rows")

    def __init__(self, batches: tuple[object, ...]) -> None:
        """For Actra's own use: see `Policy.evaluate_table`."""
        self._batches = batches
        self.num_rows: int = sum(map(_native().arrow_batch_rows, batches))

    def __len__(self) -> int:
        return self.num_rows

    def __repr__(self) -> str:
        return f"<DecisionTable of {self.num_rows} rows>"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return _COLUMNS

    @property
    def effect(self) -> list[str | None]:
        """`allow`, `require_approval` or `block` for each row; None where it is in error: block."""
        return self._texts(0)

    @property
    def matched_rule(self) -> list[str | None]:
        """The rule that decided each row; None: the default did, or the row is in error."""
        return self._texts(1)

    @property
    def error(self) -> list[str | None]:
        """The code of each row's input error, such as `wrong_type`; None where there is none."""
        return self._texts(2)

    @property
    def error_field(self) -> list[str | None]:
        """The field that each row's input error is about, where it is one of the schema's."""
        return self._texts(3)

    def _texts(self, column: int) -> list[str | None]:
        texts: list[str | None] = []
        for batch in self._batches:
            texts += _native().arrow_batch_texts(batch, column)
        return texts

    def to_pyarrow(self) -> Any:
        """The same as a `pyarrow.Table`, without copying. Needs pyarrow."""
        return import_module("pyarrow").table(self)

    def __arrow_c_schema__(self) -> object:
        return _native().arrow_new_schema(self._batches[0])

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return _native().arrow_new_stream(self._batches)


def decide_table(handle: Handle, table: object, flags: int) -> DecisionTable:
    """Decides each row of a table."""
    native = _native()
    answers: list[object] = []

    def decide(schema: int, array: int) -> None:
        answer = native.arrow_new_batch()
        failed = handle.evaluate_arrow(schema, array, flags, *native.arrow_batch_addresses(answer))
        if failed is not None:
            raise_failure(failed)
        answers.append(answer)

    exporter = _exporter(table)
    if hasattr(exporter, "__arrow_c_stream__"):
        stream = exporter.__arrow_c_stream__()
        head = native.arrow_new_batch()
        _read(native, stream, head, _READ_SCHEMA)
        schema, _ = native.arrow_batch_addresses(head)
        while True:
            batch = native.arrow_new_batch()
            _read(native, stream, batch, _READ_ARRAY)
            if not native.arrow_batch_is_there(batch):
                break
            _, array = native.arrow_batch_addresses(batch)
            decide(schema, array)
        if not answers:
            # A stream without batches has a schema, which is looked at, and an answer all the same.
            if not native.arrow_make_rowless(head):
                raise input_error("malformed", None, "the table has a schema that is none")
            decide(*native.arrow_batch_addresses(head))
    else:
        of_schema, of_array = exporter.__arrow_c_array__()
        decide(*native.arrow_array_addresses(of_schema, of_array))
    return DecisionTable(tuple(answers))


def _exporter(table: object) -> Any:
    """What hands the table over."""
    if hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__"):
        return table
    pandas: Any = sys.modules.get("pandas")
    if pandas is not None and isinstance(table, getattr(pandas, "DataFrame", ())):
        # Before 2.2 they hand over nothing by themselves.
        return import_module("pyarrow").Table.from_pandas(table, preserve_index=False)
    raise TypeError(
        f"{type(table).__name__} is no table: evaluate_table takes what has "
        "`__arrow_c_stream__` or `__arrow_c_array__`, such as tables of pyarrow, Polars, pandas "
        "and DuckDB"
    )


def _read(native: Any, stream: object, into: object, what: int) -> None:
    wrong = native.arrow_stream_read(stream, into, what)
    if wrong is not None:
        raise input_error("malformed", None, f"the table cannot be read: {wrong}")
