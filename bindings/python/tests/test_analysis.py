"""Questions about policies: what answers are, and that anyone can decide them again."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import math
import os
import pickle
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import REFUND_POLICY, REFUND_SCHEMA
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reach import EFFECTS, contexts
from test_reach import RULES as RANDOM_RULES
from test_reach import policy as random_policy

import actra
from actra import Actra, ActraAnalysisError, ActraError, ActraInputError, Policy, analysis
from actra.analysis import Witness

SCHEMA = """
version: 1
actions:
  refund:
    fields: {amount: {type: integer, required: true, min: 0}, note: string, on: timestamp}
  close_account: {fields: {}}
actor: {fields: {role: {type: string, enum: [agent, lead]}, teams: {type: list, items: string}}}
snapshot: {fields: {fraud_flag: boolean, limit: integer}}
"""

RULES = """
version: 2
rules:
  - {id: fraud, scope: {action: refund}, when: snapshot.fraud_flag == true, effect: block}
  - {id: large, scope: {action: refund}, when: action.amount >= 1000, effect: require_approval}
  - {id: small, scope: {action: refund}, when: action.amount < 1000, effect: allow}
  - {id: leads, scope: {action: refund}, when: actor.role == lead, effect: allow}
"""


@pytest.fixture(scope="module")
def refunds() -> Policy:
    return Actra.from_strings(SCHEMA, RULES)


def replays(policy: Policy, witness: Witness) -> None:
    """Decided again it is what the witness says."""
    try:
        decision = policy.evaluate(witness.input)
    except ActraInputError as error:
        assert (witness.effect, witness.error) == (None, error.code)
        return
    assert witness.error is None
    told = (witness.effect, witness.matched_rule)
    assert (decision.effect, decision.matched_rule) == told


# --- never, always ---


def test_what_never_happens_is_proved(refunds: Policy) -> None:
    answer = refunds.never("allow", actions=["refund"], assume="snapshot.fraud_flag == true")
    assert answer
    assert answer.holds is True
    assert answer.question == "never allow"
    assert answer.vacuous is False
    assert answer.counterexample is None
    (about,) = answer.actions
    assert about
    assert about == analysis.ActionAnswer("refund", True, False, None, None)


def test_what_happens_is_shown_and_decided_again(refunds: Policy) -> None:
    answer = refunds.never("allow", actions=("refund",), assume="action.amount > 500")
    assert not answer
    assert answer.holds is False
    witness = answer.counterexample
    assert witness is not None
    assert witness.effect == "allow"
    assert witness.matched_rule == "small"
    assert 500 < witness.input["action"]["amount"] < 1000
    replays(refunds, witness)
    assert witness == answer.actions[0].counterexample


def test_always_is_asked_of_every_action(refunds: Policy) -> None:
    answer = refunds.always("block")
    assert answer.question == "always block"
    assert [(each.action, each.holds) for each in answer.actions] == [
        ("close_account", True),
        ("refund", False),
    ]
    assert answer.holds is False
    assert answer.counterexample is answer.actions[1].counterexample
    for each in answer.actions:
        if each.counterexample is not None:
            replays(refunds, each.counterexample)


def test_missing_fields_count_unless_inputs_are_complete(refunds: Policy) -> None:
    told: dict[str, Any] = {
        "actions": ["refund"],
        "assume": {"all": ["action.amount < 1000", "snapshot.fraud_flag == false"]},
    }
    partial = refunds.always("allow", **told)
    assert partial.holds is False
    assert partial.counterexample is not None
    assert "fraud_flag" not in partial.counterexample.input["snapshot"]
    replays(refunds, partial.counterexample)
    assert refunds.always("allow", inputs="complete", **told).holds is True


def test_what_is_assumed_may_be_a_mapping_as_in_yaml(refunds: Policy) -> None:
    short = refunds.never("allow", actions=["refund"], assume="action.amount > 500")
    for assume in (
        {"all": ["action.amount > 500"]},
        {"any": ("action.amount > 500",)},
        {
            "subject": {"domain": "action", "field": "amount"},
            "operator": "greater_than",
            "value": {"literal": 500},
        },
        {"not": "action.amount <= 500"},
    ):
        assert refunds.never("allow", actions=["refund"], assume=assume).holds is short.holds
    both = {"all": ["snapshot.fraud_flag == true", {"not": "action.amount > 500"}]}
    assert refunds.never("allow", actions=["refund"], assume=both)


def test_what_nothing_meets_holds_of_nothing(refunds: Policy) -> None:
    answer = refunds.never("allow", actions=["refund"], assume="action.amount < 0")
    assert (answer.holds, answer.vacuous) == (True, True)
    assert answer.actions[0].vacuous


def test_what_is_undecided_is_not_true(refunds: Policy) -> None:
    answer = refunds.never("allow", actions=["refund"], budget=0)
    assert answer.holds is None
    assert not answer
    assert not answer.actions[0]
    reason = answer.actions[0].undecided
    assert reason is not None
    assert reason.code == "budget"
    assert reason.help
    assert answer.counterexample is None


def test_places_of_conditions_in_the_way_are_told() -> None:
    policy = Actra.from_strings(
        "version: 1\nactions: {read: {fields: {path: {type: string, enum: [/b]}, "
        "roots: {type: list, items: {type: string, enum: [/a]}}}}}\n",
        "version: 2\nrules:\n  - id: inside\n    scope: {action: read}\n"
        "    when: action.path within_path action.roots\n    effect: allow\n",
    )
    answer = policy.never("allow", actions=["read"], inputs="complete")
    assert answer.holds is None
    reason = answer.actions[0].undecided
    assert reason is not None
    assert reason.code == "conditions"
    (place,) = reason.conditions
    assert (place.file, place.line, place.column) == ("policy.yaml", 5, 11)
    assert place.reason


def test_nan_and_infinities_are_floats_in_inputs_and_yaml_in_dicts() -> None:
    def atom(field: str, operator: str, value: str) -> str:
        return (
            f"{{subject: {{domain: action, field: {field}}}, operator: {operator}, "
            f"value: {{literal: {value}}}}}"
        )

    # Neither less than ten nor ten or more, and a number.
    parts = (
        atom("amount", "not_equals", "5"),
        f"{{not: {atom('amount', 'less_than', '10')}}}",
        f"{{not: {atom('amount', 'greater_than_or_equal', '10')}}}",
        atom("note", "equals", "'.nan \" \\.inf'"),
    )
    policy = Actra.from_strings(
        "version: 1\nactions: {pay: {fields: {amount: number, note: string}}}\n",
        "version: 1\nrules:\n  - id: odd\n    scope: {action: pay}\n    when: {all: ["
        + ", ".join(parts)
        + "]}\n    effect: block\n",
    )
    answer = policy.never("block", inputs="complete")
    witness = answer.counterexample
    assert witness is not None
    assert math.isnan(witness.input["action"]["amount"])
    assert witness.input["action"]["note"] == '.nan " \\.inf'
    replays(policy, witness)
    told = answer.to_dict()["actions"][0]["counterexample"]["input"]
    assert isinstance(told, str)
    assert ".nan, " in told or ".nan}" in told


# --- analyze ---


def test_rules_and_actions_are_analysed(refunds: Policy) -> None:
    found = refunds.analyze()
    assert [rule.id for rule in found.rules] == ["fraud", "large", "small", "leads"]
    leads = found.rules[3]
    assert leads.verdict == "shadowed"
    assert set(leads.shadowed_by) == {"large", "small"}
    assert [rule.verdict for rule in found.rules[1:3]] == ["effective"] * 2
    codes = [diagnostic["code"] for diagnostic in found.diagnostics]
    assert "shadowed_rule" in codes
    assert found.silenced == 0
    assert found.steps > 0
    by_name = {each.action: each for each in found.actions}
    assert set(by_name) == {"refund", "close_account"}
    refund, close = by_name["refund"], by_name["close_account"]
    assert [(each.effect, each.possible) for each in refund.effects] == [
        ("allow", True),
        ("require_approval", True),
        ("block", True),
    ]
    assert [each.possible for each in close.effects] == [False, False, True]
    examples = [rule.example for rule in found.rules]
    examples += [each.example for action in found.actions for each in action.effects]
    assert sum(example is not None for example in examples) > 5
    for example in examples:
        if example is not None:
            replays(refunds, example)


def test_an_analysis_that_may_take_no_steps_says_so(refunds: Policy) -> None:
    found = refunds.analyze(budget=0)
    reasons = [rule.undecided for rule in found.rules]
    assert any(reason is not None and reason.code == "budget" for reason in reasons)


# --- diff ---


def test_what_a_change_changes_is_told_with_inputs(refunds: Policy) -> None:
    new = Actra.from_strings(SCHEMA, RULES.replace("1000", "2000"))
    found = actra.diff(refunds, new)
    assert found.same is False
    assert found.weaker is True
    assert (found.has_more, found.added_actions, found.removed_actions) == (False, (), ())
    assert found.undecided == ()
    assert found.changes[0].direction == "weaker"
    assert found.changes[0].action == "refund"
    assert 1000 <= found.changes[0].input["action"]["amount"] < 2000
    for change in found.changes:
        assert change.input == change.old.input == change.new.input
        replays(refunds, change.old)
        replays(new, change.new)
    back = actra.diff(new, refunds)
    assert (back.same, back.weaker) == (False, False)
    assert {change.direction for change in back.changes} == {"stricter"}


def test_what_is_alike_is_the_same(refunds: Policy) -> None:
    found = actra.diff(refunds, refunds)
    assert found.same is True
    assert found.changes == ()
    with pytest.raises(TypeError, match="ask for `same`"):
        bool(found)


def test_actions_that_come_and_go_are_told(refunds: Policy) -> None:
    new = Actra.from_strings(SCHEMA.replace("close_account", "open_account"), RULES)
    found = actra.diff(refunds, new)
    assert found.added_actions == ("open_account",)
    assert found.removed_actions == ("close_account",)
    assert found.same is False


def test_a_difference_without_steps_is_undecided(refunds: Policy) -> None:
    new = Actra.from_strings(SCHEMA, RULES.replace("1000", "2000"))
    found = actra.diff(refunds, new, budget=0)
    assert found.same is None
    assert {each.action for each in found.undecided} == {"refund", "close_account"}
    assert {each.reason.code for each in found.undecided} == {"budget"}


# --- answers hold ---

# How much an effect lets through.
REACH: dict[Any, int] = {"block": 0, "require_approval": 1, "allow": 2}
SETTINGS = st.fixed_dictionaries(
    {
        "default": st.sampled_from(EFFECTS),
        "combine": st.sampled_from(("most_restrictive", "first_match")),
        "missing": st.sampled_from(("fail_closed", "no_match")),
    }
)
POLICIES = st.builds(
    lambda rules, settings: random_policy(*rules, **settings),
    st.lists(RANDOM_RULES, max_size=5),
    SETTINGS,
)


@settings(max_examples=50, deadline=None)
@given(POLICIES)
def test_answers_are_what_evaluate_says(policy: Policy) -> None:
    possible: dict[tuple[str, str], bool | None] = {}
    for action in policy.analyze().actions:
        assert action.action is not None
        for each in action.effects:
            possible[action.action, each.effect] = each.possible
            if each.example is not None:
                replays(policy, each.example)
    for action_type in ("pay", "look"):
        seen = {policy.evaluate(context).effect for context in contexts(action_type)}
        for effect in EFFECTS:
            ask: Any = {"effect": effect, "actions": [action_type]}
            never, always = policy.never(**ask), policy.always(**ask)
            assert never.holds is (not possible[action_type, effect])
            assert never.holds is False or effect not in seen
            assert always.holds is False or seen == {effect}
            for answer in (never, always):
                assert (answer.counterexample is None) is answer.holds
                if answer.counterexample is not None:
                    replays(policy, answer.counterexample)


@settings(max_examples=50, deadline=None)
@given(POLICIES, POLICIES)
def test_differences_are_what_evaluate_says(old: Policy, new: Policy) -> None:
    found = actra.diff(old, new)
    for change in found.changes:
        replays(old, change.old)
        replays(new, change.new)
        assert change.old.effect != change.new.effect
    for action_type in ("pay", "look"):
        for context in contexts(action_type):
            before, after = old.evaluate(context), new.evaluate(context)
            assert found.same is False or before.effect == after.effect
            assert found.weaker or REACH[after.effect] <= REACH[before.effect]


# --- results ---


def results(policy: Policy) -> Iterator[Any]:
    yield policy.never("allow")
    yield policy.never("allow", budget=0)
    yield policy.analyze()
    yield policy.analyze(budget=0)
    yield actra.diff(policy, Actra.from_strings(SCHEMA, RULES.replace("1000", "2000")))
    yield actra.diff(policy, policy, budget=0)


def test_results_are_frozen_and_pickled_and_plain(refunds: Policy) -> None:
    for found in results(refunds):
        assert pickle.loads(pickle.dumps(found)) == found
        assert copy.deepcopy(found) == found
        name = dataclasses.fields(found)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(found, name, None)
        told = found.to_dict()
        assert json.loads(json.dumps(told, allow_nan=False)) == told
        assert told == found.to_dict()


def test_dicts_are_what_the_library_says(refunds: Policy) -> None:
    new = Actra.from_strings(SCHEMA, RULES.replace("1000", "2000"))
    for question, other, found in (
        ({"question": "never allow"}, None, refunds.never("allow")),
        ({"question": "always block"}, None, refunds.always("block")),
        ({"question": "never allow", "budget": 0}, None, refunds.never("allow", budget=0)),
        ({"question": "analyze"}, None, refunds.analyze()),
        ({"question": "diff"}, new, actra.diff(refunds, new)),
        ({"question": "diff", "budget": 0}, new, actra.diff(refunds, new, 0)),
    ):
        handle = None if other is None else other._handle
        told = refunds._handle.ask(json.dumps(question).encode(), handle)
        assert isinstance(told, bytes)
        assert found.to_dict() == json.loads(told)


def test_a_result_changes_only_for_its_owner(refunds: Policy) -> None:
    answer = refunds.never("allow")
    answer.to_dict()["actions"][1]["counterexample"]["input"].clear()
    assert answer.counterexample is not None
    assert answer.counterexample.input["action"]["type"] == "refund"


# --- questions that have no answer ---


def refused(code: str, call: Any) -> ActraAnalysisError:
    with pytest.raises(ActraAnalysisError) as caught:
        call()
    error = caught.value
    assert isinstance(error, ActraError)
    assert isinstance(error, ValueError)
    assert error.code == code
    assert error.message
    assert error.message in error.rendered
    assert str(error) == error.rendered
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.message, again.rendered, again.diagnostics) == (
        error.code,
        error.message,
        error.rendered,
        error.diagnostics,
    )
    return error


def test_an_unknown_action_is_named_with_its_neighbour(refunds: Policy) -> None:
    error = refused("bad_question", lambda: refunds.never("allow", actions=["refnd"]))
    assert "did you mean `refund`?" in str(error)
    assert error.diagnostics == []


@pytest.mark.parametrize(
    "effect", ["", "alow", " allow", "allow allow", "ALLOW", "allow\0", "x" * 9_000]
)
def test_an_effect_is_one_of_three(refunds: Policy, effect: Any) -> None:
    for ask in (refunds.never, refunds.always):
        error = refused("bad_question", lambda ask=ask: ask(effect))
        assert len(str(error)) < 300


def test_inputs_are_partial_or_complete(refunds: Policy) -> None:
    inputs: Any = "some"
    error = refused("bad_question", lambda: refunds.never("allow", inputs=inputs))
    assert "`inputs` is `partial` or `complete`, not 'some'" in str(error)


@pytest.mark.parametrize(
    "assume",
    [
        "",
        "nonsense",
        "action.nothing == 1",
        "action.amount ==",
        "action.amount > lots",
        "- a",
        {},
        {"all": []},
        {"every": ["action.amount > 5"]},
        {"all": [{"all": [5, None, 2.5, True]}]},
        {"subject": {"domain": "action", "field": "amount"}, "operator": "greater_than"},
    ],
)
def test_what_is_no_condition_cannot_be_assumed(refunds: Policy, assume: Any) -> None:
    error = refused("bad_assumption", lambda: refunds.never("allow", assume=assume))
    assert error.diagnostics
    assert {found["severity"] for found in error.diagnostics} >= {"error"}
    assert error.diagnostics[0]["file"] == "assumption"
    assert "assumption:1" in error.rendered


class Unreadable:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("odd", [5, 2.5, True, b"allow", ["allow"], {"a": 1}, Unreadable()])
def test_arguments_of_other_types_are_type_errors(refunds: Policy, odd: Any) -> None:
    asks: list[Any] = [
        lambda: refunds.never(odd),
        lambda: refunds.always(odd),
        lambda: refunds.never("allow", inputs=odd),
        lambda: actra.diff(refunds, odd),
        lambda: actra.diff(odd, refunds),
        lambda: refunds.never("allow", actions=[odd]),
        lambda: refunds.never(
            "allow", assume={"all": [{odd}]} if odd == 5 else {"a": Unreadable()}
        ),
    ]
    if not isinstance(odd, list | dict):
        asks.append(lambda: refunds.never("allow", actions=odd))
    if not isinstance(odd, dict):
        asks.append(lambda: refunds.never("allow", assume=odd))
    if odd != 5 or isinstance(odd, bool):
        asks += [
            lambda: refunds.never("allow", budget=odd),
            lambda: refunds.analyze(odd),
            lambda: actra.diff(refunds, refunds, odd),
        ]
    for ask in asks:
        with pytest.raises(TypeError):
            ask()


def test_one_action_is_no_list_of_them(refunds: Policy) -> None:
    with pytest.raises(TypeError, match=r"write `\[action\]`"):
        refunds.never("allow", actions="refund")
    found = refunds.never("allow", actions=(name for name in ("refund", "refund")))
    assert [each.action for each in found.actions] == ["refund"]


@pytest.mark.parametrize("budget", [math.nan, math.inf, -math.inf, 1e6, "9", True])
def test_a_budget_is_counted(refunds: Policy, budget: Any) -> None:
    for ask in (
        lambda: refunds.never("allow", budget=budget),
        lambda: refunds.analyze(budget),
        lambda: actra.diff(refunds, refunds, budget),
    ):
        with pytest.raises(TypeError, match="budget"):
            ask()


@pytest.mark.parametrize("budget", [-1, 2**64, 10**5000], ids=["negative", "large", "huge"])
def test_a_budget_has_64_bits(refunds: Policy, budget: int) -> None:
    with pytest.raises(ValueError, match="budget"):
        refunds.analyze(budget)
    assert refunds.never("block", budget=2**64 - 1).holds is False


def test_half_of_a_surrogate_pair_is_no_text(refunds: Policy) -> None:
    half: Any = "\ud800"
    for ask in (
        lambda: refunds.never("allow", actions=[half]),
        lambda: refunds.never("allow", assume=f"action.note == {half}"),
        lambda: refunds.never("allow", assume={"all": [half]}),
        lambda: refunds.never("allow", assume={half: []}),
        lambda: refunds.never(half),
    ):
        error = refused("bad_question", ask)
        assert error.rendered.isascii()


def test_huge_questions_are_refused_in_few_words(refunds: Policy) -> None:
    for code, told in (
        ("bad_question", {"actions": ["x" * 5_000_000]}),
        ("bad_question", {"actions": ["\0" * 1_000_000]}),
        ("bad_assumption", {"assume": "x" * 5_000_000}),
        ("bad_assumption", {"assume": "(" * 100_000}),
    ):
        made: Any = told
        error = refused(code, lambda made=made: refunds.never("allow", **made))
        assert len(error.message) < 2_000


def test_conditions_nest_so_deep_and_no_deeper(refunds: Policy) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"not": deep}
    refused("bad_assumption", lambda: refunds.never("allow", assume=deep))
    circle: dict[str, Any] = {}
    circle["all"] = [circle]
    refused("bad_assumption", lambda: refunds.never("allow", assume=circle))
    while deep:
        deep = deep.pop("not")
    shared: Any = "action.amount > 5"
    for _ in range(90):
        shared = {"all": [shared, shared]}
    refused("bad_assumption", lambda: refunds.never("allow", assume=shared))


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_only_finite_numbers_are_assumed(refunds: Policy, number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        refunds.never("allow", assume={"all": [number]})


def test_text_of_all_kinds_reaches_the_condition(refunds: Policy) -> None:
    for text in ("é 🦀 \\ ' / \" #", "tab\there", "null\0byte", "\u0301\U0010fffd", ""):
        condition = {
            "subject": {"domain": "action", "field": "note"},
            "operator": "equals",
            "value": {"literal": text},
        }
        found = refunds.never("allow", actions=["refund"], assume=condition, inputs="complete")
        assert found.counterexample is not None
        assert found.counterexample.input["action"]["note"] == text
        replays(refunds, found.counterexample)


# --- where policies come from ---


def test_a_policy_from_an_artifact_without_documents_has_no_answer(refunds: Policy) -> None:
    loaded = Actra.from_artifact(refunds.to_artifact())
    assert loaded.evaluate({"action": {"type": "refund", "amount": 5}})
    for ask in (
        loaded.analyze,
        lambda: loaded.never("allow"),
        lambda: loaded.never("allow", assume="action.amount > 5"),
        lambda: actra.diff(refunds, loaded),
        lambda: actra.diff(loaded, refunds),
        pickle.loads(pickle.dumps(refunds)).analyze,
    ):
        assert "--with-documents" in refused("no_documents", ask).rendered


@pytest.mark.skipif("ACTRA_COMMAND" not in os.environ, reason="ACTRA_COMMAND names no command")
def test_a_policy_from_an_artifact_with_documents_answers_as_they_do(
    refunds: Policy, tmp_path: Path
) -> None:
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "policy.yaml").write_text(RULES)
    file = tmp_path / "refund.actra"
    compiled = ["compile", str(tmp_path), "--with-documents", "--output", str(file)]
    subprocess.run([os.environ["ACTRA_COMMAND"], *compiled], check=True)
    for loaded in (Actra.from_artifact(file), Actra.from_artifact(file.read_bytes())):
        assert loaded.analyze() == refunds.analyze()
        told: dict[str, Any] = {"actions": ["refund"], "assume": "snapshot.fraud_flag == true"}
        assert loaded.never("allow", **told)
        assert loaded.always("block") == refunds.always("block")
        assert actra.diff(refunds, loaded).same is True
        assert pickle.loads(pickle.dumps(loaded)).never("allow", **told)


def test_documents_in_files_are_asked_as_those_in_memory(refunds: Policy, tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "policy.yaml").write_text(RULES)
    policy = Actra.from_directory(tmp_path)
    # What was compiled is asked, not what is there now.
    (tmp_path / "policy.yaml").unlink()
    assert policy.never("allow") == refunds.never("allow")
    files = {found["file"] for found in policy.analyze().diagnostics}
    assert files == {str(tmp_path / "schema.yaml"), str(tmp_path / "policy.yaml")}


# --- threads ---


def test_others_run_while_an_answer_is_looked_for() -> None:
    fields = ", ".join(f"f{number}: integer" for number in range(12))
    rules = "".join(
        f"  - {{id: r{number}, scope: {{action: go}}, effect: block, when: {{any: "
        f"[action.f{number % 12} > {number}, action.f{number * 5 % 12} < {number * 3}]}}}}\n"
        for number in range(60)
    )
    policy = Actra.from_strings(
        f"version: 1\nactions: {{go: {{fields: {{{fields}}}}}}}\n", f"version: 2\nrules:\n{rules}"
    )
    ticks: list[float] = []
    silences: list[float] = []

    def ask() -> None:
        # The machine may be busy with something else the first times.
        until = time.monotonic() + 20
        while time.monotonic() < until and min(silences, default=1) > 0.25:
            begin = time.monotonic()
            policy.analyze()
            end = time.monotonic()
            within = [begin, *(tick for tick in ticks if begin < tick < end), end]
            silence = max(after - before for before, after in itertools.pairwise(within))
            silences.append(silence / (end - begin))

    asking = threading.Thread(target=ask)
    asking.start()
    while asking.is_alive():
        ticks.append(time.monotonic())
        time.sleep(0.001)
    # Others were heard of all the time.
    assert min(silences) <= 0.25, silences


def test_threads_share_policies(refunds: Policy) -> None:
    new = Actra.from_strings(SCHEMA, RULES.replace("1000", "2000"))
    expected = (refunds.analyze(), refunds.never("allow"), actra.diff(refunds, new))
    found: list[Any] = []

    def ask() -> None:
        for _ in range(5):
            found.append((refunds.analyze(), refunds.never("allow"), actra.diff(refunds, new)))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert all(each == expected for each in found)


# --- the doors themselves ---


def test_the_door_takes_bytes_and_a_policy(refunds: Policy) -> None:
    ask: Any = refunds._handle.ask
    for question, other in (("x", None), (5, None), (None, None), (b"{}", 5), (b"{}", "x")):
        with pytest.raises((TypeError, AttributeError)):
            ask(question, other)
    for question in (b"", b"{", b"\xff", b"{}", b'{"question": 5}', b"[" * 100_000):
        told = ask(question, None)
        assert isinstance(told, tuple)
        assert told[0] in (1, 12)
    assert ask(b'{"question": "diff"}', None)[1] == "bad_question"
    assert ask(b'{"question": "never allow"}', refunds._handle)[1] == "bad_question"


def test_the_conftest_policy_is_asked_too() -> None:
    policy = Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY)
    answer = policy.never("allow", actions=["payout"])
    assert answer.holds is True
    found = policy.never("allow", actions=["refund"], assume="snapshot.fraud_flag == true")
    assert found.holds is True
