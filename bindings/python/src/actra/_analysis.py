"""How policies are asked: questions as JSON, and results from the library's answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from ._diagnosis import raise_failure
from .analysis import (
    ActionAnalysis,
    ActionAnswer,
    Analysis,
    Answer,
    Change,
    Difference,
    EffectAnalysis,
    FieldAnalysis,
    Reason,
    ReasonPlace,
    RuleAnalysis,
    UndecidedAction,
    Witness,
)
from .errors import ActraAnalysisError
from .policy import Policy

# A short condition, `actor.role == lead`, or one at length: a mapping as in YAML.
Assumption: TypeAlias = str | Mapping[str, Any]

_EFFECTS = ("allow", "require_approval", "block")
_INPUTS = ("partial", "complete")
_MOST_STEPS = 2**64 - 1
# More than any condition may be nested, and may hold.
_MOST_DEPTH = 100
_MOST_VALUES = 1 << 20
# Of a text that is quoted in a message.
_MOST_QUOTED = 80
# In texts of inputs, what JSON has no word for; and strings, to pass by what is in them.
_NOT_FINITE = re.compile(r'"(?:[^"\\]|\\.)*"|-?\.inf|\.nan')
_WORDS = {".nan": "NaN", ".inf": "Infinity", "-.inf": "-Infinity"}


def difference(old: Policy, new: Policy, budget: int | None) -> Difference:
    """`analysis.diff`."""
    for name, policy in (("old", old), ("new", new)):
        if not isinstance(policy, Policy):
            raise TypeError(f"`{name}` is a {type(policy).__name__}, not a Policy")
    told = _ask(old, {"question": "diff", **_budget(budget)}, new)
    return Difference(
        told["same"],
        told["weaker"],
        tuple(_change(change) for change in told["changes"]),
        told["has_more"],
        tuple(told["added_actions"]),
        tuple(told["removed_actions"]),
        tuple(told["added_maps"]),
        tuple(
            UndecidedAction(found["action"], _reason_there(found["reason"]))
            for found in told["undecided"]
        ),
        told["steps"],
    )


def analyze(policy: Policy, budget: int | None) -> Analysis:
    """`Policy.analyze`."""
    told = _ask(policy, {"question": "analyze", **_budget(budget)})
    return Analysis(
        tuple(_rule(rule) for rule in told["rules"]),
        tuple(_action(action) for action in told["actions"]),
        tuple(told["diagnostics"]),
        told["silenced"],
        told["steps"],
    )


def answer(
    policy: Policy,
    word: Literal["never", "always"],
    effect: str,
    actions: Iterable[str] | None,
    assume: Assumption | None,
    inputs: str,
    budget: int | None,
) -> Answer:
    """`Policy.never` and `Policy.always`."""
    _one_of("effect", effect, _EFFECTS)
    _one_of("inputs", inputs, _INPUTS)
    question = {"question": f"{word} {effect}", "inputs": inputs, **_budget(budget)}
    if actions is not None:
        question["actions"] = _names(actions)
    if assume is not None:
        if not isinstance(assume, str | Mapping):
            raise TypeError(f"`assume` is a {type(assume).__name__}, not a str or a mapping")
        question["assume"] = _Condition().of(assume)
    told = _ask(policy, question)
    return Answer(
        told["question"],
        told["holds"],
        told["vacuous"],
        tuple(
            ActionAnswer(
                each["action"],
                each["holds"],
                each["vacuous"],
                _witness(each["counterexample"]),
                _reason(each["undecided"]),
            )
            for each in told["actions"]
        ),
    )


def _ask(policy: Policy, question: Mapping[str, Any], other: Policy | None = None) -> Any:
    try:
        text = json.dumps(question, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ActraAnalysisError(
            "bad_question", "the question holds half of a surrogate pair, which is no text"
        ) from None
    told = policy._handle.ask(text, None if other is None else other._handle)
    if not isinstance(told, bytes):
        raise_failure(told)
    return json.loads(told)


# --- questions ---


def _one_of(name: str, given: object, known: tuple[str, ...]) -> None:
    if not isinstance(given, str):
        raise TypeError(f"`{name}` is a {type(given).__name__}, not a str")
    if given not in known:
        words = ", ".join(f"`{word}`" for word in known[:-1])
        told = ascii(str(given)[:_MOST_QUOTED])
        raise ActraAnalysisError(
            "bad_question", f"`{name}` is {words} or `{known[-1]}`, not {told}"
        )


def _budget(budget: int | None) -> dict[str, Any]:
    if budget is None:
        return {}
    if isinstance(budget, bool) or not isinstance(budget, int):
        raise TypeError(f"`budget` is a {type(budget).__name__}, not an int: steps are counted")
    if not 0 <= budget <= _MOST_STEPS:
        raise ValueError("`budget` is not from 0 to 2**64 - 1")
    return {"budget": budget}


def _names(actions: Iterable[str]) -> list[str]:
    if isinstance(actions, str | bytes):
        raise TypeError("`actions` is one action, not an iterable of actions: write `[action]`")
    found = list(actions)
    for name in found:
        if not isinstance(name, str):
            raise TypeError(f"an action of `actions` is a {type(name).__name__}, not a str")
    return found


class _Condition:
    """A condition as JSON says it, which is as YAML does. All else is refused, so that nothing is
    assumed but what is meant."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def of(self, value: Any, depth: int = 0) -> Any:
        self._left -= 1
        if depth > _MOST_DEPTH or self._left < 0:
            raise ActraAnalysisError(
                "bad_assumption", "what is assumed is nested too deep, or too large"
            )
        if value is None or isinstance(value, bool | int | str):
            return value
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError("`assume` holds a number that is not finite")
            return value
        if isinstance(value, list | tuple):
            return [self.of(item, depth + 1) for item in value]
        if isinstance(value, Mapping):
            return {_key(key): self.of(member, depth + 1) for key, member in value.items()}
        raise TypeError(f"`assume` holds a {type(value).__name__}, which YAML has no word for")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key in `assume` is a {type(key).__name__}, not a str")
    return key


