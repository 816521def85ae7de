"""Python values made plain: what the library takes, and nothing that anyone else can change.

The doors read exact built-in types themselves. A context that holds anything else comes here, and
goes back as a tree of dicts, lists, strings, numbers, booleans and None of its own, in which

- `...` stands for a value that no field takes, and
- bytes for what built-in types lack: `T` and an instant in microseconds since 1970 as 64 bits,
  `B` and the double nearest to an integer outside 64 bits.

Values that no field takes are remembered as faults. Whether one matters is known when the input has
been decided: a field that the schema does not declare for the action is looked at for limits only,
which bind everywhere.

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
# Levels of an input: the context itself is the first.
_MAX_LEVELS = 64
# Enums whose values are enums.
_MAX_DEPTH = 8
_INSTANT = struct.Struct("<cq")
_DOUBLE = struct.Struct("<cd")
_LISTS = (list, tuple, set, frozenset)
_SCALARS = frozenset({str, bool, float, type(None)})
_LIMITLESS = frozenset({int, bool, float, type(None)})


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


# Faults by slot, and of what the schema does not name by the field.
_Notes = tuple[dict[int, Fault], dict[str, Fault]]


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

    __slots__ = ("context", "faults", "unnamed")

    def __init__(
        self, context: dict[str, Any], faults: dict[int, Fault], unnamed: dict[str, Fault]
    ) -> None:
        self.context = context
        self.faults = faults
        # Limits that what the schema does not name has broken, by the field.
        self.unnamed = unnamed

    def check_unnamed(self) -> None:
        """Raises what is wrong with fields that the schema does not name: of several, the first by
        domain and name."""

        def place(name: str) -> tuple[int, str]:
            domain = name.partition(".")[0]
            return (DOMAINS.index(domain) if domain in DOMAINS else len(DOMAINS), name)

        if self.unnamed:
            first = min(self.unnamed, key=place)
            raise self.unnamed[first].error(first)

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
        unnamed: dict[str, Fault] = {}
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
            found[domain] = self._object(members, node, domain, (faults, unnamed), 3)
        for name in given.keys() - set(DOMAINS):
            _note_unnamed(given[name], name, unnamed, 2)
        return Plain(found, faults, unnamed)

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
            _check_key(name)
            members.append((name, member))
        if len({name for name, _ in members}) != len(members):
            refuse("duplicate_key", field, f"{where} has a key twice")
        return members

    def _object(
        self,
        members: list[tuple[str, Any]],
        node: int,
        prefix: str,
        notes: _Notes,
        level: int,
    ) -> dict[str, Any]:
        """The members of an object, whose own values stand at that level."""
        names = self._schema.children[node]
        held = {}
        for key, value in members:
            if key in names:
                held[key] = self._field(value, names[key], notes, level)
            else:
                # Such names are kept, for explanations; their values are not.
                held[key] = None
                _note_unnamed(value, f"{prefix}.{key}", notes[1], level)
        return held

    def _field(self, value: Any, slot: int, notes: _Notes, level: int) -> Any:
        if type(value) in _SCALARS:
            return value
        types = self._schema.types[slot]
        try:
            return self._convert(value, slot, types, notes, level)
        except _NotPlainError as found:
            notes[0].setdefault(slot, found.fault)
            return ...

    def _convert(self, value: Any, slot: int, types: set[str], notes: _Notes, level: int) -> Any:
        faults = notes[0]
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
            return [self._item(item, slot, faults, level + 1) for item in items]
        if not _is_object(type(value)):
            raise _NotPlainError(Fault(f"{type_name(value)}, which is no value"))
        if not self._schema.kinds[slot]:
            # It is none of what the field may be, whatever is in it; but limits bind that, too.
            _note_limit(value, slot, faults, level)
            return {}
        return self._held(self._members_of_field(value, slot), slot, notes, level + 1)

    def _members_of_field(self, value: Any, slot: int) -> list[tuple[str, Any]]:
        try:
            return self._members(value, self._schema.slot_names[slot]) or []
        except ActraInputError as error:
            raise _NotPlainError(
                Fault("an object that cannot be read", code=error.code, cause=error)
            ) from None

    def _held(
        self, pairs: list[tuple[str, Any]], slot: int, notes: _Notes, level: int
    ) -> dict[str, Any]:
        """What stands in an object or a map: values of that level."""
        if level > _MAX_LEVELS + 1:
            _refuse_depth()
        names = self._schema.children[FIRST_SLOT + slot]
        is_map = any(name.startswith("map of ") for name in self._schema.types[slot])
        held = {}
        for key, value in pairs:
            if key in names:
                held[key] = self._field(value, names[key], notes, level)
            elif is_map:
                held[key] = self._item(value, slot, notes[0], level, key)
            else:
                held[key] = None
                name = f"{self._schema.slot_names[slot]}.{key}"
                _note_unnamed(value, name, notes[1], level)
        return held

    def _item(
        self,
        value: Any,
        slot: int,
        faults: dict[int, Fault],
        level: int,
        key: str | None = None,
    ) -> Any:
        """A value where only a scalar fits: an item of a list, an entry of a map."""
        try:
            scalar = self._scalar(value)
            if type(scalar) is not _Other:
                is_instant = type(scalar) is bytes and scalar[:1] == b"T"
                if not is_instant or "map of timestamp" in self._schema.types[slot]:
                    return scalar
                raise _NotPlainError(Fault("a list or a map with a `datetime` in it"))
            if issubclass(type(value), _LISTS) or _is_object(type(value)):
                _note_limit(value, slot, faults, level, key)
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


def _note_limit(
    value: Any, slot: int, faults: dict[int, Fault], level: int, key: str | None = None
) -> None:
    """Notes what is over its limit inside of a value that the field cannot be."""
    code = _broken_limit(value, level)
    if code is not None:
        what = "an object or a list with something over its limit, or no text, in it"
        faults.setdefault(slot, Fault(what, code=code, is_limit=True, key=key))


def _note_unnamed(value: Any, name: str, unnamed: dict[str, Fault], level: int) -> None:
    """Notes what is over its limit in a field that the schema does not name."""
    code = None if type(value) in _LIMITLESS else _broken_limit(value, level)
    if code is not None:
        unnamed[name] = Fault("over a limit, or no text", code=code, is_limit=True)


def _refuse_depth() -> NoReturn:
    refuse("too_deep", None, f"the input nests deeper than {_MAX_LEVELS} levels")


def _broken_limit(value: Any, level: int) -> str | None:
    """The code of the first limit that something in plain lists and dicts breaks; an input that is
    too deep is refused at once. Other values are not looked into.

    What stands in several places is looked at again only where it stands deeper, so that neither
    sharing nor a circle goes on for long.
    """
    seen: dict[int, int] = {}
    waiting = [(value, level)]
    while waiting:
        found, level = waiting.pop()
        kind = type(found)
        if issubclass(kind, str):
            code = _broken_limit_of_text(str.__str__(found))
            if code is not None:
                return code
            continue
        if not issubclass(kind, dict | list | tuple) or seen.get(id(found), 0) >= level:
            continue
        seen[id(found)] = level
        if level > _MAX_LEVELS:
            _refuse_depth()
        if issubclass(kind, dict):
            for key, member in _entries(found):
                waiting.append((member, level + 1))
                if isinstance(key, str):
                    name = str.__str__(key)
                    if not _is_utf8(name):
                        return "not_utf8"
                    _check_key(name)
            continue
        items = (list if issubclass(kind, list) else tuple).__getitem__(found, slice(_MAX_ITEMS))
        if len(items) == _MAX_ITEMS:
            return "too_large"
        waiting += [(item, level + 1) for item in items]
    return None


def _entries(found: dict[Any, Any]) -> list[tuple[Any, Any]]:
    try:
        return list(dict.items(found))
    except RuntimeError as error:
        # Making the list may collect garbage, and with that run other threads, which change it.
        refuse("malformed", None, "a dict in the input changes while it is read", error)


def _check_key(name: str) -> None:
    """Refuses a key of UTF-8 that is too long. It is in no field: nobody could read the name."""
    if _broken_limit_of_text(name) is not None:
        refuse("too_large", None, f"a key is longer than {_MAX_BYTES} bytes")


def _broken_limit_of_text(text: str) -> str | None:
    if len(text) > _MAX_BYTES:
        return "too_large"
    try:
        return "too_large" if len(text.encode("utf-8")) > _MAX_BYTES else None
    except UnicodeEncodeError:
        return "not_utf8"


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
