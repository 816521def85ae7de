"""Values as JSON, whatever they are: for logs, which must not fail over an input."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import Any

from ._values import pairs_of

_MAX_DEPTH = 100
# Of what is made plain by hand: more is left out.
_MAX_VALUES = 1 << 20


def text_of(value: object) -> str:
    """The value as JSON text."""
    try:
        return _ENCODER.encode(value)
    except Exception:  # noqa: BLE001 - what the encoder cannot write is made plain first
        return _ENCODER.encode(_Plain().of(value, 0))


def _default(value: Any) -> Any:
    """What JSON has no word for: objects as such, instants as texts, sets as
    lists, and of others their type."""
    if isinstance(value, datetime):
        return _instant(value)
    pairs = pairs_of(value)
    if pairs is not None:
        return dict(pairs)
    if isinstance(value, set | frozenset):
        return list(value)
    return _type_of(value)


def _instant(value: datetime) -> str:
    if value.utcoffset() is None:
        return value.isoformat()
    text = value.astimezone(timezone.utc).isoformat(timespec="microseconds")
    return text.partition("+")[0].rstrip("0").rstrip(".") + "Z"


def _type_of(value: object) -> str:
    kind = type(value)
    return f"<{kind.__module__}.{kind.__qualname__}>"


class _Plain:
    """Makes a value plain that the encoder cannot write: with a circle in it, a NaN, keys that are
    no text."""

    def __init__(self) -> None:
        self._left = _MAX_VALUES
        # What a value stands in: in itself it would have other paths than masks name.
        self._around: set[int] = set()

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0 or id(value) in self._around:
            return None
        self._around.add(id(value))
        try:
            return self._of(value, depth)
        except Exception:  # noqa: BLE001 - whatever the value's code does
            return _type_of(value)
        finally:
            self._around.discard(id(value))

    def _of(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else _not_finite(value)
        if isinstance(value, int):
            # One of thousands of digits has no text.
            json.dumps(value)
            return value
        if isinstance(value, list | tuple | set | frozenset):
            return [self.of(item, depth + 1) for item in value]
        if isinstance(value, datetime):
            return _instant(value)
        pairs = pairs_of(value)
        if pairs is None:
            return _type_of(value)
        return {_key(key): self.of(member, depth + 1) for key, member in pairs}


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool | int):
        return json.dumps(key)
    return _type_of(key)


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_default
)
