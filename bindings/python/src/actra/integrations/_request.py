"""The fields of an action, read from a request or from what an endpoint gets.

Where two readers of one request could see different values, it is refused: otherwise a client
chooses which of them the policy sees.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ActraInputError
from ._refusal import CallerError

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..runtime import ActraRuntime

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,4000}(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,4})?", re.ASCII)
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on", "t", "y"), True),
    **dict.fromkeys(("false", "0", "no", "off", "f", "n"), False),
}
_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "timestamp": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def declared_fields(runtime: ActraRuntime, action_type: str) -> dict[str, Any] | None:
    """What the schema says of an action's fields, by name; None: it does not know the action."""
    schema = runtime.policy.schema
    own = schema["actions"].get(action_type)
    if own is None:
        return None
    return {**schema.get("common", {}).get("fields", {}), **own.get("fields", {})}


def shallow(given: Any) -> dict[str, Any]:
    """The members of a mapping, a model or a dataclass, by name."""
    members = _members(given)
    if members is None:
        raise TypeError(
            f"the fields of an action are a mapping, a model or a dataclass, "
            f"not a {type(given).__name__}"
        )
    return members


def fields_of_call(arguments: Mapping[str, Any], declared: frozenset[str]) -> dict[str, Any]:
    """What an endpoint gets, by the names of fields. Of models and dataclasses that are not fields
    themselves, the members are."""
    sources = []
    for name, value in arguments.items():
        members = None if name in declared or isinstance(value, Mapping) else _members(value)
        sources.append({name: value} if members is None else members)
    if declared:
        sources = [
            {name: value for name, value in source.items() if name in declared}
            for source in sources
        ]
    return _joined(sources)


async def fields_of_request(request: Request, declared: Mapping[str, Any] | None) -> dict[str, Any]:
    """The declared fields that a request has; of an action without a declaration, all it has."""
    texts = [
        [(name, str(value)) for name, value in request.path_params.items()],
        request.query_params.multi_items(),
    ]
    body: dict[str, Any] = {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        form = await request.form()
        texts.append([(name, item) for name, item in form.multi_items() if isinstance(item, str)])
    else:
        body = _json_object(await request.body())
    sources = [_read_texts(pairs, declared) for pairs in texts]
    if declared is not None:
        body = {name: value for name, value in body.items() if name in declared}
        for name, value in body.items():
            _check(f"action.{name}", value, declared[name])
    return _joined([*sources, body])


def _check(path: str, value: Any, field: Mapping[str, Any]) -> None:
    """Refuses what an endpoint's model may coerce to another value than the policy sees, even where
    the policy leaves inputs unchecked."""
    kind = field["type"]
    if value is None:
        return
    if kind == "object" and isinstance(value, dict):
        for name, inner in field.get("fields", {}).items():
            _check(f"{path}.{name}", value.get(name), inner)
    elif kind == "list" and isinstance(value, list):
        for item in value:
            _check(path, item, field["items"])
    elif kind == "map" and isinstance(value, dict):
        for item in value.values():
            _check(path, item, {"type": field["values"]})
    elif kind not in _PYTHON or type(value) not in _PYTHON[kind]:
        raise ActraInputError("wrong_type", path, f"`{path}` is no {kind}")


def _json_object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CallerError("malformed", None, "the body is no JSON") from error
    return value if isinstance(value, dict) else {}


def _joined(sources: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for source in sources:
        for name, value in source.items():
            if name in joined:
                raise _twice(name)
            joined[name] = value
    return joined


def _read_texts(
    pairs: Iterable[tuple[str, str]], declared: Mapping[str, Any] | None
) -> dict[str, Any]:
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        if declared is None or name in declared:
            texts.setdefault(name, []).append(text)
    return {name: _read(name, given, (declared or {}).get(name)) for name, given in texts.items()}


def _read(name: str, texts: list[str], field: Mapping[str, Any] | None) -> Any:
    """Text as the schema's type. What another reader might take for a value, and this one does not,
    is refused."""
    kind = "string" if field is None else field["type"]
    if field is not None and kind == "list":
        return [_scalar(name, text, field["items"]["type"]) for text in texts]
    if len(texts) > 1:
        raise _twice(name)
    return _scalar(name, texts[0], kind)


def _scalar(name: str, text: str, kind: str) -> Any:
    if kind in ("string", "timestamp"):
        return text
    if kind in ("integer", "number") and _INTEGER.fullmatch(text):
        return int(text)
    if kind in ("integer", "number") and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean" and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    raise ActraInputError("wrong_type", f"action.{name}", f"`action.{name}` is no {kind}")


def _twice(name: str) -> ActraInputError:
    field = f"action.{name}"
    return ActraInputError("duplicate_key", field, f"`{field}` is in the request twice")


def _members(value: Any) -> dict[str, Any] | None:
    if isinstance(value, Mapping):
        return dict(value)
    fields = getattr(type(value), "model_fields", None)
    if isinstance(fields, Mapping):
        extra = getattr(value, "model_extra", None) or {}
        return {**extra, **{name: getattr(value, name) for name in fields}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None