# --- answers ---


def _rule(told: Any) -> RuleAnalysis:
    return RuleAnalysis(
        told["id"],
        told["verdict"],
        tuple(told["shadowed_by"]),
        told["always_fires"],
        _witness(told["example"]),
        _reason(told["undecided"]),
    )


def _action(told: Any) -> ActionAnalysis:
    return ActionAnalysis(
        told["action"],
        tuple(
            EffectAnalysis(each["effect"], each["possible"], _witness(each["example"]))
            for each in told["effects"]
        ),
        tuple(
            FieldAnalysis(
                each["field"],
                each["is_read"],
                each["influence"],
                tuple(_witness_there(example) for example in each["examples"]),
                _reason(each["undecided"]),
            )
            for each in told["fields"]
        ),
        _reason(told["undecided"]),
    )


def _change(told: Any) -> Change:
    old, new = (_witness_there({**told[which], "input": told["input"]}) for which in ("old", "new"))
    removed, added = (
        tuple(told[which]) for which in ("removed_required_actions", "added_required_actions")
    )
    return Change(told["action"], told["direction"], old, new, removed, added)


def _witness(told: Any) -> Witness | None:
    return None if told is None else _witness_there(told)


def _witness_there(told: Any) -> Witness:
    given = told["input"]
    if isinstance(given, str):
        given = json.loads(_NOT_FINITE.sub(lambda found: _WORDS.get(found[0], found[0]), given))
    return Witness(given, told["effect"], told["matched_rule"], told["error"])


def _reason(told: Any) -> Reason | None:
    return None if told is None else _reason_there(told)


def _reason_there(told: Any) -> Reason:
    places = (
        ReasonPlace(each["file"], each["line"], each["column"], each["reason"])
        for each in told["conditions"]
    )
    return Reason(told["code"], told["help"], tuple(places))
