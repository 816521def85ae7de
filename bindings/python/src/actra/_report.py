"""Reports of test documents, for people: docs/testing.md has their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# As `actra test` does.
_MOST_FAILURES = 3
_TRUTHS = {"true": "✓", "false": "✗", "unknown": "?"}


@dataclass
class Outcome:
    """What came of one test of a document: of all its runs.

    Attributes:
        name: The test's name.
        line: Where it stands, from 1.
        runs: How many runs it had.
        skipped: Why it was not run, or None.
        failures: The runs that failed.
    """

    name: str
    line: int
    runs: int
    skipped: str | None
    failures: list[dict[str, Any]]

    def told(self, path: str) -> str:
        """The failures at length, after a line on the first, which summaries show."""
        count = f"{len(self.failures)} of {self.runs} failed: " if self.runs > 1 else ""
        lines = [count + _first_difference(self.failures[0])]
        for run in self.failures[:_MOST_FAILURES]:
            lines += _failure(run, path)
        more = len(self.failures) - _MOST_FAILURES
        if more > 0:
            lines.append(f"and {more} more")
        return "\n".join(lines)


def problems(report: Mapping[str, Any]) -> str:
    """What keeps tests from being run: errors of documents, and policies that do not compile."""
    found = [*report["policies"], *(file for file in report["files"] if file["broken"])]
    errors = [
        diagnostic
        for each in found
        for diagnostic in each["diagnostics"]
        if diagnostic["severity"] == "error"
    ]
    return "\n".join(_diagnostic(error) for error in errors)


def outcomes(report: Mapping[str, Any]) -> Iterator[Outcome]:
    """What came of each test, in the order of the document."""
    for file in report["files"]:
        by_test: dict[str, list[dict[str, Any]]] = {}
        for run in file["tests"]:
            by_test.setdefault(run["test"], []).append(run)
        for name, runs in by_test.items():
            skipped = [run["reason"] for run in runs if run["status"] == "skipped"]
            failures = [run for run in runs if run["status"] not in ("passed", "skipped")]
            reason = skipped[0] if skipped and len(skipped) == len(runs) else None
            yield Outcome(name, runs[0]["line"], len(runs), reason, failures)


def _diagnostic(error: Mapping[str, Any]) -> str:
    place = ":".join(str(error[key]) for key in ("file", "line", "column") if error.get(key))
    lines = [f"error[{error['code']}]: {error['message']}"]
    if place:
        lines.append(f"  --> {place}")
    if error.get("help"):
        lines.append(f"  = help: {error['help']}")
    return "\n".join(lines)


def _first_difference(run: Mapping[str, Any]) -> str:
    failure = run.get("failure")
    if failure is None or not failure["differences"]:
        return str(run["status"])
    error = failure["actual"].get("error")
    if error:
        return f"{error['code']}: {error['message']}"
    first = failure["differences"][0]
    return (
        f"`{first['field']}` is {_value(first['actual'])}, "
        f"and expected was {_value(first['expected'])}"
    )


def _failure(run: Mapping[str, Any], path: str) -> list[str]:
    lines = [f"failed: {run['name']}", f"  --> {path}:{run['line']}"]
    failure = run.get("failure")
    if failure is None:
        return [*lines, f"  {run['status']}: there is no policy to decide"]
    if failure["input"] is not None:
        lines.append(f"  input     {failure['input']}")
    for difference in failure["differences"]:
        lines.append(f"  {difference['field']}")
        lines.append(f"    expected  {_value(difference['expected'])}")
        lines.append(f"    actual    {_value(difference['actual'])}")
    error = failure["actual"].get("error")
    if error:
        lines.append(f"  input error: {error['code']}: {error['message']}")
    if failure["explanation"]:
        lines += _explanation(failure["explanation"])
    return lines


def _value(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _explanation(told: Mapping[str, Any]) -> list[str]:
    lines = []
    near = sorted(told["rules"], key=lambda rule: rule["lacks"] or 0)
    for rule in [*(r for r in near if not r["lacks"]), *(r for r in near if r["lacks"])][:8]:
        standing = rule["standing"].replace("_", " ")
        if rule["standing"] == "not_fired":
            standing = f"lacks {rule['lacks']} test" + ("" if rule["lacks"] == 1 else "s")
        lines.append(f"  {rule['effect']} {rule['id']}: {standing}")
        lines += _condition(rule["when"], 2)
    return lines


def _condition(condition: Mapping[str, Any] | None, depth: int) -> list[str]:
    if condition is None:
        return []
    for joint in ("all", "any", "tests"):
        if joint in condition:
            head = ["  " * depth + "any of"] if joint == "any" else []
            inner = depth + 1 if head else depth
            return head + [line for part in condition[joint] for line in _condition(part, inner)]
    values = ", ".join(_of_field(field) for field in condition["fields"])
    mark = _TRUTHS[condition["truth"]]
    return ["  " * depth + f"{mark} {condition['test']}  ({values})"]


def _of_field(field: Mapping[str, Any]) -> str:
    return _value(field["value"]) if field["value"] is not None else str(field["state"])
