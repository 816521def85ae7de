"""libactra through cffi: for PyPy, and wherever the accelerator is not.

One crossing decides a context, or many together. What crosses is what `marshal` writes of it: one
call of Python's, and the only one that tells values with their types at the cost of looking at each
once. C reads slots from it (`native/marshalled.c`).

cffi drops the GIL in each call. What is handed over is bytes, which never change, and which the
caller holds on to.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import marshal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._decision import Decision
from ._wire import dumps as wire_dumps

if TYPE_CHECKING:
    from ._door import Failure, Finish, Refusal

NAME = "actra._native_cffi"

# The format that all versions of CPython from 3.4 on write; others have formats of their own.
VERSION = 4
dumps: Callable[[Any, int], bytes] = (
    marshal.dumps if sys.implementation.name == "cpython" else wire_dumps
)


def _import() -> Any:
    """On CPython the module stands in the accelerator's file, so that there is one libactra."""
    if NAME in sys.modules:
        return sys.modules[NAME]
    found = importlib.util.find_spec("actra._native")
    if found is None or found.origin is None:
        return importlib.import_module(NAME)
    try:
        importlib.import_module("_cffi_backend")
    except ImportError as error:
        raise ImportError(
            "this way into Actra needs the `cffi` package: `pip install actra[cffi]`"
        ) from error
    loader = importlib.machinery.ExtensionFileLoader(NAME, found.origin)
    spec = importlib.util.spec_from_file_location(NAME, found.origin, loader=loader)
    if spec is None:
        raise ImportError(f"{found.origin} holds no cffi module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    loader.exec_module(module)
    return module


_module = _import()
ffi: Any = _module.ffi
lib: Any = _module.lib

_OUTCOME_FULL = lib.OUTCOME_FULL
_OUTCOME_SIMPLE = lib.OUTCOME_SIMPLE
_OUTCOME_NOT_PLAIN = lib.OUTCOME_NOT_PLAIN
_OUTCOME_NO_MEMORY = lib.OUTCOME_NO_MEMORY
_NO_RULE = lib.ACTRA_NO_RULE
_INTERNAL = 9
_MORE = lib.MARSHALLED_MORE
_decide = lib.marshalled_decide
_try = lib.marshalled_try
_decide_many = lib.marshalled_decide_many
# So many contexts cross together: more of them cost no less each.
_CHUNK = 256
# `marshal` writes what stands in several contexts once, so that what crosses is never much larger
# than the contexts are in memory. Other writers do not.
_WRITES_ONCE = sys.implementation.name == "cpython"


def _text(pointer: Any, length: int) -> str:
    return "" if pointer == ffi.NULL else ffi.buffer(pointer, length)[:].decode("utf-8")


def _failure(status: int, error: Any) -> Failure:
    length = ffi.new("size_t *")

    def told(read: Any) -> str:
        pointer = read(error, length)
        return _text(pointer, length[0])

    failure = (
        status,
        told(lib.actra_error_code),
        told(lib.actra_error_message),
        told(lib.actra_error_rendered),
        told(lib.actra_error_json),
    )
    lib.actra_error_free(error)
    return failure


def _bytes(buffer: Any) -> bytes:
    data: bytes = ffi.buffer(lib.actra_buffer_data(buffer), lib.actra_buffer_len(buffer))[:]
    lib.actra_buffer_free(buffer)
    return data


def _numbers(array: Any, count: int) -> tuple[int, ...]:
    return tuple(ffi.unpack(array, count)) if array else ()


def _load_options(keys: tuple[bytes, ...] | None, min_revision: int) -> tuple[Any, Any]:
    """Options, and what they point to, which has to stay as long as they are used."""
    options = ffi.new("actra_load_options *")
    options.struct_size = ffi.sizeof("actra_load_options")
    options.min_revision = min_revision
    held = [ffi.from_buffer("uint8_t[]", key) for key in keys or ()]
    # Room for one more, so that no list of none is NULL.
    trusted = ffi.new("actra_bytes[]", len(held) + 1)
    for index, key in enumerate(held):
        trusted[index].data = key
        trusted[index].len = len(key)
    if keys is not None:
        options.trusted_keys = trusted
        options.trusted_key_count = len(held)
        options.flags = lib.ACTRA_LOAD_TRUSTED_KEYS
    return options, (held, trusted)


class CffiHandle:
    """A policy of the library's."""

    __slots__ = ("_finish", "_names", "_policy", "_slot_names", "_template_of", "_templates")

    def __init__(self, policy: Any) -> None:
        self._policy = ffi.gc(policy, lib.actra_policy_free)
        self._names: Any = None

    def _describe(self, function: Any) -> bytes | Failure:
        buffer = ffi.new("actra_buffer **")
        status = function(self._policy, buffer)
        return _bytes(buffer[0]) if status == 0 else _failure(status, ffi.NULL)

    def schema_json(self) -> bytes | Failure:
        return self._describe(lib.actra_policy_schema_json)

    def rules_json(self) -> bytes | Failure:
        return self._describe(lib.actra_policy_rules_json)

    def warnings_json(self) -> bytes | Failure:
        return self._describe(lib.actra_policy_warnings_json)

    def artifact(self) -> bytes | Failure:
        return self._describe(lib.actra_policy_to_artifact)

    def _digest(self, function: Any) -> bytes | Failure:
        digest = ffi.new("uint8_t[32]")
        status = function(self._policy, ffi.addressof(digest))
        return bytes(digest) if status == 0 else _failure(status, ffi.NULL)

    def policy_hash(self) -> bytes | Failure:
        return self._digest(lib.actra_policy_hash)

    def revision(self) -> int | Failure:
        revision = ffi.new("uint64_t *")
        status = lib.actra_policy_revision(self._policy, revision)
        return int(revision[0]) if status == 0 else _failure(status, ffi.NULL)

    def program_digest(self) -> bytes | Failure:
        return self._digest(lib.actra_policy_digest)

    def evaluate_text(self, text: bytes, flags: int, /) -> bytes | Failure:
        decision = ffi.new("actra_decision *")
        decision.struct_size = ffi.sizeof("actra_decision")
        json = ffi.new("actra_buffer **")
        error = ffi.new("actra_error **")
        status = lib.actra_policy_evaluate_text(
            self._policy, text, len(text), flags, decision, json, error
        )
        return _bytes(json[0]) if status == 0 else _failure(status, error[0])

    def explain_text(self, text: bytes, flags: int, /) -> bytes | Failure:
        explanation = ffi.new("actra_buffer **")
        status = lib.actra_policy_explain_text(self._policy, text, len(text), flags, explanation)
        return _bytes(explanation[0]) if status == 0 else _failure(status, ffi.NULL)

    def evaluate_arrow(
        self, schema: int, array: int, flags: int, decisions_schema: int, decisions: int, /
    ) -> Failure | None:
        error = ffi.new("actra_error **")
        status = lib.actra_policy_evaluate_arrow(
            self._policy,
            ffi.cast("const struct ArrowSchema *", schema),
            ffi.cast("const struct ArrowArray *", array),
            flags,
            ffi.cast("struct ArrowSchema *", decisions_schema),
            ffi.cast("struct ArrowArray *", decisions),
            error,
        )
        return None if status == 0 else _failure(status, error[0])

    def ask(self, question: bytes, other: CffiHandle | None, /) -> bytes | Failure:
        answer = ffi.new("actra_buffer **")
        error = ffi.new("actra_error **")
        status = lib.actra_policy_ask(
            self._policy,
            ffi.NULL if other is None else other._policy,
            question,
            len(question),
            answer,
            error,
        )
        return _bytes(answer[0]) if status == 0 else _failure(status, error[0])

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
    ) -> None:
        count = len(slots) // ffi.sizeof("walker_slot")
        names = lib.walker_new(
            self._policy,
            ffi.from_buffer("walker_slot[]", slots),
            count,
            texts,
            len(texts),
            effects,
            len(effects),
            default_effect,
        )
        if names == ffi.NULL:
            raise ValueError("the schema does not describe the policy's slots")
        if decision_type is not Decision:
            raise TypeError("this door makes decisions of one type")
        self._names = ffi.gc(names, lib.walker_free)
        # By rule; the default's is the last: where a rule is -1.
        self._templates = templates
        # The same, of those that are the same each time; of what is no rule's number there is none.
        numbers = (*range(len(effects)), -1)
        found = {rule: of for rule, of in zip(numbers, templates, strict=True) if of is not None}
        self._template_of = found.get
        self._slot_names = slot_names
        self._finish = finish

    def decide(self, context: object, /) -> Decision | None:
        try:
            data = dumps(context, VERSION)
        except ValueError:
            # Not of a built-in type, or nested too deep.
            return None
        rule = _try(self._names, data, len(data))
        if rule != _MORE:
            template = self._templates[rule]
            if template is not None:
                return Decision(template)
        # Once more, with room for all there is to it.
        outcome = ffi.new("walker_outcome *")
        _decide(self._names, data, len(data), 0, outcome)
        return self._decision_of(outcome)

    def decide_many(self, contexts: Sequence[object], /) -> tuple[list[Decision | None], int]:
        answers: list[Decision | None] = []
        undecided = 0
        for start in range(0, len(contexts), _CHUNK):
            chunk = self._decide_chunk(contexts[start : start + _CHUNK])
            # Decisions are never empty.
            undecided += 0 if all(chunk) else chunk.count(None)
            answers += chunk
        return answers, undecided

    def _decide_chunk(self, contexts: Sequence[object]) -> list[Decision | None]:
        """Decisions of contexts that cross together; None where there is none."""
        count = len(contexts)
        try:
            data = dumps(contexts, VERSION) if _WRITES_ONCE else None
        except ValueError:
            # One of them is not of built-in types, or nested too deep.
            data = None
        if data is None:
            return [self.decide(context) for context in contexts]
        rules = ffi.new("int64_t[]", count)
        outcomes = ffi.new("walker_outcome[]", count)
        _decide_many(self._names, data, len(data), rules, outcomes, count)
        templates: list[Any] = list(map(self._template_of, ffi.unpack(rules, count)))
        if all(templates):
            return list(map(Decision, templates))
        others = []
        for at, template in enumerate(templates):
            if not template:
                others.append((at, ffi.addressof(outcomes, at)))
                templates[at] = ()
        try:
            answers: list[Decision | None] = list(map(Decision, templates))
            for at, outcome in others:
                is_told = outcome.kind != _OUTCOME_NOT_PLAIN
                answers[at] = self._decision_of(outcome) if is_told else self.decide(contexts[at])
        finally:
            for _, outcome in others:
                lib.walker_outcome_free(outcome)
        return answers

    def decide_plain(self, context: object, /) -> Decision | Refusal:
        data = dumps(context, VERSION)
        outcome = ffi.new("walker_outcome *")
        _decide(self._names, data, len(data), 1, outcome)
        if outcome.kind in (_OUTCOME_SIMPLE, _OUTCOME_FULL):
            return self._decision_at_length(outcome)
        if outcome.kind == _OUTCOME_NO_MEMORY:
            raise MemoryError
        if outcome.kind == _OUTCOME_NOT_PLAIN:
            return (1, 0, None)
        field = _text(outcome.field, outcome.field_len) if outcome.field != ffi.NULL else None
        return (outcome.status, outcome.input_error, field)

    def _decision_of(self, outcome: Any) -> Decision | None:
        kind = outcome.kind
        if kind == _OUTCOME_NO_MEMORY:
            raise MemoryError
        if kind not in (_OUTCOME_SIMPLE, _OUTCOME_FULL):
            return None
        return self._decision_at_length(outcome)

    def _decision_at_length(self, outcome: Any) -> Decision:
        try:
            matched = _numbers(outcome.matched, outcome.matched_count)
            missing = _numbers(outcome.missing, outcome.missing_count)
        finally:
            lib.walker_outcome_free(outcome)
        rule = -1 if outcome.rule == _NO_RULE else outcome.rule
        shadow_effect = outcome.shadow_effect
        template = self._template_of(rule)
        if template is not None and len(matched) < 2 and not shadow_effect:
            # All that there is beside what the rule says.
            decision = Decision(template)
            if missing:
                decision["missing"] = sorted([self._slot_names[slot] for slot in missing])
            return decision
        shadow = -1 if outcome.shadow_rule == _NO_RULE else outcome.shadow_rule
        return self._finish(rule, shadow_effect, shadow, matched, missing)


