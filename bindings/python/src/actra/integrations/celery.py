"""Celery: tasks that run only where the policy allows. Needs `actra[celery]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from celery import Task

from .._default import default_runtime
from .._signature import Parameters
from ..errors import ActraApprovalRequired, ActraPolicyError
from ._gate import admit_call, reading

if TYPE_CHECKING:
    from ..runtime import ActraRuntime
    from ..types import Context

    AnyTask = Task[..., Any]
else:
    AnyTask = Task

__all__ = ["ActraTask", "TaskApprovalRequired", "TaskPolicyError"]


class TaskPolicyError(ActraPolicyError):
    """An `ActraPolicyError` that result backends can store as JSON and give back as itself. It is
    stored without its context: actor and snapshot stay with the worker."""

    def __init__(
        self,
        action_type: str,
        decision: Mapping[str, Any],
        context: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(action_type, decision, {} if context is None else context)
        self._message = str(self)
        # What backends store, and call this class with again.
        self.args = (action_type, dict(self.decision))

    def __str__(self) -> str:
        return getattr(self, "_message", None) or super().__str__()


class TaskApprovalRequired(TaskPolicyError, ActraApprovalRequired):  # noqa: N818 - as above it
    """The same for a task that waits for an approval."""


class ActraTask(AnyTask):
    """A base for tasks: each is decided in the worker, before it runs.

        class Guarded(ActraTask):
            actra_runtime = runtime

        @app.task(base=Guarded)
        def refund(order: str, amount: int) -> None: ...

    The function's name is the action, and its arguments that the schema declares are the fields,
    defaults included. Where the policy does not allow it, the task fails with a `TaskPolicyError`;
    what goes wrong while deciding fails it, too. None of these is retried by `autoretry_for`.
    A call of `task.run` itself is not guarded.

    Attributes:
        actra_runtime: What decides; by default the runtime of `actra.load` or `ACTRA_POLICY`.
        actra_action: The action's name, if it is not the function's.
        actra_fields: The arguments that make the action, if not those that the schema declares.
    """

    abstract = True
    # Workers log these as expected.
    throws = (ActraPolicyError,)
    actra_runtime: ActraRuntime | None = None
    actra_action: str | None = None
    actra_fields: Iterable[str] | None = None

    def actra_context(self) -> Context:
        """The resolvers' `ctx`: by default the task's request, which has its id, its headers and
        more. All of that is the word of whoever can write to the broker."""
        return self.request

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Decides, and runs the task on an allow only."""
        runtime = self.actra_runtime or default_runtime()
        try:
            with reading(runtime, self.actra_action or self.run.__name__):
                bound = Parameters(self.run).bind(*args, **kwargs)
                name = runtime.resolve_action_type(self.run, args, bound, self.actra_action)
                ctx = self.actra_context()
            admit_call(runtime, name, self.run, bound, ctx, self.actra_fields)
        except ActraPolicyError as error:
            _fail(error)
        # A worker has pushed the request, which `Task.__call__` would cover with another.
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        return self.run(*args, **kwargs)


def _fail(error: ActraPolicyError) -> NoReturn:
    waits = isinstance(error, ActraApprovalRequired)
    kind = TaskApprovalRequired if waits else TaskPolicyError
    raise kind(error.action_type, error.decision, error.context) from None
