"""Questions about policies, answered for every input that the schema admits: docs/analysis.md.

An answer is proved, or comes with an input that shows the opposite, or says that it is undecided,
and why. The same question has the same answer on every machine. The GIL is not held while it is
looked for, which takes from milliseconds to minutes. No signal interrupts that; a `budget` ends it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields
from typing import Any, Literal, NoReturn

from ._spell import spell
from .policy import Policy

__all__ = [
    "ActionAnalysis",
    "ActionAnswer",
    "Analysis",
    "Answer",
    "Change",
    "Difference",
    "EffectAnalysis",
    "FieldAnalysis",
    "Reason",
    "ReasonPlace",
    "RuleAnalysis",
    "UndecidedAction",
    "Witness",
    "diff",
]


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
        text, is_yaml = spell(self.input)
        return {**super().to_dict(), **({"input": text.decode("utf-8")} if is_yaml else {})}


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
        code: `budget`, `conditions`, `declared`, `too_large` or `not_confirmed`.
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
class FieldAnalysis(_Result):
    """Whether a field can matter for an action: whether there are two inputs without an error that
    differ in it only, and are not decided alike.

    Attributes:
        field: The field; or an object or a map, in which everything may change together.
        is_read: Whether some rule for the action reads it.
        influence: `effect`: the effect may change with it; `rule`: only which rule decides, or asks
            for approval; `nothing`; None: undecided.
        examples: Two inputs that differ in it only, and show it; none where nothing changes.
        undecided: Why it is undecided; None: it is not.
    """

    field: str
    is_read: bool
    influence: Literal["effect", "rule", "nothing"] | None
    examples: tuple[Witness, ...]
    undecided: Reason | None


@dataclass(frozen=True)
class ActionAnalysis(_Result):
    """What can be decided about an action.

    Attributes:
        action: The action; None stands for those that the schema does not name, where inputs are
            unchecked.
        effects: By effect, from `allow` to `block`.
        fields: By field of the schema, and entry of a map that is read, in order of name.
        undecided: Why something about its effects is undecided; None: nothing is.
    """

    action: str | None
    effects: tuple[EffectAnalysis, ...]
    fields: tuple[FieldAnalysis, ...]
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
        direction: `weaker` where the new policy lets more through, or requires less of an approval;
            `stricter`; or `level` from a block to an input error and back.
        old: What the old policy decides about an input.
        new: What the new one decides about the same.
        removed_required_actions: Where both ask for approval: what only the old policy's rules
            require.
        added_required_actions: And what only the new policy's rules require.
    """

    action: str | None
    direction: Literal["weaker", "stricter", "level"]
    old: Witness
    new: Witness
    removed_required_actions: tuple[dict[str, Any], ...]
    added_required_actions: tuple[dict[str, Any], ...]

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
        same: Whether every input that both admit gets the same effect and, where it is approval,
            the same required actions; None: undecided.
        weaker: Whether some input is let through that was not before. What is `undecided` may be.
        changes: One for each pair of rules that decide otherwise; what lets more through is first.
        has_more: Whether there are more than were looked for.
        added_actions: Actions that only the new schema has.
        removed_actions: Actions that only the old schema has.
        added_maps: Maps that only the new schema has: entries of other types are input errors now.
        undecided: What is undecided.
        steps: What the searches took.
    """

    same: bool | None
    weaker: bool
    changes: tuple[Change, ...]
    has_more: bool
    added_actions: tuple[str, ...]
    removed_actions: tuple[str, ...]
    added_maps: tuple[str, ...]
    undecided: tuple[UndecidedAction, ...]
    steps: int

    def __bool__(self) -> NoReturn:
        raise TypeError("a Difference is neither true nor false: ask for `same`, or for `weaker`")


def diff(old: Policy, new: Policy, budget: int | None = None) -> Difference:
    """How a new policy differs from an old one, for every input that both schemas admit.

    Args:
        old: The policy as it was.
        new: The policy as it shall be.
        budget: Steps that each search may take; None: the library's.

    Raises:
        ActraAnalysisError: There is no answer: one of them has no documents, or is too large.
    """
    from ._analysis import difference

    return difference(old, new, budget)
