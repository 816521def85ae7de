"""Questions about policies, answered for every input that the schema admits: docs/analysis.md.

An answer is proved, or comes with an input that shows the opposite, or says that it is undecided,
and why. The same question has the same answer on every machine. The GIL is not held while it is
looked for, which takes from milliseconds to minutes. No signal interrupts that; a `budget` ends it.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, NoReturn, TypeAlias

from ._diagnosis import raise_failure
from ._spell import spell
from .errors import ActraAnalysisError
from .policy import Policy

__all__ = [
    "ActionAnalysis",
    "ActionAnswer",
    "Analysis",
    "Answer",
    "Change",
    "Difference",
    "EffectAnalysis",
    "Reason",
    "ReasonPlace",
    "RuleAnalysis",
    "UndecidedAction",
    "Witness",
    "diff",
]

# A short condition, `actor.role == lead`, or one at length: a mapping as in YAML.
Assumption: TypeAlias = str | Mapping[str, Any]

_EFFECTS = ("allow", "require_approval", "block")
_INPUTS = ("partial", "complete")
_MOST_STEPS = 2**64 - 1
# More than any condition may be nested.
_MOST_DEPTH = 100
# Of a text that is quoted in a message.
_MOST_QUOTED = 80
# In texts of inputs, what JSON has no word for; and strings, to pass by what is in them.
_NOT_FINITE = re.compile(r'"(?:[^"\\]|\\.)*"|-?\.inf|\.nan')
_WORDS = {".nan": "NaN", ".inf": "Infinity", "-.inf": "-Infinity"}


class _Result:
    """What results share."""

    def to_dict(self) -> dict[str, Any]:
        """The result in the shape that docs/analysis.md has for JSON."""
        told: Any = self
        return {field.name: _plain(getattr(self, field.name)) for field in fields(told)}


def _plain(value: Any) -> Any:
    if isinstance(value, _Result):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return copy.deepcopy(value)


@dataclass(frozen=True)
class Witness(_Result):
    """An input that shows something, and what is decided about it.

    Attributes:
        input: What `policy.evaluate` takes to see it.
        effect: The effect; None: it is an input error.
        matched_rule: The rule that decides; None: the default does.
        error: The code of the input error, if it is one.
    """

    input: dict[str, Any]
    effect: str | None
    matched_rule: str | None
    error: str | None

    def to_dict(self) -> dict[str, Any]:
        """As of all results. An input with NaN or an infinity, which only version 1 admits, is a
        string of YAML: JSON has no word for them."""
        return {**super().to_dict(), "input": _input_told(self.input)}


@dataclass(frozen=True)
class ReasonPlace(_Result):
    """A condition that is in the way of an answer.

    Attributes:
        file: The document.
        line: Its line, from 1.
        column: Its column in characters, from 1.
        reason: Why it is not looked into exactly.
    """

    file: str
    line: int
    column: int
    reason: str


@dataclass(frozen=True)
class Reason(_Result):
    """Why something is undecided.

    Attributes:
        code: `budget`, `conditions`, `too_large` or `not_confirmed`.
        help: What to do about it.
        conditions: The conditions that are in the way.
    """

    code: str
    help: str
    conditions: tuple[ReasonPlace, ...]


@dataclass(frozen=True)
class RuleAnalysis(_Result):
    """What a rule is good for.

    Attributes:
        id: The rule.
        verdict: Of a rule that is `effective`, some inputs would get another effect without it.
        shadowed_by: Where it is shadowed, the rules that decide before it.
        always_fires: Whether every input in its scope meets its condition.
        example: An input that it decides, or for which it fires; None: there is none.
        undecided: Why something about it is undecided; None: nothing is.
    """

    id: str
    verdict: Literal["effective", "never_fires", "shadowed", "redundant", "undecided"]
    shadowed_by: tuple[str, ...]
    always_fires: bool
    example: Witness | None
    undecided: Reason | None


@dataclass(frozen=True)
class EffectAnalysis(_Result):
    """Whether an action can get an effect.

    Attributes:
        effect: `allow`, `require_approval` or `block`.
        possible: Whether some input gets it; None: undecided.
        example: Such an input, if there is one.
    """

    effect: str
    possible: bool | None
    example: Witness | None


@dataclass(frozen=True)
class ActionAnalysis(_Result):
    """What can be decided about an action.

    Attributes:
        action: The action; None stands for those that the schema does not name, where inputs are
            unchecked.
        effects: By effect, from `allow` to `block`.
        undecided: Why something about it is undecided; None: nothing is.
    """

    action: str | None
    effects: tuple[EffectAnalysis, ...]
    undecided: Reason | None


@dataclass(frozen=True)
class Analysis(_Result):
    """What is found about a policy: `Policy.analyze`.

    Attributes:
        rules: By rule, in the policy's order.
        actions: By action.
        diagnostics: The findings as warnings about the documents, and the compiler's lints
            (docs/diagnostics.md).
        silenced: How many warnings comments in the documents silence.
        steps: What the searches took.
    """

    rules: tuple[RuleAnalysis, ...]
    actions: tuple[ActionAnalysis, ...]
    diagnostics: tuple[dict[str, Any], ...]
    silenced: int
    steps: int


@dataclass(frozen=True)
class ActionAnswer(_Result):
    """The answer for one action. It is true only where `holds` is.

    Attributes:
        action: The action.
        holds: Whether it is so; None: undecided.
        vacuous: Whether no input meets what is assumed.
        counterexample: An input for which it is not so, if there is one.
        undecided: Why it is undecided; None: it is not.
    """

    action: str
    holds: bool | None
    vacuous: bool
    counterexample: Witness | None
    undecided: Reason | None

    def __bool__(self) -> bool:
        return self.holds is True


@dataclass(frozen=True)
class Answer(_Result):
    """The answer to `Policy.never` or `Policy.always`. It is true only where `holds` is: not where
    it is undecided.

    Attributes:
        question: What was asked, such as `never allow`.
        holds: Whether it is so for every action; None: undecided.
        vacuous: Whether no input at all meets what is assumed.
        actions: By action, in order of name.
    """

    question: str
    holds: bool | None
    vacuous: bool
    actions: tuple[ActionAnswer, ...]

    def __bool__(self) -> bool:
        return self.holds is True

    @property
    def counterexample(self) -> Witness | None:
        """The first action's that has one."""
        found = (each.counterexample for each in self.actions)
        return next((each for each in found if each is not None), None)


