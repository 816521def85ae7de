"""Python values made plain: what the library takes, and nothing that anyone else can change.

The doors read exact built-in types themselves. A context that holds anything else comes here, and
goes back as a tree of dicts, lists, strings, numbers, booleans and None of its own, in which

- `...` stands for a value that no field takes, and
- bytes for what built-in types lack: `T` and an instant in microseconds since 1970 as 64 bits,
  `B` and the double nearest to an integer outside 64 bits.

Values that no field takes are remembered as faults. Whether one matters is known when the input has
been decided: a field that the schema does not declare for the action is not looked at.

Nothing here trusts what a value says of itself by way of overridden methods where the built-in type
can be asked; what else its code does, it does under `_guarded`, and an exception is a fault.
"""

from __future__ import annotations

import enum
import json
import math
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NoReturn, TypeVar

from ._schema import DOMAINS, FIRST_SLOT, Schema
from .errors import ActraInputError, ActraInputTypeError

T = TypeVar("T")

MIN_INTEGER, MAX_INTEGER = -(1 << 63), (1 << 63) - 1
# One more than a list may have is enough to know.
_MAX_ITEMS = 65_536 + 1
_MAX_BYTES = 1 << 20
# More keys than any text could hold.
_MAX_KEYS = 1 << 22
# Enums whose values are enums.
_MAX_DEPTH = 8
_INSTANT = struct.Struct("<cq")
_DOUBLE = struct.Struct("<cd")
_LISTS = (list, tuple, set, frozenset)
_SCALARS = frozenset({str, bool, float, type(None)})


class Fault:
    """A value that no field takes."""

    __slots__ = ("cause", "code", "declared", "is_limit", "key", "message")

    def __init__(
        self,
        message: str,
        *,
        code: str = "wrong_type",
        cause: BaseException | None = None,
        declared: str | None = None,
        is_limit: bool = False,
        key: str | None = None,
    ) -> None:
        self.message = message
        self.code = code
        self.cause = cause
        # The type that the value is right for: a fault elsewhere only.
        self.declared = declared
        # Limits bind under whichever action, and after types.
        self.is_limit = is_limit
        # The entry of a map that it is about.
        self.key = key

    def error(self, field: str) -> ActraInputError:
        """The fault as an exception."""
        if isinstance(self.cause, ActraInputError):
            return self.cause
        kind = ActraInputTypeError if self.code == "wrong_type" else ActraInputError
        if self.key is not None:
            field += f"[{json.dumps(self.key, ensure_ascii=False)}]"
        error = kind(self.code, field, f"`{field}` is {self.message}")
        error.__cause__ = self.cause
        return error


class _NotPlainError(Exception):
    """Carries a fault to where its field is known."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def refuse(
    code: str, field: str | None, message: str, cause: BaseException | None = None
) -> NoReturn:
    """Raises an input error at once: there is no field that it could wait for."""
    kind = ActraInputTypeError if code in ("malformed", "wrong_type") else ActraInputError
    raise kind(code, field, message) from cause


def type_name(value: object) -> str:
    """A value's type, for people."""
    kind = type(value)
    name = kind.__qualname__ if isinstance(kind.__qualname__, str) else "object"
    module = kind.__module__
    known = module == "builtins" or not isinstance(module, str)
    return f"a `{name}`" if known else f"a `{module}.{name}`"


class Plain:
    """A context made plain."""

    __slots__ = ("context", "faults")

    def __init__(self, context: dict[str, Any], faults: dict[int, Fault]) -> None:
        self.context = context
        self.faults = faults

    @property
    def action_type(self) -> object:
        """The name of the action, whatever it is."""
        action: dict[str, Any] = self.context.get("action", {})
        return action.get("type")


