"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import pytest

pytest_plugins = ("pytester",)

SCHEMA = """
version: 1
actions: {refund: {fields: {amount: {type: number, required: true}}}}
actor: {fields: {role: string}}
"""

RULES = """
version: 2
rules:
  - {id: large, scope: {action: refund}, when: action.amount > 1000, effect: require_approval}
  - {id: support, scope: {action: refund}, when: actor.role == support, effect: allow}
"""

TESTS = """
name: refunds
tests:
  - name: support refunds small amounts
    matrix: {action.amount: [1, 999, 1000]}
    input: {action: {type: refund}, actor: {role: support}}
    expect: {effect: allow, matched_rule: support}
  - name: large amounts wait
    input: {action: {type: refund, amount: 1001}, actor: {role: support}}
    expect: require_approval
  - name: not yet
    skip: nobody has decided
    input: {action: {type: refund, amount: 1}}
    expect: block
"""

USES = """
    def test_the_fixtures(assert_allowed, assert_blocked, assert_requires_approval, actra_policy):
        refund = {"type": "refund", "amount": 5}
        assert assert_allowed(refund, {"role": "support"}, rule="support").allowed
        assert_blocked(refund)
        assert_requires_approval({"type": "refund", "amount": 5000}, rule="large")
        assert actra_policy.evaluate({"action": refund})["effect"] == "block"
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a policy in `policy`."""
    folder = pytester.mkdir("policy")
    (folder / "schema.yaml").write_text(SCHEMA)
    (folder / "policy.yaml").write_text(RULES)
    return pytester


def run(project: pytest.Pytester, *args: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *args)


def test_the_fixtures_ask_the_policy_beside_the_tests(project: pytest.Pytester) -> None:
    project.makepyfile(USES)
    run(project).assert_outcomes(passed=1)


def test_the_policy_is_found_from_below(project: pytest.Pytester) -> None:
    below = project.mkdir("tests") / "unit"
    below.mkdir()
    project.makepyfile(USES).rename(below / "test_uses.py")
    run(project).assert_outcomes(passed=1)


def test_the_policy_can_be_set_and_can_be_an_artifact(project: pytest.Pytester) -> None:
    from actra import Actra

    folder = project.path / "policy"
    Actra.from_directory(folder).save(project.path / "refund.actra")
    folder.rename(project.path / "elsewhere")
    project.makepyfile(USES)
    for setting in ("elsewhere", "refund.actra"):
        project.makeini(f"[pytest]\nactra_policy = {setting}\n")
        run(project).assert_outcomes(passed=1)


