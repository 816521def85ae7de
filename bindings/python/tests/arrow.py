"""Arrow's structs by hand, as a package would hand them over: tables without packages."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

Destructor = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


ReleaseSchema = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
ReleaseArray = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
ReleaseStream = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
GetError = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(Stream))

Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(Schema))),
    ("dictionary", ctypes.POINTER(Schema)),
    ("release", ReleaseSchema),
    ("private_data", ctypes.c_void_p),
]
Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(Array))),
    ("dictionary", ctypes.POINTER(Array)),
    ("release", ReleaseArray),
    ("private_data", ctypes.c_void_p),
]
Stream._fields_ = [
    ("get_schema", GetSchema),
    ("get_next", GetNext),
    ("get_last_error", GetError),
    ("release", ReleaseStream),
    ("private_data", ctypes.c_void_p),
]

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
pointer_of.restype = ctypes.c_void_p
pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]

SCHEMA = b"arrow_schema"
ARRAY = b"arrow_array"
STREAM = b"arrow_array_stream"

INTEGERS = {"c": ctypes.c_int8, "i": ctypes.c_int32, "l": ctypes.c_int64}


def bits(flags: Sequence[object]) -> bytes:
    packed = bytearray((len(flags) + 7) // 8)
    for at, flag in enumerate(flags):
        packed[at // 8] |= bool(flag) << (at % 8)
    return bytes(packed)


class Column:
    """A column of a type: `u` strings, `b` booleans, `l` integers, `g` doubles, or anything."""

    def __init__(self, name: str, format: str, values: Sequence[Any]) -> None:
        self.name, self.format, self.values = name, format, values

    def buffers(self) -> list[bytes | None]:
        values = self.values
        valid = bits([value is not None for value in values]) if None in values else None
        if self.format == "u":
            texts = [(value or "").encode() for value in values]
            ends = [sum(map(len, texts[:at])) for at in range(len(texts) + 1)]
            return [valid, bytes((ctypes.c_int32 * len(ends))(*ends)), b"".join(texts)]
        if self.format == "b":
            return [valid, bits(values)]
        if self.format == "n":
            return []
        kind: Any = INTEGERS.get(self.format, ctypes.c_double)
        return [valid, bytes((kind * len(values))(*[value or 0 for value in values]))]


class Batch:
    """A batch with its type, for as long as this is held."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.released: list[str] = []
        self._kept: list[Any] = []
        self._on_schema = ReleaseSchema(self._release_schema)
        self._on_array = ReleaseArray(self._release_array)
        count = len(columns)
        rows = len(columns[0].values) if columns else 0
        schemas = (ctypes.POINTER(Schema) * count)()
        arrays = (ctypes.POINTER(Array) * count)()
        for at, column in enumerate(columns):
            buffers = column.buffers()
            memory = [
                None if one is None else ctypes.create_string_buffer(one, len(one) or 1)
                for one in buffers
            ]
            pointers = (ctypes.c_void_p * len(buffers))(
                *[None if one is None else ctypes.addressof(one) for one in memory]
            )
            schema = Schema(format=column.format.encode(), name=column.name.encode(), flags=2)
            schema.release = self._on_schema
            array = Array(length=rows, null_count=-1, n_buffers=len(buffers))
            array.buffers = ctypes.cast(pointers, ctypes.POINTER(ctypes.c_void_p))
            array.release = self._on_array
            schemas[at], arrays[at] = ctypes.pointer(schema), ctypes.pointer(array)
            self._kept += [memory, pointers, schema, array]
        none = (ctypes.c_void_p * 1)()
        self.schema = Schema(format=b"+s", name=b"", n_children=count, release=self._on_schema)
        self.schema.children = ctypes.cast(schemas, ctypes.POINTER(ctypes.POINTER(Schema)))
        self.array = Array(length=rows, n_buffers=1, n_children=count, release=self._on_array)
        self.array.buffers = ctypes.cast(none, ctypes.POINTER(ctypes.c_void_p))
        self.array.children = ctypes.cast(arrays, ctypes.POINTER(ctypes.POINTER(Array)))
        self._kept += [none, schemas, arrays]

    def _release_schema(self, schema: Any) -> None:
        self.released.append("schema")
        schema.contents.release = ReleaseSchema()

    def _release_array(self, array: Any) -> None:
        self.released.append("array")
        array.contents.release = ReleaseArray()

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return (
            new_capsule(ctypes.addressof(self.schema), SCHEMA, None),
            new_capsule(ctypes.addressof(self.array), ARRAY, None),
        )


