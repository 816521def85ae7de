"""Values written as CPython's `marshal` writes them, for implementations whose own differs.

Exact built-in types only, as there: anything else is a `ValueError`.
"""

from __future__ import annotations

import struct
from typing import Any

_MAX_DEPTH = 500
_U32 = struct.Struct("<I").pack
_INTEGER = struct.Struct("<cq").pack
_DOUBLE = struct.Struct("<cd").pack
_SINGLES = frozenset({bool, float, type(None), type(...)})
_MIN, _MAX = -(1 << 63), (1 << 63) - 1


def dumps(value: object, version: int = 2) -> bytes:  # noqa: ARG001 - as `marshal` has it
    """The bytes, of version 2 of the format with integers of 64 bits, which 4 understands."""
    parts: list[bytes] = []
    _write(value, parts, 0)
    return b"".join(parts)


def _write(value: Any, parts: list[bytes], depth: int) -> None:
    kind = type(value)
    if kind is str:
        text = value.encode("utf-8", "surrogatepass")
        parts += (b"u", _U32(len(text)), text)
    elif kind is int:
        _write_integer(value, parts)
    elif kind in _SINGLES:
        _write_single(value, parts)
    elif kind is bytes:
        parts += (b"s", _U32(len(value)), value)
    elif depth > _MAX_DEPTH:
        raise ValueError("object too deeply nested to marshal")
    elif kind is dict:
        parts.append(b"{")
        # A copy: another thread may change the dict, or the list, meanwhile.
        for key, member in list(value.items()):
            _write(key, parts, depth + 1)
            _write(member, parts, depth + 1)
        parts.append(b"0")
    elif kind in (list, tuple):
        items = tuple(value)
        parts += (b"[", _U32(len(items)))
        for item in items:
            _write(item, parts, depth + 1)
    else:
        raise ValueError("unmarshallable object")


def _write_single(value: Any, parts: list[bytes]) -> None:
    if value is True:
        parts.append(b"T")
    elif value is False:
        parts.append(b"F")
    elif value is None:
        parts.append(b"N")
    elif value is ...:
        parts.append(b".")
    else:
        parts.append(_DOUBLE(b"g", value))


def _write_integer(value: int, parts: list[bytes]) -> None:
    if not _MIN <= value <= _MAX:
        raise ValueError("an integer outside 64 bits")
    parts.append(_INTEGER(b"I", value))
