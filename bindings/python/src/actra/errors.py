"""What can go wrong, and what a decision against an operation is raised as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._decision import Decision
from ._portable import portable

__all__ = [
    "ActraAnalysisError",
    "ActraApprovalRequired",
    "ActraArtifactError",
    "ActraCompileError",
    "ActraError",
    "ActraInputError",
    "ActraInputTypeError",
    "ActraLogError",
    "ActraPolicyError",
    "ActraRefusedError",
    "ActraSchemaError",
    "ActraWarning",
]


# Where exceptions keep them.
_ARGS: Any = BaseException.args
_get = dict.get


class ActraWarning(UserWarning):
    """Something that works, and probably not as it was meant."""


class ActraError(Exception):
    """Any error of Actra's."""


class ActraPolicyError(ActraError):
    """The policy does not let an operation run.

    Attributes:
        action_type: The action's name.
        decision: The decision.
        context: What was decided: `action`, `actor` and `snapshot`.
    """

    _verdict = "blocked action"
    # What the message is made of, until somebody asks for it: most refusals are caught by their
    # type. None: it has been made.
    _untold: tuple[str, str | None, str | None] | None = None

    def __init__(
        self, action_type: str, decision: Mapping[str, Any], context: Mapping[str, Any]
    ) -> None:
        if not isinstance(decision, Decision):
            decision = Decision(decision)
        self.action_type = action_type
        self.decision = decision
        self.context = context
        # A decision's attributes take longer to find than its items.
        if type(decision) is Decision:
            rule, told = _get(decision, "matched_rule"), _get(decision, "message")
        else:
            rule, told = decision.get("matched_rule"), decision.get("message")
        self._untold = action_type, rule, told
        # Texts never change; what else stands in their place may do anything, and does it at once.
        if not (
            type(action_type) is str
            and (type(rule) is str or rule is None)
            and (type(told) is str or told is None)
        ):
            self._tell()

    def _tell(self) -> None:
        """Makes the message, if that was not done."""
        untold = self._untold
        if untold is None:
            return
        action_type, rule, told = untold
        message = f"Actra policy {self._verdict} '{action_type}'"
        if rule:
            message += f" (rule: {rule})"
        if told:
            message += f": {told}"
        self.args = (message,)

    @property
    def args(self) -> tuple[Any, ...]:
        """The message."""
        self._tell()
        given: tuple[Any, ...] = _ARGS.__get__(self)
        return given

    @args.setter
    def args(self, given: Any) -> None:
        _ARGS.__set__(self, given)
        self._untold = None

    def __str__(self) -> str:
        self._tell()
        return super().__str__()

    @property
    def effect(self) -> str | None:
        """`block` or `require_approval`."""
        return self.decision.get("effect")

    @property
    def matched_rule(self) -> str | None:
        """The rule that decided; None: the default did."""
        return self.decision.get("matched_rule")

    @property
    def required_actions(self) -> list[Any]:
        """What the rules that decided ask for, as the policy has it."""
        return list(self.decision.get("required_actions") or ())

    def to_dict(self) -> dict[str, Any]:
        """`action`, `decision` and `context`, for logs and responses."""
        return {"action": self.action_type, "decision": self.decision, "context": self.context}

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(action_type={self.action_type!r}, decision={self.decision!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # An error must get to wherever it is handled: what of the context cannot be pickled is
        # told by its type.
        return type(self), (self.action_type, self.decision, portable(self.context))


class ActraApprovalRequired(ActraPolicyError):  # noqa: N818 - the name is given
    """The operation waits for an approval: `required_actions` says for which."""

    _verdict = "requires approval for action"


class ActraInputError(ActraError, ValueError):
    """The input cannot be decided. It is not a decision: whoever enforces one blocks on it.

    Attributes:
        code: What is wrong, such as `wrong_type` (docs/language.md has the list).
        field: With which field, such as `action.amount`; None: with the input as a whole.
        message: A sentence for people. It never quotes a value.
    """

    def __init__(self, code: str, field: str | None, message: str) -> None:
        self.code = code
        self.field = field
        self.message = message
        super().__init__(code, field, message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ActraInputTypeError(ActraInputError, TypeError):
    """An `ActraInputError` where the type of a value is at fault."""


class _DocumentError(ActraError, ValueError):
    """Documents that do not compile.

    Attributes:
        diagnostics: Everything there is to say, as data: a list of dicts with `code`, `message`,
            `severity`, `file`, `line`, `column`, `help` and more.
        original_error: The exception that led to this one, if there is one.
    """

    def __init__(
        self,
        message: str,
        original_error: BaseException | None = None,
        diagnostics: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.message = message
        self.original_error = original_error
        self.diagnostics: list[dict[str, Any]] = [dict(found) for found in diagnostics]
        super().__init__(message)

    @property
    def code(self) -> str | None:
        """The code of the first error."""
        found: str | None = self._of_first("code")
        return found

    @property
    def file(self) -> str | None:
        """The document of the first error."""
        found: str | None = self._of_first("file")
        return found

    @property
    def line(self) -> int | None:
        """Its line, from 1."""
        found: int | None = self._of_first("line")
        return found

    @property
    def column(self) -> int | None:
        """Its column in characters, from 1."""
        found: int | None = self._of_first("column")
        return found

    def _of_first(self, key: str) -> Any:
        errors = (found for found in self.diagnostics if found.get("severity") == "error")
        return next(errors, {}).get(key)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, portable(self.original_error), self.diagnostics)


class ActraSchemaError(_DocumentError):
    """The schema does not compile."""


class ActraCompileError(_DocumentError):
    """The policy or the governance document does not compile."""


class ActraArtifactError(ActraError, ValueError):
    """Bytes that are no `.actra` file that can be loaded, or that may not be trusted.

    Attributes:
        code: `not_an_artifact` or `bad_artifact`; of signatures `not_signed`, `unknown_key`,
            `wrong_signature`, `old_revision`, or `bad_key` where a trusted key is none.
        message: A sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code, message)

    def __str__(self) -> str:
        return self.message


class ActraRefusedError(ActraError, ValueError):
    """A policy that loads, and does not come into force all the same.

    Attributes:
        code: `tests` where its own tests fail, `untestable` where they cannot be run, `unsettled`
            where its files went on changing while they were read.
        message: A sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code, message)

    def __str__(self) -> str:
        return self.message


class ActraLogError(ActraError):
    """A decision log that cannot be opened, or does not take or write a decision.

    Attributes:
        code: `io`, `locked`, `not_a_decision_log`, `other_format`, `broken_log`, `bad_options`,
            `bad_entry`, `closed`, `forked` or `not_written` (docs/decision-log.md).
        message: A sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code, message)

    def __str__(self) -> str:
        return self.message


class ActraAnalysisError(ActraError, ValueError):
    """A question about a policy that has no answer.

    Attributes:
        code: `bad_question`; `bad_assumption` where what is assumed is no condition over the
            schema; `no_documents` where the policy comes from an artifact without them,
            `other_documents` where they are not what it was made of, `documents` where they do
            not compile; `too_large`.
        message: A sentence for people.
        rendered: The same at length, with what to do about it.
        diagnostics: With `bad_assumption`, everything there is to say, as data.
    """

    def __init__(
        self,
        code: str,
        message: str,
        rendered: str | None = None,
        diagnostics: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.code = code
        self.message = message
        self.rendered = rendered or f"error[{code}]: {message}"
        self.diagnostics: list[dict[str, Any]] = [dict(found) for found in diagnostics]
        super().__init__(code, message, self.rendered, self.diagnostics)

    def __str__(self) -> str:
        return self.rendered