class Streamed:
    """A stream of batches. `fails` is a number of the system's that reading ends with."""

    def __init__(self, batches: Sequence[Batch], fails: int = 0) -> None:
        self.batches, self.fails = list(batches), fails
        self.left = list(batches)
        self.why = ctypes.create_string_buffer(b"the disk is gone")
        self.stream = Stream(
            GetSchema(self._schema),
            GetNext(self._next),
            GetError(lambda _: ctypes.addressof(self.why)),
            ReleaseStream(),
        )
        self.stream.release = ReleaseStream(lambda _: None)

    def _schema(self, _: object, out: Any) -> int:
        ctypes.memmove(out, ctypes.byref(self.batches[0].schema), ctypes.sizeof(Schema))
        return 0

    def _next(self, _: object, out: Any) -> int:
        if self.left:
            batch = self.left.pop(0)
            ctypes.memmove(out, ctypes.byref(batch.array), ctypes.sizeof(Array))
            return 0
        ctypes.memset(out, 0, ctypes.sizeof(Array))
        return self.fails

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return new_capsule(ctypes.addressof(self.stream), STREAM, None)


def batch(**columns: Sequence[Any]) -> Batch:
    """A batch of strings, booleans, integers or doubles; `__` in a name stands for a dot."""
    made = []
    for name, values in columns.items():
        first = next((value for value in values if value is not None), "")
        kind = {bool: "b", int: "l", float: "g"}.get(type(first), "u")
        made.append(Column(name.replace("__", "."), kind, values))
    return Batch(made)


def read_stream(exporter: Any) -> tuple[list[str], list[list[str | None]]]:
    """Reads a stream of dictionary-encoded strings as a consumer does: names and columns. Every
    second array is left for the capsule, so to speak: each is released once."""
    capsule = exporter.__arrow_c_stream__()
    address = pointer_of(capsule, STREAM)
    assert address is not None
    stream = Stream.from_address(address)
    schema = Schema()
    assert stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)) == 0
    names = [schema.children[at].contents.name.decode() for at in range(schema.n_children)]
    formats = [schema.children[at].contents.format.decode() for at in range(schema.n_children)]
    columns: list[list[str | None]] = [[] for _ in names]
    while True:
        array = Array()
        assert stream.get_next(ctypes.byref(stream), ctypes.byref(array)) == 0
        if not array.release:
            break
        for at, width in enumerate(formats):
            # Each column is moved away from the rest, which goes first.
            child = Array()
            ctypes.memmove(ctypes.byref(child), array.children[at], ctypes.sizeof(Array))
            array.children[at].contents.release = ReleaseArray()
            columns[at] += texts(child, INTEGERS[width])
            child.release(ctypes.byref(child))
            assert not child.release
        array.release(ctypes.byref(array))
        assert not array.release
    schema.release(ctypes.byref(schema))
    stream.release(ctypes.byref(stream))
    return names, columns


def texts(column: Array, kind: Any) -> list[str | None]:
    rows = column.length
    strings = column.dictionary.contents
    ends = (ctypes.c_int32 * (strings.length + 1)).from_address(strings.buffers[1])
    data = ctypes.string_at(strings.buffers[2] or 0, ends[strings.length]) if ends[-1] else b""
    codes = (kind * rows).from_address(column.buffers[1]) if rows else []
    valid = column.buffers[0] and ctypes.string_at(column.buffers[0], (rows + 7) // 8)
    return [
        None
        if valid and not valid[row // 8] >> (row % 8) & 1
        else data[ends[codes[row]] : ends[codes[row] + 1]].decode()
        for row in range(rows)
    ]