@dataclass(frozen=True)
class Change(_Result):
    """One way in which decisions change.

    Attributes:
        action: The action; None: one that the schemas do not name.
        direction: `weaker` where the new policy lets more through, `stricter`, or `level` from a
            block to an input error and back.
        old: What the old policy decides about an input.
        new: What the new one decides about the same.
    """

    action: str | None
    direction: Literal["weaker", "stricter", "level"]
    old: Witness
    new: Witness

    @property
    def input(self) -> dict[str, Any]:
        """The input."""
        return self.new.input

    def to_dict(self) -> dict[str, Any]:
        """As of all results. The input stands there once."""
        told = super().to_dict()
        del told["old"]["input"]
        return {**told, "input": told["new"].pop("input")}


@dataclass(frozen=True)
class UndecidedAction(_Result):
    """An action about which something is undecided.

    Attributes:
        action: The action; None: those that the schemas do not name.
        reason: Why.
    """

    action: str | None
    reason: Reason


@dataclass(frozen=True)
class Difference(_Result):
    """How two policies differ: `actra.diff`. It is neither true nor false: ask for `same`, or for
    `weaker` and `undecided`.

    Attributes:
        same: Whether all is decided alike; None: undecided.
        weaker: Whether some input is let through that was not before. What is `undecided` may be.
        changes: One for each pair of rules that decide otherwise; what lets more through is first.
        has_more: Whether there are more than were looked for.
        added_actions: Actions that only the new schema has.
        removed_actions: Actions that only the old schema has.
        undecided: What is undecided.
        steps: What the searches took.
    """

    same: bool | None
    weaker: bool
    changes: tuple[Change, ...]
    has_more: bool
    added_actions: tuple[str, ...]
    removed_actions: tuple[str, ...]
    undecided: tuple[UndecidedAction, ...]
    steps: int

    def __bool__(self) -> NoReturn:
        raise TypeError("a Difference is neither true nor false: ask for `same`, or for `weaker`")


# --- asking ---


def diff(old: Policy, new: Policy, budget: int | None = None) -> Difference:
    """How a new policy differs from an old one, for every input that both schemas admit.

    Args:
        old: The policy as it was.
        new: The policy as it shall be.
        budget: Steps that each search may take; None: the library's.

    Raises:
        ActraAnalysisError: There is no answer: one of them has no documents, or is too large.
    """
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
        question["assume"] = _condition(assume, 0)
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


def _condition(value: Any, depth: int) -> Any:
    """What JSON says as YAML does; all else is refused, so that nothing is assumed but what is
    meant."""
    if depth > _MOST_DEPTH:
        raise ActraAnalysisError("bad_assumption", "what is assumed is nested too deep")
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("`assume` holds a number that is not finite")
        return value
    if isinstance(value, list | tuple):
        return [_condition(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        found = {}
        for key, member in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key in `assume` is a {type(key).__name__}, not a str")
            found[key] = _condition(member, depth + 1)
        return found
    raise TypeError(f"`assume` holds a {type(value).__name__}, which YAML has no word for")


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
        _reason(told["undecided"]),
    )


def _change(told: Any) -> Change:
    old, new = (_witness_there({**told[which], "input": told["input"]}) for which in ("old", "new"))
    return Change(told["action"], told["direction"], old, new)


def _witness(told: Any) -> Witness | None:
    return None if told is None else _witness_there(told)


def _witness_there(told: Any) -> Witness:
    given = told["input"]
    if isinstance(given, str):
        given = json.loads(_NOT_FINITE.sub(lambda found: _WORDS.get(found[0], found[0]), given))
    return Witness(given, told["effect"], told["matched_rule"], told["error"])


def _input_told(given: dict[str, Any]) -> Any:
    text, is_yaml = spell(given)
    return text.decode("utf-8") if is_yaml else copy.deepcopy(given)


def _reason(told: Any) -> Reason | None:
    return None if told is None else _reason_there(told)


def _reason_there(told: Any) -> Reason:
    places = (
        ReasonPlace(each["file"], each["line"], each["column"], each["reason"])
        for each in told["conditions"]
    )
    return Reason(told["code"], told["help"], tuple(places))
