"""The way into libactra: the accelerator where there is one, else cffi.

`ACTRA_PYTHON_PATH` chooses: `accelerator` or `cffi`. Both decide alike; the accelerator, which is
for CPython, needs no package but this one and is faster.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ._base import Base
    from ._decision import Decision

PATHS = ("accelerator", "cffi")

# (status, code, message, rendered, JSON)
Failure = tuple[int, str, str, str, str]
# (status, input error, field)
Refusal = tuple[int, int, str | None]

STATUS_OK = 0
STATUS_INVALID_ARGUMENT = 1
STATUS_INPUT_ERROR = 2
STATUS_COMPILE_ERROR = 3
STATUS_ARTIFACT_ERROR = 4
STATUS_IO_ERROR = 5
STATUS_NOT_FOUND = 6
STATUS_REFUSED = 10
STATUS_LOG_ERROR = 11
STATUS_NO_ANSWER = 12

STORE_NEVER_OLDER = 1
STORE_WITHOUT_TESTS = 2
RELOAD_NONE = 0
RELOAD_REPLACED = 2

INPUT_REFUSE_UNKNOWN = 1
INPUT_YAML = 2
EXPLAIN_RENDERED = 1 << 8
EXPLAIN_COLOURED = 1 << 9
EXPLAIN_ALL = 1 << 10

# By number, as `actra_input_error_name` gives them.
INPUT_ERRORS = (
    "none",
    "wrong_type",
    "not_finite",
    "out_of_range",
    "missing_required",
    "not_in_enum",
    "below_min",
    "above_max",
    "too_long",
    "not_unique",
    "not_utf8",
    "unknown_action",
    "unknown_field",
    "duplicate_key",
    "too_deep",
    "too_large",
    "malformed",
)

# By number, as `actra_effect_name` gives them.
EFFECTS = ("invalid", "allow", "require_approval", "block")

# Makes a decision that says more than its rule does: rule, shadow effect, shadow rule (-1 for
# none), numbers of the matched rules, numbers of the missing slots.
Finish = Callable[[int, int, int, tuple[int, ...], tuple[int, ...]], "Decision"]


class Handle(Protocol):
    """A policy of the library's."""

    def schema_json(self) -> bytes | Failure: ...
    def rules_json(self) -> bytes | Failure: ...
    def warnings_json(self) -> bytes | Failure: ...
    def artifact(self) -> bytes | Failure: ...
    def policy_hash(self) -> bytes | Failure: ...
    def program_digest(self) -> bytes | Failure: ...
    def revision(self) -> int | Failure: ...
    def evaluate_text(self, text: bytes, flags: int, /) -> bytes | Failure: ...
    def explain_text(self, text: bytes, flags: int, /) -> bytes | Failure: ...
    def evaluate_arrow(
        self, schema: int, array: int, flags: int, decisions_schema: int, decisions: int, /
    ) -> Failure | None: ...
    def ask(self, question: bytes, other: Any, /) -> bytes | Failure: ...
    def prepare(
        self,
        slots: bytes,
        texts: bytes,
        effects: bytes,
        default_effect: int,
        decision_type: type[Decision],
        templates: tuple[dict[str, object] | None, ...],
        slot_names: tuple[str, ...],
        finish: Finish,
        /,
    ) -> None: ...
    def decide(self, context: object, /) -> Decision | None: ...
    def decide_many(self, contexts: Sequence[object], /) -> tuple[list[Decision | None], int]: ...
    def decide_plain(self, context: object, /) -> Decision | Refusal: ...


class Door(Protocol):
    """What a way into the library offers."""

    def compile_strings(
        self, schema: bytes, policy: bytes, governance: bytes, /
    ) -> Handle | Failure: ...
    def compile_files(
        self, schema: bytes, policy: bytes, governance: bytes, /
    ) -> Handle | Failure: ...
    def compile_directory(self, path: bytes, /) -> Handle | Failure: ...
    def load(self, artifact: bytes, /) -> Handle | Failure: ...
    def load_with(
        self, artifact: bytes, keys: tuple[bytes, ...] | None, min_revision: int, /
    ) -> Handle | Failure: ...
    # Stores, and what waits for their changes, are whatever the door makes them.
    def store_open(
        self, path: bytes, keys: tuple[bytes, ...] | None, min_revision: int, flags: int, /
    ) -> Any: ...
    def store_policy(self, store: Any, /) -> Handle | Failure: ...
    def store_generation(self, store: Any, /) -> int: ...
    def store_reload(self, store: Any, /) -> int | Failure: ...
    def store_reload_if_changed(self, store: Any, /) -> int | Failure: ...
    def store_status_json(self, store: Any, /) -> bytes | Failure: ...
    def changes_open(self, store: Any, /) -> Any: ...
    def changes_wait(self, changes: Any, milliseconds: int, /) -> bool | Failure: ...
    def changes_wake(self, changes: Any, /) -> None: ...
    # So are decision logs.
    def log_open(self, path: bytes, options: bytes, /) -> Any: ...
    def log_record(self, log: Any, entry: bytes, /) -> bytes | Failure: ...
    def log_flush(self, log: Any, /) -> Failure | None: ...
    def log_rotate(self, log: Any, /) -> Failure | None: ...
    def log_close(self, log: Any, /) -> Failure | None: ...
    def log_status_json(self, log: Any, /) -> bytes | Failure: ...
    def run_tests(self, path: bytes, only: bytes, /) -> bytes | Failure: ...
    def version(self) -> str: ...


def _find() -> tuple[str, Door, type[Base]]:
    wanted = os.environ.get("ACTRA_PYTHON_PATH") or None
    if wanted not in (None, *PATHS):
        raise ImportError(f"ACTRA_PYTHON_PATH is `{wanted}`, and may be `accelerator` or `cffi`")
    if wanted == "accelerator" or (wanted is None and sys.implementation.name == "cpython"):
        from . import _native

        return "accelerator", _native, _native.Base
    from ._base import Base
    from ._cffi_door import CffiDoor

    return "cffi", CffiDoor(), Base


path, door, base = _find()
