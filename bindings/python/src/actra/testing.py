"""Tests of policies from Python: what has to be decided, and a policy's own test documents.

The pytest plugin stands on this; it needs no pytest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from . import _door
from ._decision import Decision
from ._diagnosis import raise_failure
from .errors import ActraInputError
from .policy import Policy
from .runtime import ActraRuntime
from .types import ActionInput, Context, PathType

__all__ = ["assert_allowed", "assert_blocked", "assert_requires_approval", "run_tests"]


def assert_allowed(
    subject: Policy | ActraRuntime,
    action: Mapping[str, Any],
    actor: Mapping[str, Any] | None = None,
    snapshot: Mapping[str, Any] | None = None,
    *,
    ctx: Context = None,
    rule: str | None = None,
) -> Decision:
    """Asserts that an action is allowed.

    Args:
        subject: A policy, asked with the three domains; or a runtime, whose resolvers give actor
            and snapshot.
        action: The action with its `type`.
        actor: Who asks, where a policy is asked.
        snapshot: The state of the world, where a policy is asked.
        ctx: The resolvers' context, where a runtime is asked.
        rule: The id of the rule that has to decide, if that matters.

    Returns:
        The decision.

    Raises:
        AssertionError: Something else is decided. It shows what, by which rule, and the context.
        ActraInputError: Nothing is: an input error is no decision, and passes no assertion.
    """
    __tracebackhide__ = True
    return _assert_effect(subject, action, actor, snapshot, ctx, rule, "allow")


def assert_blocked(
    subject: Policy | ActraRuntime,
    action: Mapping[str, Any],
    actor: Mapping[str, Any] | None = None,
    snapshot: Mapping[str, Any] | None = None,
    *,
    ctx: Context = None,
    rule: str | None = None,
) -> Decision:
    """Asserts that an action is blocked: as `assert_allowed`. One that waits for an approval is not
    blocked."""
    __tracebackhide__ = True
    return _assert_effect(subject, action, actor, snapshot, ctx, rule, "block")


def assert_requires_approval(
    subject: Policy | ActraRuntime,
    action: Mapping[str, Any],
    actor: Mapping[str, Any] | None = None,
    snapshot: Mapping[str, Any] | None = None,
    *,
    ctx: Context = None,
    rule: str | None = None,
) -> Decision:
    """Asserts that an action waits for an approval: as `assert_allowed`."""
    __tracebackhide__ = True
    return _assert_effect(subject, action, actor, snapshot, ctx, rule, "require_approval")


def _assert_effect(
    subject: Policy | ActraRuntime,
    action: Mapping[str, Any],
    actor: Mapping[str, Any] | None,
    snapshot: Mapping[str, Any] | None,
    ctx: Context,
    rule: str | None,
    expected: str,
) -> Decision:
    __tracebackhide__ = True
    context: ActionInput
    if isinstance(subject, ActraRuntime):
        if actor is not None or snapshot is not None:
            raise TypeError("a runtime's resolvers give actor and snapshot: hand over `ctx`")
        policy = subject.policy
        context = subject.build_context(dict(action), ctx)
    else:
        if ctx is not None:
            raise TypeError("a policy has no resolvers: hand over `actor` and `snapshot`")
        policy = subject
        context = {"action": action, "actor": _domain(actor), "snapshot": _domain(snapshot)}
    try:
        decision = policy.assert_effect(context, expected)
    except ActraInputError as error:
        # From here, for whoever reads the trace: where it was found is of no use to them.
        raise error.with_traceback(None) from None
    if rule is not None and decision.matched_rule != rule:
        found = "the default" if decision.matched_rule is None else f"`{decision.matched_rule}`"
        raise AssertionError(f"expected `{rule}` to decide: {found} did\n  context: {context!r}")
    return decision


def _domain(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {} if given is None else given


def run_tests(path: PathType, only: str = "") -> dict[str, Any]:
    """Runs test documents (`*_test.yaml`), as `actra test` does.

    Args:
        path: A document, or a directory that is searched to the bottom.
        only: Runs only tests with this text in `file > name`.

    Returns:
        The report, as docs/testing.md has it. Whether the tests passed is its `ok`.

    Raises:
        ActraError: There are no tests, or the path cannot be read.
    """
    try:
        texts = (os.fspath(path).encode("utf-8"), only.encode("utf-8"))
    except UnicodeEncodeError:
        raise ValueError(f"{path!r} is not UTF-8, which the library asks for") from None
    report = _door.door.run_tests(*texts)
    if not isinstance(report, bytes):
        raise_failure(report)
    told: dict[str, Any] = json.loads(report)
    return told
