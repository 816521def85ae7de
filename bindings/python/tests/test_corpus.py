"""The conformance cases through every door of the binding."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpus import Case, cases, text, tree

from actra import (
    Actra,
    ActraCompileError,
    ActraInputError,
    ActraSchemaError,
    Policy,
)

Told = tuple[str, Any]

# What was compared by door, so that a runner which skips everything does not agree with everyone.
COMPARED = {
    "compile": 1688,
    "warnings": 12,
    "hash": 169,
    "json": 1722,
    "dict": 1665,
    "many": 1665,
    "artifact": 1665,
    "explain": 1665,
}
# What a dict cannot say: see `is_of_text`.
SKIPPED = {
    "yaml": 22,
    "bytes as a dict": 4,
    "text as a dict": 66,
    "refused as a dict": 18,
}

# Faults of a text as a whole: a dict has no key twice, and what no field holds is not looked at.
OF_TEXT = ("too_deep", "too_large", "duplicate_key", "not_utf8")


def compiled(case: Case, documents: dict[str, Any], directory: Path) -> Policy:
    texts = {name: text(documents[name]) for name in ("schema", "policy")}
    governance = documents.get("governance")
    if "policies" not in documents:
        return Actra.from_strings(
            texts["schema"], texts["policy"], None if governance is None else text(governance)
        )
    directory = directory / str(abs(hash(str(case))))
    (directory / "policies").mkdir(parents=True)
    for name, document in texts.items():
        (directory / f"{name}.yaml").write_text(document, encoding="utf-8")
    if governance is not None:
        (directory / "governance.yaml").write_text(text(governance), encoding="utf-8")
    for name, document in documents["policies"].items():
        (directory / "policies" / name).write_text(text(document), encoding="utf-8")
    return Actra.from_directory(directory)


def asked(ask: Callable[[], Any]) -> Told:
    try:
        decision = ask()
    except ActraInputError as error:
        return "error", (error.code, error.field)
    return "decision", {
        "effect": decision.effect,
        "matched_rule": decision.matched_rule,
        "matched_rules": decision.matched_rules,
        "message": decision.message,
        "required_actions": decision.required_actions,
        "missing": decision.missing,
        "shadow": decision.shadow,
    }


def is_met(told: Told, expect: dict[str, Any]) -> bool:
    kind, what = told
    if "error" not in expect:
        return kind == "decision" and what == expect
    is_field = "field" not in expect or kind == "decision" or what[1] == expect["field"]
    return kind == "error" and what[0] == expect["error"] and is_field


def batch(policy: Policy, context: Any) -> Any:
    (answer,) = policy.evaluate_many([context])
    if isinstance(answer, ActraInputError):
        raise answer
    return answer


class Runner:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.compared: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.wrong: list[str] = []

    def hold(self, door: str, case: Case, *, holds: bool, told: object = "") -> None:
        self.compared[door] += 1
        if not holds:
            self.wrong.append(f"{case} [{door}]: {str(told)[:400]}")

    def run(self, case: Case) -> None:
        try:
            policy = compiled(case, case.data, self.directory)
        except (ActraSchemaError, ActraCompileError) as error:
            self.hold_errors(case, error)
            return
        self.hold("compile", case, holds=not case.errors)
        codes = {found["code"] for found in policy.warnings}
        for wanted in case.warnings:
            self.hold("warnings", case, holds=wanted["code"] in codes, told=codes)
        self.hold_hashes(case, policy)
        loaded = Actra.from_artifact(policy.to_artifact())
        for check in case.data.get("checks", ()):
            self.check(case, policy, loaded, check)

    def hold_errors(self, case: Case, error: ActraSchemaError | ActraCompileError) -> None:
        found = [entry for entry in error.diagnostics if entry["severity"] == "error"]
        wanted = sorted(entry["code"] for entry in case.errors)
        told = sorted(entry["code"] for entry in found)
        self.hold("compile", case, holds=bool(wanted) and wanted == told, told=(wanted, told))
        for entry in case.errors:
            self.hold(
                "compile",
                case,
                holds=any(is_entry(entry, other) for other in found),
                told=(entry, found),
            )

    def hold_hashes(self, case: Case, policy: Policy) -> None:
        own = policy.policy_hash()
        if "hash" in case.data:
            self.hold("hash", case, holds=own == case.data["hash"], told=own)
        for same, key in ((True, "same_hash"), (False, "other_hash")):
            for documents in case.data.get(key, ()):
                other = compiled(case, documents, self.directory / key).policy_hash()
                self.hold("hash", case, holds=(own == other) is same, told=(own, other))

    def check(self, case: Case, policy: Policy, loaded: Policy, check: dict[str, Any]) -> None:
        expect = check["expect"]
        unknown = "refuse" if check["refuse_unknown"] else "ignore"
        if "input_yaml" in check:
            self.skipped["yaml"] += 1
            return
        if "input_hex" in check:
            data = bytes.fromhex(check["input_hex"])
            self.ask(
                "json", case, expect, lambda: policy.evaluate_json(data, unknown_fields=unknown)
            )
            self.skipped["bytes as a dict"] += 1
            return
        if "input_json" in check:
            source = text(check["input_json"])
            context = read(source)
        else:
            context = tree(check["input"])
            source = json.dumps(context)
        if "input_json" in check or not is_not_json(source):
            self.ask(
                "json", case, expect, lambda: policy.evaluate_json(source, unknown_fields=unknown)
            )
        if check["refuse_unknown"]:
            self.skipped["refused as a dict"] += 1
            return
        if context is None or ("input_json" in check and is_of_text(expect, source)):
            self.skipped["text as a dict"] += 1
            return
        self.ask("dict", case, expect, lambda: policy.evaluate(context))
        self.ask("many", case, expect, lambda: batch(policy, context))
        self.ask("artifact", case, expect, lambda: loaded.evaluate(context))
        self.ask("explain", case, expect, lambda: explained(policy, context))

    def ask(self, door: str, case: Case, expect: dict[str, Any], ask: Callable[[], Any]) -> None:
        told = asked(ask)
        self.hold(door, case, holds=is_met(told, expect), told=(told, expect))


def explained(policy: Policy, context: Any) -> Any:
    decision = policy.explain(context, render=False)["decision"]
    return policy._decisions.of_json(decision)


def is_entry(wanted: dict[str, Any], found: dict[str, Any]) -> bool:
    if found["code"] != wanted["code"] or wanted.get("line") not in (None, found["line"]):
        return False
    file = Path(found["file"]).name if found["file"] else ""
    if "document" in wanted and file != Path(wanted["document"]).name:
        return False
    words = f"{found['message']} {found['help'] or ''} {found['related']}"
    return all(name in words for name in wanted.get("names", ()))


def read(source: str) -> Any:
    """The text as a tree; None where it has no such."""

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in members}) != len(members):
            raise ValueError("a key stands twice")
        return dict(members)

    try:
        return json.loads(source, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return None


def is_of_text(expect: dict[str, Any], source: str) -> bool:
    return is_not_json(source) or ("field" not in expect and expect.get("error") in OF_TEXT)


def is_not_json(source: str) -> bool:
    """Whether Python's reader takes for a number what is no JSON."""
    return "NaN" in source or "Infinity" in source


def test_every_case_holds_through_every_door(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    for case in cases():
        runner.run(case)
    assert not runner.wrong, "\n".join(runner.wrong)
    assert dict(runner.compared) == COMPARED
    assert dict(runner.skipped) == SKIPPED
