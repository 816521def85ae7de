"""Assertions and test documents without pytest's plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from actra import Actra, ActraError, ActraInputError, ActraRuntime
from actra.testing import assert_allowed, assert_blocked, assert_requires_approval, run_tests

SCHEMA = """
version: 1
actions: {refund: {fields: {amount: {type: number, required: true}}}}
actor: {fields: {role: string}}
snapshot: {fields: {frozen: boolean}}
"""

RULES = """
version: 2
rules:
  - {id: frozen, scope: {action: refund}, when: snapshot.frozen == true, effect: block}
  - {id: large, scope: {action: refund}, when: action.amount > 1000, effect: require_approval}
  - {id: support, scope: {action: refund}, when: actor.role == support, effect: allow}
"""

SMALL = {"type": "refund", "amount": 5}
LARGE = {"type": "refund", "amount": 5000}
CALM = {"frozen": False}
SUPPORT = {"role": "support"}


def test_each_assertion_holds_for_its_effect_only() -> None:
    policy = Actra.from_strings(SCHEMA, RULES)
    holding = (
        (assert_allowed, (SMALL, SUPPORT, CALM)),
        (assert_blocked, (SMALL, {}, CALM)),
        (assert_requires_approval, (LARGE, SUPPORT, CALM)),
    )
    for holds, domains in holding:
        for other, _ in holding:
            if other is holds:
                other(policy, *domains)
            else:
                with pytest.raises(AssertionError):
                    other(policy, *domains)


def test_the_rule_that_decides_can_be_asserted() -> None:
    policy = Actra.from_strings(SCHEMA, RULES)
    assert assert_allowed(policy, SMALL, SUPPORT, CALM, rule="support").matched_rule == "support"
    with pytest.raises(AssertionError, match="expected `support` to decide: the default did"):
        assert_blocked(policy, SMALL, {}, CALM, rule="support")


def test_a_runtime_is_asked_with_its_resolvers_and_no_observer_hears() -> None:
    runtime = ActraRuntime(Actra.from_strings(SCHEMA, RULES))
    runtime.set_actor_resolver(lambda ctx: {"role": ctx})
    runtime.set_snapshot_resolver(lambda ctx: CALM)
    heard: list[object] = []
    runtime.set_decision_observer(heard.append)
    assert_allowed(runtime, SMALL, ctx="support")
    assert_blocked(runtime, SMALL, ctx="intern")
    assert heard == []
    with pytest.raises(TypeError, match="hand over `ctx`"):
        assert_allowed(runtime, SMALL, SUPPORT)
    with pytest.raises(TypeError, match="hand over `actor` and `snapshot`"):
        assert_allowed(runtime.policy, SMALL, ctx="support")


def test_an_input_error_passes_no_assertion() -> None:
    policy = Actra.from_strings(SCHEMA, RULES)
    for each in (assert_allowed, assert_blocked, assert_requires_approval):
        with pytest.raises(ActraInputError):
            each(policy, {"type": "refund", "amount": "much"}, SUPPORT, CALM)


def test_documents_are_run_as_the_command_runs_them(tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "policy.yaml").write_text(RULES)
    (tmp_path / "policy_test.yaml").write_text(
        """
name: refunds
tests:
  - name: fine
    input: {action: {type: refund, amount: 5}, actor: {role: support}, snapshot: {frozen: false}}
    expect: allow
  - name: wrong
    input: {action: {type: refund, amount: 5}, snapshot: {frozen: false}}
    expect: allow
"""
    )
    report = run_tests(tmp_path)
    assert report["ok"] is False
    assert report["summary"]["passed"] == report["summary"]["failed"] == 1
    assert run_tests(tmp_path, "fine")["ok"] is True
    assert run_tests(tmp_path / "policy_test.yaml")["summary"]["files"] == 1


def test_no_tests_and_no_such_place_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ActraError):
        run_tests(tmp_path)
    with pytest.raises(ActraError):
        run_tests(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="not UTF-8"):
        run_tests("\udcff")
