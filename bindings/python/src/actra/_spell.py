"""Contexts made plain, as text: for the library's doors that read text.

JSON, as long as JSON has a word for it. NaN and infinities, which version 1 compares, are written
as YAML has them; nothing else makes a text that is not JSON.
"""

from __future__ import annotations

import json
import math
import struct
from datetime import datetime, timedelta, timezone
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FURTHEST = 14
# More digits than any double has.
_BEYOND_DOUBLES = "1" + "0" * 309


def spell(context: dict[str, Any]) -> tuple[bytes, bool]:
    """The text, and whether it is YAML."""
    speller = _Speller()
    parts: list[str] = []
    speller.write(context, parts)
    return "".join(parts).encode("utf-8", "surrogatepass"), speller.is_yaml


class _Speller:
    def __init__(self) -> None:
        self.is_yaml = False

    def write(self, value: Any, parts: list[str]) -> None:
        """Trees made plain are as deep as their schema."""
        kind = type(value)
        if kind is dict:
            separator = "{"
            for key, member in value.items():
                parts += (separator, _string(key), ": ")
                self.write(member, parts)
                separator = ", "
            parts.append("}" if value else "{}")
        elif kind is list or kind is tuple:
            separator = "["
            for item in value:
                parts.append(separator)
                self.write(item, parts)
                separator = ", "
            parts.append("]" if value else "[]")
        else:
            parts.append(self._scalar(value, kind))

    def _scalar(self, value: Any, kind: type) -> str:
        if kind is str:
            return _string(value)
        if kind is float:
            return self._double(value)
        if kind is bytes:
            return _trusted(value)
        if value is ...:
            return "{}"
        return json.dumps(value)

    def _double(self, value: float) -> str:
        if math.isfinite(value):
            return repr(value)
        self.is_yaml = True
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"


def _string(text: str) -> str:
    # Half of a surrogate pair has no text of its own; what cannot be printed is escaped, which
    # YAML asks for.
    if text.isprintable():
        return json.dumps(text, ensure_ascii=False)
    return "".join(_character(character) for character in json.dumps(text, ensure_ascii=False))


def _character(character: str) -> str:
    code = ord(character)
    is_escaped = not character.isprintable() and code <= 0xFFFF and not 0xD800 <= code <= 0xDFFF
    return f"\\u{code:04x}" if is_escaped else character


def _trusted(value: bytes) -> str:
    if value[:1] == b"B":
        nearest = struct.unpack("<d", value[1:])[0]
        if math.isinf(nearest):
            return _BEYOND_DOUBLES if nearest > 0 else "-" + _BEYOND_DOUBLES
        return str(int(nearest))
    return json.dumps(timestamp(struct.unpack("<q", value[1:])[0]))


def timestamp(micros: int) -> str:
    """An instant in RFC 3339, in UTC where that has a year."""
    for hours in (0, _FURTHEST, -_FURTHEST):
        try:
            local = _EPOCH + timedelta(microseconds=micros) + timedelta(hours=hours)
        except OverflowError:
            try:
                local = _EPOCH + timedelta(hours=hours) + timedelta(microseconds=micros)
            except OverflowError:
                continue
        return local.replace(tzinfo=timezone(timedelta(hours=hours))).isoformat()
    return ""
