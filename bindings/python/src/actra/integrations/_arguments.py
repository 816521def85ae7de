"""What a tool is going to get, from what a caller sent.

Frameworks coerce arguments before they call a function: `"5000"` becomes `5000` for an `int`. A
policy has to see what the function will see, or a caller chooses between the two. So scalars are
taken from the framework's own validation, and names and shape from what was sent.
"""

from __future__ import annotations

import enum
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

_ABSENT = object()


def with_defaults(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, and what a tool's JSON Schema puts in the place of absent ones."""
    settled = dict(arguments)
    properties = schema.get("properties") or {}
    for name, described in properties.items():
        default = described.get("default") if isinstance(described, Mapping) else None
        if default is not None and name not in settled:
            settled[name] = default
    return settled


def as_called(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as pydantic coerces them to the function's annotations. What does not validate
    stays as it was sent: the framework refuses it, whatever the policy says."""
    adapters = _adapters(function)
    settled = {}
    for name, value in arguments.items():
        adapter = adapters.get(name)
        settled[name] = value if adapter is None else _coerced(adapter, value)
    return settled


def merged(sent: Any, validated: Any) -> Any:
    """Names and shape of what was sent, scalars of what was made of it."""
    if isinstance(validated, enum.Enum):
        return merged(sent, validated.value)
    if validated is None or isinstance(validated, bool | int | float | str):
        return validated
    if isinstance(validated, list | tuple):
        if isinstance(sent, list | tuple) and len(sent) == len(validated):
            return [merged(*pair) for pair in zip(sent, validated, strict=True)]
        return [merged(item, item) for item in validated]
    if isinstance(validated, set | frozenset):
        return [merged(item, item) for item in validated]
    if isinstance(sent, Mapping):
        return {key: _merged_member(key, value, validated) for key, value in sent.items()}
    return sent


def _merged_member(key: Any, sent: Any, validated: Any) -> Any:
    if isinstance(validated, Mapping):
        member = validated.get(key, _ABSENT)
    elif isinstance(key, str) and not key.startswith("_"):
        member = getattr(validated, key, _ABSENT)
    else:
        member = _ABSENT
    return sent if member is _ABSENT else merged(sent, member)


def _coerced(adapter: Any, value: Any) -> Any:
    try:
        validated = adapter.validate_python(value)
    except Exception:  # noqa: BLE001 - validators are anyone's code; the framework runs them again
        return value
    return merged(value, validated)


@functools.lru_cache(maxsize=1024)
def _adapters(function: Callable[..., Any]) -> dict[str, Any]:
    from pydantic import TypeAdapter

    try:
        hints = typing.get_type_hints(function, include_extras=True)
        names = inspect.signature(function).parameters
    except Exception:  # noqa: BLE001 - annotations that nobody can read coerce nothing
        return {}
    adapters = {}
    for name in names:
        if name in hints:
            try:
                adapters[name] = TypeAdapter(hints[name])
            except Exception:  # noqa: BLE001, S112 - the framework's own types, such as a context
                continue
    return adapters


def as_validated(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as a pydantic model or a JSON Schema has them, defaults included."""
    if isinstance(model, Mapping):
        return with_defaults(arguments, model)
    if not hasattr(model, "model_validate"):
        return dict(arguments)
    try:
        validated = model.model_validate(dict(arguments))
    except Exception:  # noqa: BLE001 - what does not validate does not run, whatever is decided
        return dict(arguments)
    settled = {key: _merged_member(key, value, validated) for key, value in arguments.items()}
    for name in type(validated).model_fields:
        value = getattr(validated, name)
        if name not in validated.model_fields_set and value is not None:
            settled.setdefault(name, value)
    return settled
