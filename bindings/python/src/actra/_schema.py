"""A policy's schema: the tree of its names, and where each leads."""

from __future__ import annotations

import json
import struct
from typing import Any

DOMAINS = ("action", "actor", "snapshot")
FIRST_SLOT = len(DOMAINS)

_OBJECT, _MAP = 1, 2
_SLOT = struct.Struct("<IIBBxx")


class Schema:
    """The schema, as the library describes it. It never changes.

    Nodes are numbered: the three domains, then the slots, of which those that hold objects have
    names below them.
    """

    __slots__ = (
        "_actions",
        "_base",
        "_described",
        "_fields",
        "children",
        "is_entry",
        "is_exact",
        "kinds",
        "nodes",
        "slot_names",
        "slots_by_name",
        "types",
    )

    def __init__(self, described: bytes) -> None:
        tree: dict[str, Any] = json.loads(described)
        slots = tree["slots"]
        self._described = tree
        # Version 1 has doubles only; version 2 is exact.
        self.is_exact: bool = tree["language"] >= 2
        self.slot_names: list[str] = [slot["name"] for slot in slots]
        self.slots_by_name = {name: slot for slot, name in enumerate(self.slot_names)}
        self.is_entry = [slot["kind"] == "entry" for slot in slots]
        self.nodes = [_node(slot) for slot in slots]
        self.children: list[dict[str, int]] = [{} for _ in range(FIRST_SLOT + len(slots))]
        for number, slot in enumerate(slots):
            if not self.is_entry[number]:
                self.children[self.nodes[number]][slot["key"]] = number
        # What each slot may be, under whichever action.
        self.types: list[set[str]] = [set() for _ in slots]
        self._base = self._types_of(tree["common"]) | self._types_of(tree["state"])
        self._actions = {name: self._types_of(fields) for name, fields in tree["actions"].items()}
        self.kinds = bytes(_kinds(types) for types in self.types)
        common = self._names_of(tree["common"])
        self._fields = {
            name: common | self._names_of(fields) for name, fields in tree["actions"].items()
        }

    def _types_of(self, fields: list[dict[str, Any]]) -> dict[int, str]:
        types = {field["slot"]: field["type"] for field in fields}
        for slot, name in types.items():
            self.types[slot].add(name)
        return types

    def _names_of(self, fields: list[dict[str, Any]]) -> frozenset[str]:
        described = self._described["slots"]
        action = DOMAINS.index("action")
        return frozenset(
            described[field["slot"]]["key"]
            for field in fields
            if self.nodes[field["slot"]] == action and described[field["slot"]]["key"] != "type"
        )

    def fields_of(self, action_type: object) -> frozenset[str] | None:
        """Names of the fields that the schema declares for an action, those of `common` included
        and `type` not; None for what it does not know as an action."""
        return self._fields.get(action_type) if isinstance(action_type, str) else None

    def type_of(self, slot: int, action_type: object) -> str | None:
        """The type that a slot is declared to be for an action; None: it is not declared."""
        own = self._actions.get(action_type, {}) if isinstance(action_type, str) else {}
        return own.get(slot) or self._base.get(slot) or self._builtin_type(slot)

    def _builtin_type(self, slot: int) -> str | None:
        return "string" if self.slot_names[slot] in ("action.type", "actor.type") else None

    def walker_slots(self) -> tuple[bytes, bytes]:
        """What `walker_new` takes: an array of `walker_slot`, and the names in one text."""
        keys = [slot["key"].encode("utf-8") for slot in self._described["slots"]]
        slots = b"".join(
            _SLOT.pack(node, len(key), is_entry, kinds)
            for node, key, is_entry, kinds in zip(
                self.nodes, keys, self.is_entry, self.kinds, strict=True
            )
        )
        return slots, b"".join(keys)

    @property
    def language(self) -> int:
        """The policy's version."""
        return int(self._described["language"])

    @property
    def default_effect(self) -> str:
        """The effect when no rule fires."""
        return str(self._described["evaluation"]["default"])

    def document(self) -> dict[str, Any]:
        """The schema in the shape of its document, every field spelled out."""
        tree = self._described
        document: dict[str, Any] = {"version": 1}
        if tree["common"]:
            document["common"] = {"fields": self._spelled(tree["common"])}
        document["actions"] = {
            name: {"fields": self._spelled(fields)} for name, fields in tree["actions"].items()
        }
        for domain in DOMAINS[1:]:
            own = [
                field
                for field in tree["state"]
                if tree["slots"][field["slot"]]["domain"] == domain
                and field != {"slot": field["slot"], "name": f"{domain}.type", "type": "string"}
            ]
            document[domain] = {"fields": self._spelled(own)}
        return document

    def _spelled(self, fields: list[dict[str, Any]]) -> dict[str, Any]:
        spelled: dict[int, dict[str, Any]] = {}
        top: dict[str, Any] = {}
        for field in sorted(fields, key=lambda field: int(field["slot"])):
            slot = field["slot"]
            if self.is_entry[slot]:
                continue
            spelled[slot] = _spell(field)
            parent = self._described["slots"][slot]["parent"]
            above = top if parent is None else spelled[parent].setdefault("fields", {})
            above[self._described["slots"][slot]["key"]] = spelled[slot]
        return top


def _node(slot: dict[str, Any]) -> int:
    parent = slot["parent"]
    return DOMAINS.index(slot["domain"]) if parent is None else FIRST_SLOT + int(parent)


def _kinds(types: set[str]) -> int:
    is_map = any(name.startswith("map of ") for name in types)
    return (_OBJECT if "object" in types else 0) | (_MAP if is_map else 0)


def _spell(field: dict[str, Any]) -> dict[str, Any]:
    """A field of the library's description as documents spell it."""
    kind, _, inner = str(field["type"]).partition(" of ")
    constraints: dict[str, Any] = {
        name: field[name] for name in ("enum", "min", "max", "max_length") if name in field
    }
    spelled: dict[str, Any] = {"type": kind}
    if kind == "list":
        spelled["items"] = {"type": inner, **constraints}
        if "max_items" in field:
            spelled["max_length"] = field["max_items"]
    elif kind == "map":
        spelled["values"] = inner
    else:
        spelled.update(constraints)
    for name in ("required", "unique", "default"):
        if name in field:
            spelled[name] = field[name]
    return spelled


def schema_of(policy: object) -> Schema | None:
    """A policy's schema; None: what stands in for a policy has none."""
    schema = getattr(policy, "_schema", None)
    return schema if isinstance(schema, Schema) else None
