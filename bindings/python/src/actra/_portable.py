"""Values that survive pickling."""

from __future__ import annotations

from typing import Any

_SCALARS = (str, int, float, bool, type(None))
_MAX_DEPTH = 32


def portable(value: Any, depth: int = 0) -> Any:
    """The value, with what cannot be pickled replaced by the name of its type."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if depth < _MAX_DEPTH:
        if kind is dict:
            return {
                portable(key, depth + 1): portable(member, depth + 1)
                for key, member in list(value.items())
            }
        if kind in (list, tuple):
            return kind(portable(item, depth + 1) for item in value)
    import pickle

    try:
        pickle.loads(pickle.dumps(value))  # noqa: S301 - what was written just now
    except Exception:  # noqa: BLE001 - whatever hinders it: the value does not survive
        return f"<{kind.__module__}.{kind.__qualname__}>"
    return value
