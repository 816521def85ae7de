"""Policies: compiled from documents, loaded from artifacts, asked for decisions."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload

from . import _door
from ._decision import Decision
from ._diagnosis import input_error, raise_failure
from ._schema import Schema
from ._table import DecisionTable, decide_table
from ._trust import keys_of, revision_of
from ._values import Plain, Plainer
from .errors import ActraError, ActraInputError
from .types import Action, ActionInput, Actor, KeyType, PathType, Snapshot

__all__ = ["Actra", "Policy"]

_DEFAULT = -1


if TYPE_CHECKING:
    from ._base import Base
    from .analysis import Analysis, Answer
else:
    Base = _door.base


class Policy(Base):
    """A compiled policy. It never changes; any number of threads may use it.

    Policies come from `Actra.from_directory` and its neighbours. They can be pickled, as their
    artifact: what was pickled decides the same, and knows no warnings.
    """

    def __init__(self, handle: _door.Handle) -> None:
        """For Actra's own use: see `Actra`."""
        self._handle = handle
        self._known: tuple[str, int] | None = None
        self._schema = Schema(_bytes(handle.schema_json()))
        self._plainer = Plainer(self._schema)
        self._warnings: list[dict[str, Any]] = json.loads(_bytes(handle.warnings_json()))
        rules: list[dict[str, Any]] = json.loads(_bytes(handle.rules_json()))
        self._decisions = _Decisions(rules, self._schema)
        slots, texts = self._schema.walker_slots()
        handle.prepare(
            slots,
            texts,
            bytes(_door.EFFECTS.index(rule["effect"]) for rule in rules),
            _door.EFFECTS.index(self._schema.default_effect),
            Decision,
            self._decisions.templates(),
            tuple(self._schema.slot_names),
            self._decisions.at_length,
        )
        self._use(handle)
        self._decide_many = handle.decide_many

    # --- deciding ---

    def evaluate_action(self, action: Action, actor: Actor, snapshot: Snapshot) -> Decision:
        """Decides, with the three domains given one by one."""
        return self.evaluate({"action": action, "actor": actor, "snapshot": snapshot})

    def evaluate_many(self, contexts: Iterable[ActionInput]) -> list[Decision | ActraInputError]:
        """Decides each context, in order. In the place of one that cannot be decided stands the
        `ActraInputError`, which is no decision: block."""
        given = list(contexts)
        decided, undecided = self._decide_many(given)
        answers: list[Any] = decided
        if undecided:
            for at, answer in enumerate(decided):
                if answer is None:
                    answers[at] = self._answer_plain(given[at])
        return answers

    def evaluate_table(
        self, table: object, *, unknown_fields: Literal["ignore", "refuse"] = "ignore"
    ) -> DecisionTable:
        """Decides each row of a table of Arrow's: of pyarrow, Polars, pandas, DuckDB, or whatever
        else has `__arrow_c_stream__` or `__arrow_c_array__`.

        Columns are named as fields are, `action.type`, `action.amount`, or stand in structs named
        `action`, `actor` and `snapshot`; others are ignored. A null is a missing value. What is
        wrong with a row stands in the answer, and leaves it without an effect, which is no
        permission; a column that no field takes raises `ActraInputError` with its name.

        The GIL is not held while rows are decided.

        Args:
            table: The table.
            unknown_fields: `refuse` makes columns of fields that the schema does not name errors.
        """
        flags = _door.INPUT_REFUSE_UNKNOWN if _refuses_unknown(unknown_fields) else 0
        return decide_table(self._handle, table, flags)

    def _answer_plain(self, context: object) -> Decision | ActraInputError:
        try:
            return self._evaluate_plain(context)
        except ActraInputError as error:
            return error

    def evaluate_json(self, text: str | bytes, *, unknown_fields: str = "ignore") -> Decision:
        """Decides a context given as JSON text.

        Args:
            text: The text.
            unknown_fields: `refuse` makes fields that the schema does not name input errors.
        """
        flags = _door.INPUT_REFUSE_UNKNOWN if _refuses_unknown(unknown_fields) else 0
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
        return self._evaluate_text(data, flags)

    def _evaluate_text(self, text: bytes, flags: int) -> Decision:
        answer = self._handle.evaluate_text(text, flags)
        if not isinstance(answer, bytes):
            raise_failure(answer)
        return self._decisions.of_json(json.loads(answer))

    def _evaluate_plain(self, context: object) -> Decision:
        return self._decide_plain(self._plainer.plain(context))

    def _decide_plain(self, plain: Plain) -> Decision:
        answer = self._handle.decide_plain(plain.context)
        if not isinstance(answer, Decision):
            self._refuse(plain, answer)
        for slot, fault in plain.faults.items():
            declared = self._schema.type_of(slot, plain.action_type)
            if fault.is_limit or (declared is not None and declared != fault.declared):
                raise fault.error(self._schema.slot_names[slot])
        plain.check_unnamed()
        return answer

    def _refuse(self, plain: Plain, refusal: _door.Refusal) -> NoReturn:
        """Raises an input error, in the words of the library's door for text."""
        status, number, field = refusal
        if status != _door.STATUS_INPUT_ERROR:
            raise ActraError(f"libactra failed with status {status}: please report it")
        code = _door.INPUT_ERRORS[number]
        slot = self._schema.slots_by_name.get(field or "")
        fault = plain.faults.get(slot) if slot is not None else None
        if fault is not None and code == "wrong_type" and not fault.is_limit:
            # The library saw something in its place that no field takes.
            raise fault.error(field or "")
        text, is_yaml = _spell(plain)
        told = self._handle.evaluate_text(text, _door.INPUT_YAML if is_yaml else 0)
        if not isinstance(told, bytes) and told[0] == _door.STATUS_INPUT_ERROR and told[1] == code:
            named = json.loads(told[4])["field"]
            # An entry of a map is known to the text by its own name.
            if named is not None and named.startswith(field or ""):
                raise input_error(code, named, told[2])
        what = code.replace("_", " ")
        raise input_error(code, field, f"`{field}`: {what}" if field else what)

    # --- telling why ---

    @overload
    def explain(self, context: ActionInput, *, render: Literal[True] = True) -> Decision: ...
    @overload
    def explain(self, context: ActionInput, *, render: Literal[False]) -> dict[str, Any]: ...
    @overload
    def explain(self, context: ActionInput, *, render: bool) -> Decision | dict[str, Any]: ...
    def explain(self, context: ActionInput, *, render: bool = True) -> Decision | dict[str, Any]:
        """Decides, and tells why: prints the three domains, the decision, and what each candidate
        rule's tests said.

        Args:
            context: As of `evaluate`.
            render: False: nothing is printed, and the trace comes back as data (docs/explain.md).

        Returns:
            The decision, or the trace.

        Raises:
            ActraInputError: As `evaluate`.
        """
        plain = self._plainer.plain(context)
        decision = self._decide_plain(plain)
        text, is_yaml = _spell(plain)
        flags = _door.INPUT_YAML if is_yaml else 0
        trace: dict[str, Any] = json.loads(_bytes(self._handle.explain_text(text, flags)))
        if trace.get("decision") is None or self._decisions.of_json(trace["decision"]) != decision:
            raise ActraError("the explanation is of another decision: please report it")
        if not render:
            return trace
        from ._story import tell

        rendered = _bytes(
            self._handle.explain_text(text, flags | _door.EXPLAIN_RENDERED | _door.EXPLAIN_ALL)
        )
        print(tell(context, decision, trace, rendered.decode("utf-8")))
        return decision

    def assert_effect(self, context: ActionInput, expected: str) -> Decision:
        """Asserts that the decision has an effect: `allow`, `block` or `require_approval`.

        Returns:
            The decision.

        Raises:
            AssertionError: It has another one. Says which rule decided, and shows the context.
        """
        __tracebackhide__ = True
        decision = self.evaluate(context)
        if decision["effect"] != expected:
            raise AssertionError(
                "Policy assertion failed.\n"
                f"Expected effect: {expected}\n"
                f"Actual effect:   {decision['effect']}\n"
                f"Matched rule:    {decision['matched_rule']}\n"
                f"Context: {context}"
            )
        return decision

    # --- what holds for every input ---

    def analyze(self, budget: int | None = None) -> Analysis:
        """What each rule is good for, and which effects each action can get.

        Args:
            budget: Steps that each search may take; None: the library's.

        Raises:
            ActraAnalysisError: There is no answer: the policy comes from an artifact without its
                documents, or is too large.
        """
        from ._analysis import analyze

        return analyze(self, budget)

    def never(
        self,
        effect: Literal["allow", "require_approval", "block"],
        *,
        actions: Iterable[str] | None = None,
        assume: str | Mapping[str, Any] | None = None,
        inputs: Literal["partial", "complete"] = "partial",
        budget: int | None = None,
    ) -> Answer:
        """Whether no input gets an effect: proved, or refuted by one that does.

        Args:
            effect: The effect.
            actions: Only of these actions; None: of every action of the schema, and of
                `(any other)` where inputs are unchecked and nothing is assumed.
            assume: Only of inputs for which this condition is true or unknown: a short one, such as
                `snapshot.fraud_flag == true`, or a mapping, as in YAML.
            inputs: `complete`: only of inputs that have every declared field.
            budget: Steps that the search for each action may take; None: the library's.

        Returns:
            The answer, which is true only if it is so: not where it is undecided.

        Raises:
            ActraAnalysisError: There is no answer: the schema has no such action, what is assumed
                is no condition over it, or as `analyze`.
        """
        from ._analysis import answer

        return answer(self, "never", effect, actions, assume, inputs, budget)

    def always(
        self,
        effect: Literal["allow", "require_approval", "block"],
        *,
        actions: Iterable[str] | None = None,
        assume: str | Mapping[str, Any] | None = None,
        inputs: Literal["partial", "complete"] = "partial",
        budget: int | None = None,
    ) -> Answer:
        """Whether every input gets an effect: as `never`."""
        from ._analysis import answer

        return answer(self, "always", effect, actions, assume, inputs, budget)

    # --- what it is ---

    def policy_hash(self) -> str:
        """The hash that names what the policy means: the same in every process, binding and
        release. Of a policy from an artifact it is the file's claim."""
        return _bytes(self._handle.policy_hash()).hex()

    def program_digest(self) -> str:
        """The digest that names exactly what runs. It is always computed."""
        return _bytes(self._handle.program_digest()).hex()

    def revision(self) -> int:
        """The owner's number for this state of the policy (`actra compile --revision`); 0 where
        there is none. Of an artifact that was loaded without `trusted_keys`, it is the file's
        claim."""
        revision = self._handle.revision()
        if isinstance(revision, tuple):
            raise_failure(revision)
        return revision

    def _identity(self) -> tuple[str, int]:
        """Hash and revision, which never change."""
        if self._known is None:
            self._known = (self.policy_hash(), self.revision())
        return self._known

    @property
    def schema(self) -> dict[str, Any]:
        """The schema in the shape of its document, every field spelled out."""
        return self._schema.document()

    def get_schema(self) -> dict[str, Any]:
        """As `schema`."""
        return self._schema.document()

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules in the order in which they decide: `id`, `effect`, `mode`, and where they are
        known `message`, `required_actions`, `description`, `file`, `line`, `column`."""
        rules: list[dict[str, Any]] = json.loads(_bytes(self._handle.rules_json()))
        return rules

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """What the compiler warned of, as data. A policy from an artifact has none."""
        return copy.deepcopy(self._warnings)

    def to_artifact(self) -> bytes:
        """The bytes of an `.actra` file, the same for the same documents."""
        return _bytes(self._handle.artifact())

    def save(self, path: PathType) -> None:
        """Writes an `.actra` file. Whoever reads it sees the old file or the new one."""
        target = os.fspath(path)
        folder, name = os.path.split(target)
        beside = os.path.join(folder, f".{name}.{os.urandom(8).hex()}")
        data = self.to_artifact()
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if os.path.exists(target):
                os.chmod(beside, os.stat(target).st_mode & 0o777)
            os.replace(beside, target)
        except BaseException:
            if os.path.exists(beside):
                os.unlink(beside)
            raise

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (self.to_artifact(),)

    def __copy__(self) -> Policy:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Policy:
        return self

    def __repr__(self) -> str:
        return f"Policy(hash={self.policy_hash()})"

    def _repr_html_(self) -> str:
        from ._html import policy_html

        return policy_html(self)


class Actra:
    """Where policies come from."""

    @staticmethod
    def from_strings(
        schema_yaml: str, policy_yaml: str, governance_yaml: str | None = None
    ) -> Policy:
        """Compiles documents in memory.

        Raises:
            ActraSchemaError: The schema does not compile.
            ActraCompileError: The policy does not, or breaks the governance document.
        """
        texts = [
            _document("schema_yaml", schema_yaml),
            _document("policy_yaml", policy_yaml),
            b"" if governance_yaml is None else _document("governance_yaml", governance_yaml),
        ]
        return _policy(_door.door.compile_strings(*texts), "schema.yaml")

    @staticmethod
    def from_files(
        schema_path: PathType, policy_path: PathType, governance_path: PathType | None = None
    ) -> Policy:
        """Compiles documents in files, which errors name.

        Raises:
            FileNotFoundError: One of them is not there.
            ActraSchemaError, ActraCompileError: As `from_strings`.
        """
        _readable("Schema", schema_path)
        _readable("Policy", policy_path)
        if governance_path is not None:
            _readable("Governance", governance_path)
        paths = [_path(schema_path), _path(policy_path)]
        paths.append(b"" if governance_path is None else _path(governance_path))
        return _policy(_door.door.compile_files(*paths), os.fspath(schema_path))

    @staticmethod
    def from_directory(directory: PathType) -> Policy:
        """Compiles a policy directory: `schema.yaml` and `policy.yaml`, and where they are there
        `policies/*.yaml` and `governance.yaml`.

        Raises:
            FileNotFoundError: The directory, the schema or the policy is not there.
            ActraSchemaError, ActraCompileError: As `from_strings`.
        """
        path = os.fspath(directory)
        if not os.path.isdir(path):
            raise FileNotFoundError(f"Directory not found: {path}")
        schema = os.path.join(path, "schema.yaml")
        _readable("Schema", schema)
        _readable("Policy", os.path.join(path, "policy.yaml"))
        return _policy(_door.door.compile_directory(_path(directory)), schema)

    @staticmethod
    def from_artifact(
        path_or_bytes: PathType | bytes | bytearray | memoryview,
        trusted_keys: Sequence[KeyType] | None = None,
        min_revision: int = 0,
    ) -> Policy:
        """Loads a compiled policy: an `.actra` file, or its bytes. Bytes from anyone may be tried.

        Args:
            path_or_bytes: The file, or what is in it.
            trusted_keys: Loads only what one of these Ed25519 public keys has signed, which is
                checked before anything else is read. A key is PEM text or bytes, its 32 bytes, or
                the path of a PEM file. An empty list trusts nobody: nothing is loaded.
            min_revision: Loads only this revision or a later one, so that nobody brings an old
                policy back. 0 asks for none.

        Raises:
            FileNotFoundError: The file, or a key's, is not there.
            ActraArtifactError: The bytes are no artifact (`not_an_artifact`, `bad_artifact`), are
                not signed by a trusted key (`not_signed`, `unknown_key`, `wrong_signature`), or are
                too old (`old_revision`); or a key is none (`bad_key`).
        """
        keys, revision = keys_of(trusted_keys), revision_of(min_revision)
        if isinstance(path_or_bytes, bytes | bytearray | memoryview):
            data = bytes(path_or_bytes)
        else:
            with open(path_or_bytes, "rb") as file:
                data = file.read()
        if keys is not None or revision:
            return _policy(_door.door.load_with(data, keys, revision))
        return _policy(_door.door.load(data))

    @staticmethod
    def compiler_version() -> str:
        """The version of the library."""
        return _door.door.version()


class _Decisions:
    """Decisions of one policy, from the rules' numbers or from JSON."""

    __slots__ = ("_rules", "_slot_names", "_templates")

    def __init__(self, rules: list[dict[str, Any]], schema: Schema) -> None:
        self._rules = rules
        self._slot_names = schema.slot_names
        default = {"effect": schema.default_effect, "matched_rule": None}
        # The default's stands last, so that -1 is its number, too.
        self._templates = [*(_template(rule) for rule in rules), default]

    def templates(self) -> tuple[dict[str, object] | None, ...]:
        """By rule, and last of the default, what a decision holds; None where that has parts that
        can be changed, so that each decision needs its own."""
        return tuple(
            None if "required_actions" in template else template for template in self._templates
        )

    def at_length(
        self,
        rule: int,
        shadow_effect: int,
        shadow_rule: int,
        matched: tuple[int, ...],
        missing: tuple[int, ...],
    ) -> Decision:
        """A decision with all there is to it."""
        decision = Decision(self._templates[rule])
        if len(matched) > 1:
            decision["matched_rules"] = [self._rules[number]["id"] for number in matched]
        required = self._required_actions(matched if len(matched) > 1 else (rule,))
        decision.pop("required_actions", None)
        if required:
            decision["required_actions"] = required
        if missing:
            decision["missing"] = sorted(self._slot_names[slot] for slot in missing)
        if shadow_effect:
            rule_id = None if shadow_rule == _DEFAULT else self._rules[shadow_rule]["id"]
            decision["shadow"] = {
                "effect": _door.EFFECTS[shadow_effect],
                "matched_rule": rule_id,
            }
        return decision

    def _required_actions(self, rules: tuple[int, ...]) -> list[Any]:
        required: list[Any] = []
        seen: set[str] = set()
        for rule in rules:
            for action in self._templates[rule].get("required_actions", ()):
                # As JSON: for Python, 1 and True are the same.
                spelled = json.dumps(action, sort_keys=True)
                if spelled not in seen:
                    seen.add(spelled)
                    required.append(copy.deepcopy(action))
        return required

    def of_json(self, told: Mapping[str, Any]) -> Decision:
        """A decision as the library spells it."""
        decision = Decision({"effect": told["effect"], "matched_rule": told.get("matched_rule")})
        for key in ("message", "matched_rules", "required_actions", "missing", "shadow"):
            if told.get(key):
                decision[key] = told[key]
        return decision


