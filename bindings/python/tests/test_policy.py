"""Policies: where they come from, what they say, what they are."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import stat
from pathlib import Path

import pytest
from conftest import REFUND_POLICY, REFUND_SCHEMA, context

import actra
from actra import (
    Actra,
    ActraArtifactError,
    ActraCompileError,
    ActraError,
    ActraInputError,
    ActraSchemaError,
    Decision,
    Policy,
)
from actra._base import Base


def write(directory: Path, **documents: str) -> Path:
    for name, text in documents.items():
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")
    return directory


def test_all_sources_give_the_same_policy(tmp_path: Path) -> None:
    write(tmp_path, schema=REFUND_SCHEMA, policy=REFUND_POLICY)
    policy = Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY)
    artifact = tmp_path / "refund.actra"
    policy.save(artifact)
    others = [
        Actra.from_directory(tmp_path),
        Actra.from_directory(str(tmp_path)),
        Actra.from_files(tmp_path / "schema.yaml", str(tmp_path / "policy.yaml")),
        Actra.from_artifact(artifact),
        Actra.from_artifact(str(artifact)),
        Actra.from_artifact(artifact.read_bytes()),
        Actra.from_artifact(bytearray(artifact.read_bytes())),
        Actra.from_artifact(memoryview(artifact.read_bytes())),
        actra.load_policy_from_string(REFUND_SCHEMA, REFUND_POLICY),
        actra.load_policy_from_file(tmp_path / "schema.yaml", tmp_path / "policy.yaml"),
    ]
    for other in others:
        assert other.policy_hash() == policy.policy_hash()
        assert other.program_digest() == policy.program_digest()
        assert other.evaluate(context()) == {"effect": "allow", "matched_rule": "small"}


def test_a_directory_may_have_more_policies_and_governance(tmp_path: Path) -> None:
    write(tmp_path, schema=REFUND_SCHEMA, policy="version: 2\nrules: []\n")
    (tmp_path / "policies").mkdir()
    write(tmp_path / "policies", more=REFUND_POLICY)
    assert Actra.from_directory(tmp_path).evaluate(context()).matched_rule == "small"
    write(
        tmp_path,
        governance="version: 2\ngovernance: {rules: [{id: none, select: {where: {effect: allow}}, "
        "must: {forbid: true}, error: Nothing may be allowed.}]}\n",
    )
    with pytest.raises(ActraCompileError, match="Nothing may be allowed") as caught:
        Actra.from_directory(tmp_path)
    assert caught.value.code == "governance_violated"


def test_what_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Directory not found"):
        Actra.from_directory(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="Schema file not found"):
        Actra.from_directory(tmp_path)
    write(tmp_path, schema=REFUND_SCHEMA)
    with pytest.raises(FileNotFoundError, match="Policy file not found"):
        Actra.from_directory(tmp_path)
    with pytest.raises(FileNotFoundError, match="Policy file not found"):
        Actra.from_files(tmp_path / "schema.yaml", tmp_path / "policy.yaml")
    write(tmp_path, policy=REFUND_POLICY)
    with pytest.raises(FileNotFoundError, match="Governance file not found"):
        Actra.from_files(
            tmp_path / "schema.yaml", tmp_path / "policy.yaml", tmp_path / "governance.yaml"
        )
    with pytest.raises(FileNotFoundError):
        Actra.from_artifact(tmp_path / "nowhere.actra")


def test_a_schema_that_does_not_compile() -> None:
    with pytest.raises(ActraSchemaError) as caught:
        Actra.from_strings("version: 1\nactions: {refund: {fields: {a: strin}}}\n", REFUND_POLICY)
    error = caught.value
    assert isinstance(error, ActraError)
    assert isinstance(error, ValueError)
    assert error.code == error.diagnostics[0]["code"]
    assert error.file == "schema.yaml"
    assert (error.line, error.column) == (2, 32)
    assert "schema.yaml:2:32" in str(error)
    assert error.original_error is None
    assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics
    plain = ActraSchemaError("why", original_error=KeyError("x"))
    assert str(plain) == "why"
    assert isinstance(plain.original_error, KeyError)


def test_a_policy_that_does_not_compile(tmp_path: Path) -> None:
    broken = REFUND_POLICY.replace("action.amount > 1000", "action.amout > 1000")
    with pytest.raises(ActraCompileError, match="did you mean `amount`") as caught:
        Actra.from_strings(REFUND_SCHEMA, broken)
    assert caught.value.code == "undeclared_field"
    assert not isinstance(caught.value, ActraSchemaError)
    write(tmp_path, schema=REFUND_SCHEMA, policy=broken)
    with pytest.raises(ActraCompileError) as caught:
        Actra.from_directory(tmp_path)
    assert caught.value.file == str(tmp_path / "policy.yaml")
    write(tmp_path, schema="version: 7\n")
    with pytest.raises(ActraSchemaError) as caught_schema:
        Actra.from_directory(tmp_path)
    assert caught_schema.value.file == str(tmp_path / "schema.yaml")
    with pytest.raises(ActraSchemaError):
        Actra.from_files(tmp_path / "schema.yaml", tmp_path / "policy.yaml")


@pytest.mark.parametrize("wrong", [None, 5, b"version: 1", ["version: 1"]])
def test_documents_are_text(wrong: object) -> None:
    with pytest.raises(TypeError, match="not a str of YAML"):
        Actra.from_strings(wrong, REFUND_POLICY)  # type: ignore[arg-type]


def test_documents_with_half_of_a_surrogate_pair_are_refused() -> None:
    with pytest.raises(ValueError):
        Actra.from_strings(REFUND_SCHEMA + "# \ud800", REFUND_POLICY)


def test_an_empty_document_is_not_one_that_is_left_out() -> None:
    with pytest.raises(ActraSchemaError):
        Actra.from_strings("", REFUND_POLICY)
    with pytest.raises(ActraCompileError):
        Actra.from_strings(REFUND_SCHEMA, "")
    with pytest.raises(ActraCompileError):
        Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY, "")


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped", "longer"])
def test_bytes_that_are_no_artifact_are_refused(policy: Policy, damage: str) -> None:
    data = policy.to_artifact()
    damaged = {
        "empty": b"",
        "text": b"version: 1\n",
        "cut": data[:-1],
        "flipped": data[:60] + bytes([data[60] ^ 1]) + data[61:],
        "longer": data + b"\0",
    }[damage]
    with pytest.raises(ActraArtifactError) as caught:
        Actra.from_artifact(damaged)
    assert caught.value.code in ("not_an_artifact", "bad_artifact")
    assert isinstance(caught.value, ValueError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_saving_replaces_as_a_whole(policy: Policy, tmp_path: Path) -> None:
    target = tmp_path / "refund.actra"
    target.write_bytes(b"old")
    target.chmod(0o640)
    policy.save(target)
    assert Actra.from_artifact(target).policy_hash() == policy.policy_hash()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["refund.actra"]
    with pytest.raises(FileNotFoundError):
        policy.save(tmp_path / "nowhere" / "refund.actra")
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError):
        policy.save(tmp_path / "directory")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["directory", "refund.actra"]


def test_evaluate_gives_decisions(policy: Policy) -> None:
    decision = policy.evaluate(context())
    assert type(decision) is Decision
    assert repr(decision) == "{'effect': 'allow', 'matched_rule': 'small'}"
    assert policy.evaluate(context(5000)) == {
        "effect": "require_approval",
        "matched_rule": "large",
        "required_actions": [{"type": "human_approval", "role": "manager"}],
    }
    blocked = policy.evaluate({**context(), "snapshot": {"fraud_flag": True}})
    assert blocked == {
        "effect": "block",
        "matched_rule": "fraud",
        "message": "Payments are stopped.",
    }
    unknown = policy.evaluate({"action": {"type": "refund", "amount": 5}})
    assert unknown["missing"] == ["snapshot.fraud_flag"]
    assert policy.evaluate({"action": {"type": "payout"}, "snapshot": {"fraud_flag": False}}) == {
        "effect": "block",
        "matched_rule": None,
    }


def test_decisions_are_the_callers_own(policy: Policy) -> None:
    first = policy.evaluate(context(5000))
    first["effect"] = "allow"
    first["required_actions"][0]["role"] = "nobody"
    first["required_actions"].clear()
    again = policy.evaluate(context(5000))
    assert again["effect"] == "require_approval"
    assert again["required_actions"] == [{"type": "human_approval", "role": "manager"}]
    small = policy.evaluate(context())
    small["effect"] = "block"
    small["message"] = "x"
    assert policy.evaluate(context()) == {"effect": "allow", "matched_rule": "small"}


def test_evaluate_action_and_many(policy: Policy) -> None:
    domains = ({"type": "refund", "amount": 5}, {"role": "support"}, {"fraud_flag": False})
    assert policy.evaluate_action(*domains).allowed
    many = policy.evaluate_many(
        iter([context(), context("5"), context(5000), 7, {}, context(float("nan"))])  # type: ignore[list-item]
    )
    kinds = [type(answer).__name__ for answer in many]
    assert kinds == [
        "Decision",
        "ActraInputTypeError",
        "Decision",
        "ActraInputTypeError",
        "ActraInputError",
        "ActraInputError",
    ]
    assert many[1].code == "wrong_type"
    assert many[2].needs_approval
    assert policy.evaluate_many([]) == []


def test_evaluate_json_says_the_same(policy: Policy) -> None:
    text = json.dumps(context())
    assert policy.evaluate_json(text) == policy.evaluate(context())
    assert policy.evaluate_json(text.encode()) == policy.evaluate(context())
    extra = json.dumps(context(unheard_of=1))
    assert policy.evaluate_json(extra).allowed
    with pytest.raises(ActraInputError) as caught:
        policy.evaluate_json(extra, unknown_fields="refuse")
    assert (caught.value.code, caught.value.field) == ("unknown_field", "action.unheard_of")
    with pytest.raises(ActraInputError) as caught:
        policy.evaluate_json("{")
    assert caught.value.code == "malformed"
    with pytest.raises(ActraInputError) as caught:
        policy.evaluate_json('{"action": {"type": "\ud800"}}')
    assert caught.value.code == "not_utf8"
    with pytest.raises(ValueError, match="unknown_fields"):
        policy.evaluate_json(text, unknown_fields="maybe")


def test_assert_effect_shows_what_it_is_about(policy: Policy) -> None:
    assert policy.assert_effect(context(), "allow").matched_rule == "small"
    with pytest.raises(AssertionError) as caught:
        policy.assert_effect(context(5000), "allow")
    told = str(caught.value)
    for part in ("Expected effect: allow", "require_approval", "large", "5000"):
        assert part in told
    with pytest.raises(ActraInputError):
        policy.assert_effect(context("x"), "block")


def test_the_schema_reads_as_its_document(policy: Policy, types: Policy) -> None:
    assert policy.schema == policy.get_schema()
    assert policy.schema["actions"]["refund"]["fields"]["amount"] == {"type": "number"}
    assert policy.schema["actor"] == {"fields": {"role": {"type": "string"}}}
    for found in (policy, types):
        again = Actra.from_strings(
            json.dumps(found.schema),
            "version: 2\nrules: [{id: r, scope: {global: true}, effect: allow}]\n",
        )
        other = Actra.from_strings(
            json.dumps(again.schema),
            "version: 2\nrules: [{id: r, scope: {global: true}, effect: allow}]\n",
        )
        assert again.schema == found.schema
        assert again.policy_hash() == other.policy_hash()


def test_constraints_are_in_the_schema() -> None:
    schema = {
        "version": 1,
        "common": {"fields": {"tenant": {"type": "string", "required": True, "max_length": 5}}},
        "actions": {
            "a": {
                "fields": {
                    "d": {"type": "boolean", "default": False},
                    "e": {"type": "string", "enum": ["x", "y"]},
                    "l": {
                        "type": "list",
                        "items": {"type": "string", "enum": ["x"], "max_length": 3},
                        "max_length": 8,
                        "unique": True,
                    },
                    "n": {"type": "number", "max": 9, "min": 0.5},
                }
            }
        },
        "actor": {"fields": {"type": {"type": "string", "enum": ["human"]}}},
        "snapshot": {"fields": {}},
    }
    policy = Actra.from_strings(json.dumps(schema), "version: 2\nrules: []\n")
    assert policy.schema == schema


def test_rules_and_warnings_are_data(policy: Policy) -> None:
    assert [rule["id"] for rule in policy.rules] == ["fraud", "large", "small", "pings"]
    assert policy.rules[0]["message"] == "Payments are stopped."
    warnings = policy.warnings
    assert {found["code"] for found in warnings} >= {"unused_field"}
    warnings.clear()
    assert policy.warnings
    assert Actra.from_artifact(policy.to_artifact()).warnings == []


def test_policies_pickle_as_their_artifact(policy: Policy) -> None:
    again = pickle.loads(pickle.dumps(policy))
    assert again.policy_hash() == policy.policy_hash()
    assert again.evaluate(context()) == policy.evaluate(context())
    assert copy.copy(policy) is policy
    assert copy.deepcopy(policy) is policy


def test_repr_and_versions(policy: Policy) -> None:
    assert repr(policy) == str(policy) == f"Policy(hash={policy.policy_hash()})"
    assert len(bytes.fromhex(policy.policy_hash())) == 32
    assert Actra.compiler_version() == actra.compiler_version() == actra.__version__


def test_policies_and_what_they_gave_outlive_each_other() -> None:
    policy = Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY)
    decide = policy.evaluate
    decision = policy.evaluate(context(5000))
    del policy
    assert decide(context()).allowed
    del decide
    assert decision["matched_rule"] == "large"


class TestEvaluateAsAMethod:
    """With the accelerator it is written in C, and is to look like any other."""

    def test_takes_its_argument_by_place_or_by_name(self, policy: Policy) -> None:
        given = context()
        assert policy.evaluate(given) == policy.evaluate(context=given)
        for call in (
            lambda: policy.evaluate(),  # type: ignore[call-arg]
            lambda: policy.evaluate(given, given),  # type: ignore[call-arg]
            lambda: policy.evaluate(given, context=given),  # type: ignore[misc]
            lambda: policy.evaluate(contexts=given),  # type: ignore[call-arg]
        ):
            with pytest.raises(TypeError, match="evaluate"):
                call()

    def test_says_what_it_is(self) -> None:
        assert list(inspect.signature(Policy.evaluate).parameters) == ["self", "context"]
        assert inspect.getdoc(Policy.evaluate) == inspect.getdoc(Base.evaluate)
        assert Policy.evaluate.__name__ == "evaluate"

    def test_can_be_overridden_and_patched(
        self, policy: Policy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Lenient(Policy):
            def evaluate(self, context: object) -> Decision:  # type: ignore[override]
                return Decision(super().evaluate(context), lenient=True)  # type: ignore[arg-type]

        lenient = pickle.loads(pickle.dumps(policy))
        lenient.__class__ = Lenient
        given = context()
        assert lenient.evaluate(given) == {**policy.evaluate(given), "lenient": True}
        assert lenient.assert_effect(given, "allow")["lenient"]
        monkeypatch.setattr(Policy, "evaluate", lambda self, context: Decision(effect="block"))
        assert policy.evaluate(given) == {"effect": "block"}

    def test_is_no_way_past_the_policy(self, policy: Policy) -> None:
        class Unopened(Policy):
            def __init__(self) -> None:
                self._use(object())  # type: ignore[arg-type]

        bare = Policy.__new__(Policy)
        with pytest.raises(AttributeError):
            bare.evaluate({})
        with pytest.raises(AttributeError):
            Unopened().evaluate({})
