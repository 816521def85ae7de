"""The pytest plugin: a policy as a fixture, assertions, and `*_test.yaml` among the tests.

pytest finds it by itself where Actra is installed; `-p no:actra` leaves it out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest

from ._report import Outcome, outcomes, problems
from .errors import ActraError
from .policy import Actra, Policy
from .testing import assert_allowed as _assert_allowed
from .testing import assert_blocked as _assert_blocked
from .testing import assert_requires_approval as _assert_requires_approval
from .testing import run_tests
from .types import Decision

MARKER = "actra_policy"
_SUFFIX = "_test.yaml"
_TESTS = re.compile(r"^tests\s*:", re.MULTILINE)
_POLICY = re.compile(r"^policy\s*:", re.MULTILINE)

Assertion = Callable[..., Decision]
Collect = Literal["auto", "always", "never"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's settings."""
    parser.addini(
        "actra_policy",
        "the policy directory or .actra file of the `actra_policy` fixture, from the rootdir",
    )
    parser.addini(
        "actra_collect",
        "collect *_test.yaml: `auto` those that are about policies, `always`, or `never`",
        default="auto",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Says what the marker is for, and looks at the settings."""
    setting = config.getini("actra_collect")
    if setting not in ("auto", "always", "never"):
        raise pytest.UsageError(
            f"`actra_collect` is `auto`, `always` or `never`, and not `{setting}`"
        )
    config.addinivalue_line(
        "markers", f"{MARKER}(path): the policy of this test, from where the test's file is"
    )


# --- fixtures ---


@pytest.fixture
def actra_policy(request: pytest.FixtureRequest) -> Policy:
    """The policy: of the test's `actra_policy` marker, else of the setting `actra_policy`, else the
    directory `policy` beside the test's file or above it, up to the rootdir."""
    path, named_by = _policy_path(request)
    if not path.exists():
        _unusable(f"`{path}`, which {named_by} names, is not there")
    try:
        return _policy(path)
    except (ActraError, OSError) as error:
        why = str(error)
    # Out here, or pytest shows what was handled, too.
    return _unusable(f"the policy `{path}` cannot be used\n{why}")


def _unusable(why: str) -> NoReturn:
    """Ends a test with what is wrong, and no lines of ours, which nobody has to read."""
    __tracebackhide__ = True
    pytest.fail(why, pytrace=False)


@pytest.fixture
def assert_allowed(actra_policy: Policy) -> Assertion:
    """`actra.testing.assert_allowed` of the policy of `actra_policy`."""
    return partial(_assert_allowed, actra_policy)


@pytest.fixture
def assert_blocked(actra_policy: Policy) -> Assertion:
    """`actra.testing.assert_blocked` of the policy of `actra_policy`."""
    return partial(_assert_blocked, actra_policy)


@pytest.fixture
def assert_requires_approval(actra_policy: Policy) -> Assertion:
    """`actra.testing.assert_requires_approval` of the policy of `actra_policy`."""
    return partial(_assert_requires_approval, actra_policy)


_policies: dict[tuple[Path, tuple[tuple[str, int, int], ...]], Policy] = {}


def _policy(path: Path) -> Policy:
    """Policies never change, so that tests share them, as long as their files do not change."""
    key = (path, tuple(_stamps(path)))
    if key not in _policies:
        is_directory = path.is_dir()
        _policies[key] = Actra.from_directory(path) if is_directory else Actra.from_artifact(path)
    return _policies[key]


def _stamps(path: Path) -> Iterator[tuple[str, int, int]]:
    files = [path]
    if path.is_dir():
        files = sorted([*path.glob("*.yaml"), *path.glob("policies/*.yaml")])
    for file in files:
        if file.exists():
            told = file.stat()
            yield str(file), told.st_mtime_ns, told.st_size


def _policy_path(request: pytest.FixtureRequest) -> tuple[Path, str]:
    """Where the policy is, and what says so."""
    marker = request.node.get_closest_marker(MARKER)
    root = request.config.rootpath
    here = request.path.parent
    if marker is not None:
        if len(marker.args) != 1 or marker.kwargs:
            _unusable(f"`{MARKER}` takes one path: `@pytest.mark.{MARKER}(path)`")
        return _normal(here / Path(marker.args[0])), f"the marker `{MARKER}`"
    setting = request.config.getini("actra_policy")
    if setting:
        return _normal(root / Path(setting)), "the setting `actra_policy`"
    for directory in (here, *here.parents):
        found = directory / "policy"
        if (found / "policy.yaml").is_file():
            return found, "nothing"
        if directory == root:
            break
    _unusable(
        "there is no policy: set `actra_policy` in pytest's configuration, mark the test with "
        f"`@pytest.mark.{MARKER}(path)`, or put the policy into a directory `policy`"
    )


def _normal(path: Path) -> Path:
    """Without `..`, for messages: as the system takes it where no link is in the way."""
    return Path(os.path.normpath(path))


# --- test documents ---


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Collects test documents."""
    if not file_path.name.endswith(_SUFFIX):
        return None
    if not _is_wanted(parent.config.getini("actra_collect"), file_path):
        return None
    document: pytest.File = TestDocument.from_parent(parent, path=file_path)
    return document


def _is_wanted(setting: str, path: Path) -> bool:
    if setting == "auto":
        return _is_about_a_policy(path)
    return setting == "always"


def _is_about_a_policy(path: Path) -> bool:
    """Whether it is Actra's: other tools have files of this name, too. A document of ours has
    `tests:`, and says what policy they are of or stands in its directory."""
    text = path.read_text(encoding="utf-8", errors="replace")
    is_beside = any((path.parent / name).exists() for name in ("policy.yaml", "schema.yaml"))
    return bool(_TESTS.search(text)) and (is_beside or bool(_POLICY.search(text)))


class TestDocument(pytest.File):
    """A `*_test.yaml`: one item for each of its tests, which stands for all runs of the test."""

    __test__ = False

    def collect(self) -> Iterator[pytest.Item]:
        """Runs the document, which takes microseconds per run, and gives its tests."""
        try:
            report = run_tests(self.path)
        except ActraError as error:
            raise self.CollectError(str(error)) from error
        told = problems(report)
        if told:
            raise self.CollectError(told)
        found = list(outcomes(report))
        if not found:
            raise self.CollectError("the document has no tests")
        for outcome in found:
            yield TestItem.from_parent(self, name=outcome.name, outcome=outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *style: Any) -> Any:
        """What is wrong with a document or its policy, as the compiler says it."""
        if isinstance(excinfo.value, self.CollectError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *style)


class TestFailedError(Exception):
    """A test of a document has failed."""

    __test__ = False


class TestItem(pytest.Item):
    """A test of a document."""

    __test__ = False

    def __init__(self, *, outcome: Outcome, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.outcome = outcome
        if outcome.skipped is not None:
            # As a mark, it is told of with the document's place.
            self.add_marker(pytest.mark.skip(reason=outcome.skipped))

    def runtest(self) -> None:
        """Says what came out when the document was run."""
        if self.outcome.failures:
            raise TestFailedError

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *style: Any) -> Any:
        """The inputs that failed, what was expected, and why it was decided otherwise."""
        if isinstance(excinfo.value, TestFailedError):
            return self.outcome.told(str(self.path))
        return super().repr_failure(excinfo, *style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the test stands."""
        return self.path, self.outcome.line - 1, self.name


__all__ = ["MARKER", "TestDocument", "TestItem"]
