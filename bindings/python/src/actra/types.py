"""The types that go in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, TypeAlias

from ._decision import Decision

__all__ = [
    "Action",
    "ActionBuilder",
    "ActionInput",
    "ActionResolver",
    "ActionTypeResolver",
    "Actor",
    "ActorResolver",
    "Context",
    "ContextResolver",
    "Decision",
    "DecisionObserver",
    "EvaluationContext",
    "KeyType",
    "PathType",
    "Snapshot",
    "SnapshotResolver",
]

# What is asked for: `type`, and its fields. Dataclasses and pydantic models will do, too, for this
# and for the two below.
Action: TypeAlias = dict[str, Any]
# Who asks.
Actor: TypeAlias = dict[str, Any]
# What the host knows about the state of the world.
Snapshot: TypeAlias = dict[str, Any]
# `{"action": {...}, "actor": {...}, "snapshot": {...}}`; a domain that is absent is empty.
EvaluationContext: TypeAlias = dict[str, Any]
ActionInput: TypeAlias = Mapping[str, Any]
# Whatever resolvers are given.
Context: TypeAlias = Any
PathType: TypeAlias = str | PathLike[str]
# A public key: PEM, its 32 bytes, or the path of a PEM file.
KeyType: TypeAlias = PathType | bytes | bytearray | memoryview

ActionBuilder: TypeAlias = Callable[[str, tuple[Any, ...], dict[str, Any], Any], Action]
ActionResolver: TypeAlias = Callable[[str, tuple[Any, ...], dict[str, Any], Any], Action]
ActionTypeResolver: TypeAlias = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], str]
ContextResolver: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], Any]
# Takes the context, and the action where it has a second parameter; may be async.
ActorResolver: TypeAlias = Callable[..., Any]
SnapshotResolver: TypeAlias = Callable[..., Any]
DecisionObserver: TypeAlias = Callable[[Any], object]
