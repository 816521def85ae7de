"""Values written as CPython's `marshal` writes them, for implementations whose own differs.

Exact built-in types only, as there: anything else is a `ValueError`.
"""

from __future__ import annotations

import struct

_MAX_DEPTH = 500
_U32 = struct.Struct("<I").pack
_INTEGER = struct.Struct("<cq").pack
_DOUBLE = struct.Struct("<cd").pack
_MIN, _MAX = -(1 << 63), (1 << 63) - 1


def dumps(value: object, version: int = 2) -> bytes:  # noqa: ARG001 - as `marshal` has it
    """The bytes, of version 2 of the format with integers of 64 bits, which 4 understands."""
    parts: list[bytes] = []
    _write(value, parts, 0)
    return b"".join(parts)


def _write(value: object, parts: list[bytes], depth: int) -> None:
    kind = type(value)
    if kind is str:
        text = value.encode("utf-8", "surrogatepass")  # type: ignore[attr-defined]
        parts += (b"u", _U32(len(text)), text)
    elif kind is int:
        _write_integer(value, parts)  # type: ignore[arg-type]
    elif value is True:
        parts.append(b"T")
    elif value is False:
        parts.append(b"F")
    elif kind is float:
        parts.append(_DOUBLE(b"g", value))
    elif value is None:
        parts.append(b"N")
    elif kind is bytes:
        parts += (b"s", _U32(len(value)), value)  # type: ignore[arg-type, list-item]
    elif value is ...:
        parts.append(b".")
    elif depth > _MAX_DEPTH:
        raise ValueError("object too deeply nested to marshal")
    elif kind is dict:
        parts.append(b"{")
        # A copy: another thread may change the dict, or the list, meanwhile.
        for key, member in list(value.items()):  # type: ignore[attr-defined]
            _write(key, parts, depth + 1)
            _write(member, parts, depth + 1)
        parts.append(b"0")
    elif kind is list or kind is tuple:
        items = tuple(value)  # type: ignore[arg-type, var-annotated]
        parts += (b"[", _U32(len(items)))
        for item in items:
            _write(item, parts, depth + 1)
    else:
        raise ValueError("unmarshallable object")


def _write_integer(value: int, parts: list[bytes]) -> None:
    if not _MIN <= value <= _MAX:
        raise ValueError("an integer outside 64 bits")
    parts.append(_INTEGER(b"I", value))