def test_a_test_can_be_marked_with_a_policy_of_its_own(project: pytest.Pytester) -> None:
    other = project.mkdir("other")
    (other / "schema.yaml").write_text(SCHEMA)
    (other / "policy.yaml").write_text("version: 2\nrules: []\n")
    project.makepyfile(
        """
        import pytest

        @pytest.mark.actra_policy("other")
        def test_other(assert_blocked):
            assert_blocked({"type": "refund", "amount": 5}, {"role": "support"})

        @pytest.mark.actra_policy
        def test_no_path(actra_policy): ...

        @pytest.mark.actra_policy("nowhere")
        def test_nowhere(actra_policy): ...
        """
    )
    result = run(project, "--strict-markers")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*takes one path*",
            f"`{project.path / 'nowhere'}`, which the marker `actra_policy` names, is not there",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_policy_that_the_setting_names_and_that_is_not_there_is_an_error(
    project: pytest.Pytester,
) -> None:
    project.makeini("[pytest]\nactra_policy = nowhere\n")
    project.makepyfile("def test_it(actra_policy): ...")
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*nowhere`, which the setting `actra_policy` names, is not there"])


def test_a_policy_that_cannot_be_used_is_told_of_once(project: pytest.Pytester) -> None:
    rules = project.path / "policy" / "policy.yaml"
    rules.write_text(RULES.replace("action.amount", "action.amonut"))
    project.makepyfile("def test_it(assert_allowed): ...")
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["the policy `*policy` cannot be used", "error?undeclared_field?*", " --> *policy.yaml:*"]
    )
    result.stdout.no_fnmatch_line("*During handling*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_setting_that_does_not_exist_stops_pytest(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nactra_collect = sometimes\n")
    result = run(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*`auto`, `always` or `never`, and not `sometimes`"])


def test_without_a_policy_the_fixture_says_what_to_do(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(actra_policy): ...")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*set `actra_policy` in pytest's configuration*"])


def test_a_failed_assertion_shows_the_decision_and_points_at_the_test(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(
        """
        def test_effect(assert_blocked):
            assert_blocked({"type": "refund", "amount": 5}, {"role": "support"})

        def test_rule(assert_allowed):
            assert_allowed({"type": "refund", "amount": 5}, {"role": "support"}, rule="large")
        """
    )
    result = run(project)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*Expected effect: block*",
            "*Actual effect:   allow*",
            "*Matched rule:    support*",
            "*expected `large` to decide: `support` did*",
        ]
    )
    # The frames of the assertion itself are left out.
    result.stdout.no_fnmatch_line("*testing.py:*")


def test_an_input_error_passes_no_assertion(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_blocked(assert_blocked):
            assert_blocked({"type": "refund", "amount": "much"})

        def test_allowed(assert_allowed):
            assert_allowed({"type": "refund"})
        """
    )
    result = run(project)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*wrong_type*", "*missing_required*"])
    # Where the library found it is of no use to whoever wrote the test.
    result.stdout.no_fnmatch_line("*policy.py*")


def test_test_documents_are_collected_test_by_test(project: pytest.Pytester) -> None:
    (project.path / "policy" / "refund_test.yaml").write_text(TESTS)
    result = run(project, "-v", "-rs")
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*refund_test.yaml::support refunds small amounts PASSED*",
            "*refund_test.yaml::large amounts wait PASSED*",
            "*refund_test.yaml::not yet SKIPPED*",
            "SKIPPED*policy*refund_test.yaml*: nobody has decided*",
        ]
    )
    run(project, "-k", "large").assert_outcomes(passed=1, deselected=2)


def test_a_failed_test_shows_inputs_differences_and_why(project: pytest.Pytester) -> None:
    folder = project.path / "policy"
    (folder / "refund_test.yaml").write_text(TESTS)
    (folder / "policy.yaml").write_text(RULES.replace("1000", "900"))
    result = run(project)
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "2 of 3 failed: `effect` is require_approval, and expected was allow",
            "failed: support refunds small amounts ?action.amount: 999?",
            "  --> *policy*refund_test.yaml:4",
            '  input     {"action": {"type": "refund", "amount": 999}, "actor": *',
            "  effect",
            "    expected  allow",
            "    actual    require_approval",
            "  require_approval large: decided",
            "    * action.amount > 900  (999)",
            "  allow support: outranked",
        ]
    )
    result.stdout.fnmatch_lines(["FAILED *refund_test.yaml::* - 2 of 3 *"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_mistake_in_a_document_is_an_error_with_its_place(project: pytest.Pytester) -> None:
    (project.path / "policy" / "refund_test.yaml").write_text(TESTS.replace("expect:", "expects:"))
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["error?*", "  --> *refund_test.yaml:*"])


def test_a_policy_that_does_not_compile_is_an_error(project: pytest.Pytester) -> None:
    folder = project.path / "policy"
    (folder / "refund_test.yaml").write_text(TESTS)
    (folder / "policy.yaml").write_text(RULES.replace("action.amount", "action.amonut"))
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["error?undeclared_field?*", "  --> *policy.yaml:*"])


def test_files_of_other_tools_are_left_alone_unless_that_is_asked_for(
    project: pytest.Pytester,
) -> None:
    # helm-unittest's files are called so, too.
    (project.path / "deployment_test.yaml").write_text("suite: deployment\ntests:\n  - it: works\n")
    (project.path / "values_test.yaml").write_text("policy: strict\n")
    (project.path / "policy" / "refund_test.yaml").write_text(TESTS)
    run(project).assert_outcomes(passed=2, skipped=1)
    project.makeini("[pytest]\nactra_collect = always\n")
    run(project).assert_outcomes(errors=2)
    project.makeini("[pytest]\nactra_collect = never\n")
    run(project).assert_outcomes()
    project.makeini("[pytest]\nactra_collect = sometimes\n")
    result = run(project)
    assert result.ret != 0
    assert "sometimes" in result.stdout.str() + result.stderr.str()


def test_documents_elsewhere_are_collected_where_they_name_their_policy(
    project: pytest.Pytester,
) -> None:
    folder = project.mkdir("checks")
    (folder / "more_test.yaml").write_text("policy: ../policy\n" + TESTS)
    run(project).assert_outcomes(passed=2, skipped=1)


def test_the_plugin_can_be_left_out(project: pytest.Pytester) -> None:
    (project.path / "policy" / "refund_test.yaml").write_text(TESTS)
    result = run(project, "-p", "no:actra")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_the_policy_is_read_again_when_its_files_change(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pathlib

        def test_before(assert_allowed):
            assert_allowed({"type": "refund", "amount": 5}, {"role": "support"})
            path = pathlib.Path("policy/policy.yaml")
            path.write_text(path.read_text().replace("support", "nobody_at_all"))

        def test_after(assert_blocked):
            assert_blocked({"type": "refund", "amount": 5}, {"role": "support"})
        """
    )
    run(project).assert_outcomes(passed=2)