class Plainer:
    """Makes contexts plain, as a schema asks."""

    __slots__ = ("_schema",)

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def plain(self, context: object) -> Plain:
        """The context made plain.

        Raises:
            ActraInputError: It is no object with domains that are objects.
        """
        faults: dict[int, Fault] = {}
        pairs = self._members(context, None)
        if pairs is None:
            refuse(
                "malformed",
                None,
                f"the input is {type_name(context)}, not a dict of `action`, `actor`, `snapshot`",
            )
        given = dict(pairs)
        found: dict[str, Any] = {}
        for node, domain in enumerate(DOMAINS):
            if domain not in given:
                continue
            members = self._members(given[domain], domain)
            if members is None:
                refuse("malformed", domain, f"`{domain}` is {type_name(given[domain])}, not a dict")
            found[domain] = self._object(members, node, faults)
        return Plain(found, faults)

    def _members(self, value: object, field: str | None) -> list[tuple[str, Any]] | None:
        """The members of what is an object; None: it is none."""
        where = f"`{field}`" if field else "the input"
        try:
            pairs = pairs_of(value)
        except Exception as error:  # noqa: BLE001 - whatever the object's code does, it is no input
            refuse("malformed", field, f"{where} cannot be read", error)
        if pairs is None:
            return None
        members = []
        for key, member in pairs:
            name = _key(key)
            if name is None:
                refuse("malformed", field, f"{where} has a key that is {type_name(key)}, not a str")
            if not _is_utf8(name):
                refuse("not_utf8", field, f"a key of {where} is not UTF-8")
            members.append((name, member))
        if len({name for name, _ in members}) != len(members):
            refuse("duplicate_key", field, f"{where} has a key twice")
        return members

    def _object(
        self, members: list[tuple[str, Any]], node: int, faults: dict[int, Fault]
    ) -> dict[str, Any]:
        names = self._schema.children[node]
        # Names that the schema does not know are kept, for explanations; their values are not.
        return {
            key: self._field(value, names[key], faults) if key in names else None
            for key, value in members
        }

    def _field(self, value: Any, slot: int, faults: dict[int, Fault]) -> Any:
        if type(value) in _SCALARS:
            return value
        types = self._schema.types[slot]
        try:
            return self._convert(value, slot, types, faults)
        except _NotPlainError as found:
            faults.setdefault(slot, found.fault)
            return ...

    def _convert(self, value: Any, slot: int, types: set[str], faults: dict[int, Fault]) -> Any:
        scalar = self._scalar(value)
        if type(scalar) is not _Other:
            if type(scalar) is bytes and scalar[:1] == b"T" and types != {"timestamp"}:
                faults.setdefault(
                    slot, Fault("a `datetime`, and no timestamp", declared="timestamp")
                )
                return scalar if "timestamp" in types else ...
            return scalar
        items = _guarded(_items, value)
        if items is not None:
            return [self._item(item, slot, faults) for item in items]
        if not _is_object(type(value)):
            raise _NotPlainError(Fault(f"{type_name(value)}, which is no value"))
        if not self._schema.kinds[slot]:
            # It is none of what the field may be, whatever is in it; but limits bind that, too.
            _note_limit(value, slot, faults)
            return {}
        return self._held(self._members_of_field(value, slot), slot, faults)

    def _members_of_field(self, value: Any, slot: int) -> list[tuple[str, Any]]:
        try:
            return self._members(value, self._schema.slot_names[slot]) or []
        except ActraInputError as error:
            raise _NotPlainError(
                Fault("an object that cannot be read", code=error.code, cause=error)
            ) from None

    def _held(
        self, pairs: list[tuple[str, Any]], slot: int, faults: dict[int, Fault]
    ) -> dict[str, Any]:
        """What stands in an object or a map."""
        names = self._schema.children[FIRST_SLOT + slot]
        is_map = any(name.startswith("map of ") for name in self._schema.types[slot])
        held = {}
        for key, value in pairs:
            if key in names:
                held[key] = self._field(value, names[key], faults)
            elif is_map:
                held[key] = self._item(value, slot, faults, key)
            else:
                held[key] = None
        return held

    def _item(self, value: Any, slot: int, faults: dict[int, Fault], key: str | None = None) -> Any:
        """A value where only a scalar fits: an item of a list, an entry of a map."""
        try:
            scalar = self._scalar(value)
            if type(scalar) is not _Other:
                is_instant = type(scalar) is bytes and scalar[:1] == b"T"
                if not is_instant or "map of timestamp" in self._schema.types[slot]:
                    return scalar
                raise _NotPlainError(Fault("a list or a map with a `datetime` in it"))
            if issubclass(type(value), _LISTS) or _is_object(type(value)):
                _note_limit(value, slot, faults, key)
                return {}
            raise _NotPlainError(
                Fault(f"a list or a map with {type_name(value)} in it, which is no value")
            )
        except _NotPlainError as found:
            faults.setdefault(slot, found.fault)
            return ...

    def _scalar(self, value: Any, depth: int = 0) -> Any:
        """The value, if it stands for a scalar; else `_OTHER`."""
        kind = type(value)
        if kind in _SCALARS:
            return value
        if issubclass(kind, enum.Enum):
            if depth == _MAX_DEPTH:
                raise _NotPlainError(Fault("an enum without an end"))
            return self._scalar(_guarded(lambda: value.value), depth + 1)
        if issubclass(kind, int):
            return _integer(int.__int__(value))
        if issubclass(kind, str):
            return str.__str__(value)
        if issubclass(kind, float):
            return float.__float__(value)
        return self._foreign(value, kind, depth)

    def _foreign(self, value: Any, kind: type, depth: int) -> Any:
        """Scalars of modules that are asked only where somebody has imported them."""
        datetime: Any = sys.modules.get("datetime")
        if datetime is not None and issubclass(kind, datetime.datetime):
            return _instant(datetime, value)
        decimal: Any = sys.modules.get("decimal")
        if decimal is not None and issubclass(kind, decimal.Decimal):
            return self._decimal(decimal.Decimal(value))
        numpy: Any = sys.modules.get("numpy")
        generic = getattr(numpy, "generic", None)
        if isinstance(generic, type) and issubclass(kind, generic):
            plain = _guarded(lambda: value.item() if value.dtype.kind in "biufU" else value)
            if type(plain) is not kind and depth < _MAX_DEPTH:
                return self._scalar(plain, depth + 1)
            raise _NotPlainError(Fault(f"{type_name(value)}, which Python has no value for"))
        return _OTHER

    def _decimal(self, value: Any) -> Any:
        """Version 1 as a double, version 2 exactly."""
        if not value.is_finite():
            sign = -1.0 if value.is_signed() else 1.0
            return sign * math.inf if value.is_infinite() else math.nan
        if not self._schema.is_exact:
            return float(value)
        # The exponent may be anything: nothing is written out before its size is known.
        is_small = value.is_zero() or value.adjusted() < 19
        if is_small and value == value.to_integral_value():
            integer = int(value)
            if MIN_INTEGER <= integer <= MAX_INTEGER:
                return integer
        double = float(value)
        if math.isfinite(double) and value == type(value)(double):
            return double
        if value.adjusted() >= 18 and value == value.to_integral_value():
            return _big(double)
        raise _NotPlainError(Fault("a `Decimal` that is no integer and no double without rounding"))


