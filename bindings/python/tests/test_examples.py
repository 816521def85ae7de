"""The examples that need nothing but Actra: each prints what is expected."""

from __future__ import annotations

import pytest
from example_runs import EXAMPLES, EXPECTED, INTEGRATED, PLAIN, SERVED, check

from actra.testing import run_tests


@pytest.mark.parametrize("name", PLAIN)
def test_the_example_prints_what_is_expected(name: str) -> None:
    check(name, PLAIN[name])


def test_every_example_is_run() -> None:
    scripts = {path.stem for path in EXAMPLES.glob("*.py")}
    assert scripts == {*PLAIN, *INTEGRATED, *SERVED}
    assert {path.stem for path in EXPECTED.glob("*.txt")} == {*PLAIN, *INTEGRATED}


def test_the_readme_names_every_example() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in [*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*.ipynb")]:
        assert f"({path.name})" in text


def test_the_examples_policies_pass_their_own_tests() -> None:
    report = run_tests(EXAMPLES / "policies")
    assert report["ok"]
    assert report["summary"]["files"] == len(list((EXAMPLES / "policies").iterdir()))