def _template(rule: dict[str, Any]) -> dict[str, Any]:
    template = {"effect": rule["effect"], "matched_rule": rule["id"]}
    for key in ("message", "required_actions"):
        if key in rule:
            template[key] = rule[key]
    return template


def _bytes(answer: bytes | _door.Failure) -> bytes:
    if not isinstance(answer, bytes):
        raise_failure(answer)
    return answer


def _policy(opened: _door.Handle | _door.Failure, schema_name: str = "schema.yaml") -> Policy:
    if isinstance(opened, tuple):
        raise_failure(opened, schema_name)
    return Policy(opened)


def _from_bytes(artifact: bytes) -> Policy:
    return _policy(_door.door.load(artifact))


def _spell(plain: Plain) -> tuple[bytes, bool]:
    from ._spell import spell

    return spell(plain.context)


def _document(name: str, text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"`{name}` is a {type(text).__name__}, not a str of YAML")
    if not text:
        # The library takes no text for no document, which only governance may be.
        return b" " if name == "governance_yaml" else b""
    return text.encode("utf-8")


def _path(path: PathType) -> bytes:
    text = os.fspath(path)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"the path {text!r} is not UTF-8, which the library asks for") from None


def _readable(what: str, path: PathType) -> None:
    """Raises the system's error where a file cannot be read, before the library tries."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{what} file not found: {os.fspath(path)}")
    with open(path, "rb"):
        pass


def _refuses_unknown(unknown_fields: str) -> bool:
    if unknown_fields not in ("ignore", "refuse"):
        raise ValueError("`unknown_fields` is `ignore` or `refuse`")
    return unknown_fields == "refuse"