class _Other:
    """The type of `_OTHER`."""

    __slots__ = ()


_OTHER = _Other()


def _guarded(read: Callable[..., T], *arguments: Any) -> T:
    try:
        return read(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever the object's code does, it is no input
        raise _NotPlainError(Fault("an object that cannot be read", cause=error)) from None


def _note_limit(value: Any, slot: int, faults: dict[int, Fault], key: str | None = None) -> None:
    """Notes what is over its limit inside of a value that the field cannot be."""
    code = _broken_limit(value)
    if code is not None:
        what = "an object or a list with something over its limit, or no text, in it"
        faults.setdefault(slot, Fault(what, code=code, is_limit=True, key=key))


def _broken_limit(value: Any) -> str | None:
    """The code of the first limit that something in plain lists and dicts breaks. Each of these is
    looked at once, however often it stands there; other values are not looked into."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        found = waiting.pop()
        kind = type(found)
        if issubclass(kind, str):
            text = str.__str__(found)
            if len(text) > _MAX_BYTES:
                return "too_large"
            if not _is_utf8(text):
                return "not_utf8"
            if len(text.encode("utf-8")) > _MAX_BYTES:
                return "too_large"
        elif id(found) in seen:
            continue
        elif issubclass(kind, dict):
            seen.add(id(found))
            waiting += [member for _, member in list(dict.items(found))]
        elif issubclass(kind, list | tuple):
            seen.add(id(found))
            items = (list if issubclass(kind, list) else tuple).__getitem__(
                found, slice(_MAX_ITEMS)
            )
            if len(items) == _MAX_ITEMS:
                return "too_large"
            waiting += items
    return None


def _integer(value: int) -> int | bytes:
    if MIN_INTEGER <= value <= MAX_INTEGER:
        return value
    try:
        return _big(float(value))
    except OverflowError:
        return _big(math.inf if value > 0 else -math.inf)


def _big(nearest: float) -> bytes:
    return _DOUBLE.pack(b"B", nearest)


def _instant(module: Any, value: Any) -> bytes:
    offset = _guarded(module.datetime.utcoffset, value)
    if offset is None:
        raise _NotPlainError(
            Fault("a `datetime` without an offset: say which instant it is, as with `tzinfo=`")
        )
    epoch = module.datetime(1970, 1, 1, tzinfo=module.timezone.utc)
    since = _guarded(module.datetime.__sub__, value, epoch)
    return _INSTANT.pack(b"T", since // module.timedelta(microseconds=1))


def _key(key: object) -> str | None:
    return str.__str__(key) if isinstance(key, str) and str in type(key).__mro__ else None


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _items(value: Any) -> list[Any] | None:
    """The items of a list, tuple or set, as many as matter; None: it is none.

    Each is copied at one moment, so that it does not matter if another thread changes it.
    """
    kind = type(value)
    if issubclass(kind, list):
        return list.__getitem__(value, slice(_MAX_ITEMS))
    if issubclass(kind, tuple):
        return list(tuple.__getitem__(value, slice(_MAX_ITEMS)))
    if issubclass(kind, set):
        # One step, unlike to go through it: nobody changes the copy.
        return list(islice(set.__iter__(set.copy(value)), _MAX_ITEMS))
    if issubclass(kind, frozenset):
        return list(islice(frozenset.__iter__(value), _MAX_ITEMS))
    return None


def _is_object(kind: type) -> bool:
    """Whether instances are objects: of a type that is known, whatever is in them."""
    return (
        issubclass(kind, dict)
        or isinstance(getattr(kind, "__dataclass_fields__", None), dict)
        or issubclass(kind, _models())
        or issubclass(kind, Mapping)
    )


def _models() -> tuple[type, ...]:
    """The base of pydantic's models, where somebody has imported it."""
    model: Any = getattr(sys.modules.get("pydantic"), "BaseModel", None)
    return (model,) if isinstance(model, type) else ()


def pairs_of(value: Any) -> list[tuple[Any, Any]] | None:
    """The entries of what is an object; None: it is none."""
    kind = type(value)
    if not _is_object(kind):
        return None
    if issubclass(kind, dict):
        return list(dict.items(value))
    fields = getattr(kind, "__dataclass_fields__", None)
    if isinstance(fields, dict):
        return [(name, getattr(value, name)) for name, field in fields.items() if _is_field(field)]
    for model in _models():
        if issubclass(kind, model):
            # Fields as the model declares them, and extra ones.
            return list(getattr(model, "__iter__")(value))  # noqa: B009 - known to no type checker
    return list(_bounded(value))


def _is_field(field: Any) -> bool:
    """Not `ClassVar` nor `InitVar`, which dataclasses keep among the fields."""
    return getattr(getattr(field, "_field_type", None), "name", "") == "_FIELD"


def _bounded(value: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    for count, (key, member) in enumerate(value.items()):
        if count == _MAX_KEYS:
            raise ValueError("a mapping without an end")
        yield key, member