class CffiDoor:
    """The library's functions that give policies."""

    def __init__(self) -> None:
        found = lib.actra_abi_version()
        if found != lib.ACTRA_ABI_VERSION:
            raise ImportError(
                f"libactra has ABI version {found}, and this module wants {lib.ACTRA_ABI_VERSION}"
            )

    def _open(self, function: Any, *texts: bytes) -> CffiHandle | Failure:
        policy = ffi.new("actra_policy **")
        error = ffi.new("actra_error **")
        arguments = [part for text in texts for part in (text, len(text))]
        status = function(*arguments, policy, error)
        return CffiHandle(policy[0]) if status == 0 else _failure(status, error[0])

    def compile_strings(
        self, schema: bytes, policy: bytes, governance: bytes, /
    ) -> CffiHandle | Failure:
        return self._open(lib.actra_policy_compile, schema, policy, governance)

    def compile_files(
        self, schema: bytes, policy: bytes, governance: bytes, /
    ) -> CffiHandle | Failure:
        return self._open(lib.actra_policy_compile_files, schema, policy, governance)

    def compile_directory(self, path: bytes, /) -> CffiHandle | Failure:
        return self._open(lib.actra_policy_compile_directory, path)

    def load(self, artifact: bytes, /) -> CffiHandle | Failure:
        return self._open(lib.actra_policy_load, artifact)

    def load_with(
        self, artifact: bytes, keys: tuple[bytes, ...] | None, min_revision: int, /
    ) -> CffiHandle | Failure:
        policy = ffi.new("actra_policy **")
        error = ffi.new("actra_error **")
        options, _held = _load_options(keys, min_revision)
        status = lib.actra_policy_load_with(artifact, len(artifact), options, policy, error)
        return CffiHandle(policy[0]) if status == 0 else _failure(status, error[0])

    def store_open(
        self, path: bytes, keys: tuple[bytes, ...] | None, min_revision: int, flags: int, /
    ) -> Any:
        store = ffi.new("actra_policy_store **")
        error = ffi.new("actra_error **")
        load, _held = _load_options(keys, min_revision)
        options = ffi.new("actra_store_options *")
        options.struct_size = ffi.sizeof("actra_store_options")
        options.flags = flags
        options.load = load
        status = lib.actra_policy_store_open(path, len(path), options, store, error)
        if status != 0:
            return _failure(status, error[0])
        return ffi.gc(store[0], lib.actra_policy_store_free)

    def store_policy(self, store: Any, /) -> CffiHandle | Failure:
        policy = lib.actra_policy_store_policy(store)
        return _failure(_INTERNAL, ffi.NULL) if policy == ffi.NULL else CffiHandle(policy)

    def store_generation(self, store: Any, /) -> int:
        generation: int = lib.actra_policy_store_generation(store)
        return generation

    def store_reload(self, store: Any, /) -> int | Failure:
        return self._reload(lib.actra_policy_store_reload, store)

    def store_reload_if_changed(self, store: Any, /) -> int | Failure:
        return self._reload(lib.actra_policy_store_reload_if_changed, store)

    def _reload(self, function: Any, store: Any) -> int | Failure:
        outcome = ffi.new("uint32_t *")
        error = ffi.new("actra_error **")
        status = function(store, outcome, error)
        if status != 0:
            return _failure(status, error[0])
        found: int = outcome[0]
        return found

    def store_status_json(self, store: Any, /) -> bytes | Failure:
        json = ffi.new("actra_buffer **")
        status = lib.actra_policy_store_status_json(store, json)
        return _bytes(json[0]) if status == 0 else _failure(status, ffi.NULL)

    def changes_open(self, store: Any, /) -> Any:
        changes = ffi.new("actra_policy_changes **")
        status = lib.actra_policy_changes_open(store, changes)
        if status != 0:
            return _failure(status, ffi.NULL)
        return ffi.gc(changes[0], lib.actra_policy_changes_free)

    def changes_wait(self, changes: Any, milliseconds: int, /) -> bool | Failure:
        look = ffi.new("uint32_t *")
        status = lib.actra_policy_changes_wait(changes, milliseconds, look)
        return look[0] != 0 if status == 0 else _failure(status, ffi.NULL)

    def changes_wake(self, changes: Any, /) -> None:
        lib.actra_policy_changes_wake(changes)

    def log_open(self, path: bytes, options: bytes, /) -> Any:
        log = ffi.new("actra_decision_log **")
        error = ffi.new("actra_error **")
        status = lib.actra_decision_log_open(path, len(path), options, len(options), log, error)
        if status != 0:
            return _failure(status, error[0])
        return ffi.gc(log[0], lib.actra_decision_log_free)

    def log_record(self, log: Any, entry: bytes, /) -> bytes | Failure:
        identity = ffi.new("actra_buffer **")
        error = ffi.new("actra_error **")
        status = lib.actra_decision_log_record_json(log, entry, len(entry), identity, error)
        return _bytes(identity[0]) if status == 0 else _failure(status, error[0])

    def log_flush(self, log: Any, /) -> Failure | None:
        return self._ask(lib.actra_decision_log_flush, log)

    def log_rotate(self, log: Any, /) -> Failure | None:
        return self._ask(lib.actra_decision_log_rotate, log)

    def log_close(self, log: Any, /) -> Failure | None:
        return self._ask(lib.actra_decision_log_close, log)

    def _ask(self, function: Any, log: Any) -> Failure | None:
        error = ffi.new("actra_error **")
        status = function(log, error)
        return None if status == 0 else _failure(status, error[0])

    def log_status_json(self, log: Any, /) -> bytes | Failure:
        json = ffi.new("actra_buffer **")
        status = lib.actra_decision_log_status_json(log, json)
        return _bytes(json[0]) if status == 0 else _failure(status, ffi.NULL)

    def run_tests(self, path: bytes, only: bytes, /) -> bytes | Failure:
        report = ffi.new("actra_buffer **")
        error = ffi.new("actra_error **")
        status = lib.actra_tests_run(path, len(path), only, len(only), report, error)
        return _bytes(report[0]) if status == 0 else _failure(status, error[0])

    def version(self) -> str:
        version: bytes = ffi.string(lib.actra_version())
        return version.decode("ascii")
