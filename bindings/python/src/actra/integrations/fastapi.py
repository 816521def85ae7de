"""FastAPI: routes that run only where the policy allows the request. Needs `actra[fastapi]`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from .._signature import Parameters
from ..errors import ActraApprovalRequired, ActraError, ActraInputError, ActraPolicyError
from ._gate import admit, admit_async, reading
from ._refusal import details, is_of_caller
from ._request import declared_fields, fields_of_call, fields_of_request, shallow

if TYPE_CHECKING:
    from .._decision import Decision
    from ..runtime import ActraRuntime
    from ..types import Context

__all__ = ["ActraGuard", "add_exception_handlers"]

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

# A request waits for an approval. 409: it has to be sent again when somebody has approved. 202 is
# for hosts that file it, and run it themselves then.
DEFAULT_APPROVAL_STATUS = 409

_REQUEST = "actra_request"


class ActraGuard:
    """Guards routes: as a dependency (`requires`), or around an endpoint (`route`).

    A request that is not allowed is answered with 403, and one that waits for an approval with
    `approval_status`; the body's `detail` has the action and the decision, and nothing of actor and
    snapshot. Arguments that cannot be decided are answered with 422. Anything else that goes wrong
    is raised, and the route does not run.
    """

    def __init__(
        self,
        runtime: ActraRuntime,
        *,
        context: Callable[[Request], Context] | None = None,
        approval_status: int = DEFAULT_APPROVAL_STATUS,
    ) -> None:
        """A guard for any number of routes.

        Args:
            runtime: What decides. Async resolvers serve dependencies and async endpoints.
            context: Makes the resolvers' `ctx` of a request; by default it is the request.
            approval_status: The status of what waits for an approval, say 202 or 409.
        """
        self.runtime = runtime
        self.approval_status = approval_status
        self._context = context

    def requires(
        self, action_type: str, fields: Callable[..., Any] | None = None
    ) -> Callable[..., Any]:
        """A dependency that lets a request through where the policy allows the action.

            @app.post("/refunds", dependencies=[Depends(guard.requires("refund", refund_fields))])

        Args:
            action_type: The action's name.
            fields: A dependency of its own that gives the action's fields as a mapping, a model or
                a dataclass. Without it they are what the request itself has by their names: path
                parameters, query parameters, a form or a JSON object. Text is read as the schema's
                types; a field that stands in two places, or twice in one, is refused, since the
                endpoint might read the other.

        Returns:
            The dependency. Its value is the decision.
        """

        async def decide(request: Request, read: Callable[[], Awaitable[Any]]) -> Decision:
            try:
                with reading(self.runtime, action_type):
                    given = await read()
                    ctx = self._context_of(request)
                if self.runtime._has_async_resolver():
                    return await admit_async(self.runtime, action_type, given, ctx)
                # Resolvers may wait for a database.
                return await run_in_threadpool(admit, self.runtime, action_type, given, ctx)
            except ActraError as error:
                raise self._answer(action_type, error) from error

        async def of_request(request: Request) -> Any:
            declared = declared_fields(self.runtime, action_type)
            return await decide(request, lambda: fields_of_request(request, declared))

        own = Depends(fields)

        async def of_dependency(request: Request, given: Any = own) -> Any:
            async def read() -> dict[str, Any]:
                return shallow(given)

            return await decide(request, read)

        return of_request if fields is None else of_dependency

    def route(
        self, action_type: str | None = None, fields: Iterable[str] | None = None
    ) -> Callable[[Endpoint], Endpoint]:
        """A decorator below the route's: decides on what the endpoint is going to get.

            @app.post("/refunds")
            @guard.route("refund")
            async def refund(order: RefundOrder) -> Receipt: ...

        The fields are the endpoint's arguments that the schema declares for the action, and the
        members of its models and dataclasses, unless the schema declares the whole.

        Args:
            action_type: The action's name; the endpoint's by default.
            fields: The arguments that make the action, if not those that the schema declares.
        """

        def decorate(endpoint: Endpoint) -> Endpoint:
            return self._around(endpoint, action_type, tuple(fields or ()))

        return decorate

    def _around(
        self, endpoint: Endpoint, action_type: str | None, names: tuple[str, ...]
    ) -> Endpoint:
        signature, request_name = _with_request(endpoint)
        parameters = Parameters(endpoint)

        def call(kwargs: dict[str, Any]) -> tuple[str, dict[str, Any], Context]:
            request = kwargs[request_name]
            if request_name == _REQUEST:
                del kwargs[_REQUEST]
            with reading(self.runtime, action_type or endpoint.__name__):
                bound = parameters.bind(**kwargs)
                name = self.runtime.resolve_action_type(endpoint, (), bound, action_type)
                declared = frozenset(names) or frozenset(declared_fields(self.runtime, name) or ())
                return name, fields_of_call(bound, declared), self._context_of(request)

        if inspect.iscoroutinefunction(endpoint):

            @functools.wraps(endpoint)
            async def guarded(**kwargs: Any) -> Any:
                try:
                    await admit_async(self.runtime, *call(kwargs))
                except ActraError as error:
                    raise self._answer(action_type or endpoint.__name__, error) from error
                return await endpoint(**kwargs)
        else:

            @functools.wraps(endpoint)
            def guarded(**kwargs: Any) -> Any:
                try:
                    admit(self.runtime, *call(kwargs))
                except ActraError as error:
                    raise self._answer(action_type or endpoint.__name__, error) from error
                return endpoint(**kwargs)

        guarded.__signature__ = signature  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    def _context_of(self, request: Request) -> Context:
        return request if self._context is None else self._context(request)

    def _answer(self, action_type: str, error: ActraError) -> BaseException:
        answer = _answer(action_type, error, self.approval_status)
        return error if answer is None else HTTPException(*answer)


def add_exception_handlers(app: FastAPI, *, approval_status: int = DEFAULT_APPROVAL_STATUS) -> None:
    """Answers requests whose code runs into a guarded function (`@runtime.admit`) somewhere below,
    as `ActraGuard` answers."""

    async def handle(_: Request, error: Exception) -> JSONResponse:
        name = error.action_type if isinstance(error, ActraPolicyError) else ""
        answer = _answer(name, error, approval_status)
        if answer is None:
            raise error
        status, detail = answer
        return JSONResponse({"detail": detail}, status)

    app.add_exception_handler(ActraPolicyError, handle)
    app.add_exception_handler(ActraInputError, handle)


def _answer(
    action_type: str, error: Exception, approval_status: int
) -> tuple[int, dict[str, Any]] | None:
    """Status and detail; None: it is not the client's business."""
    if isinstance(error, ActraPolicyError):
        waits = isinstance(error, ActraApprovalRequired)
        return approval_status if waits else 403, details(error)
    if isinstance(error, ActraInputError) and is_of_caller(error):
        told = {"code": error.code, "field": error.field, "message": error.message}
        return 422, {"action": action_type, "error": told} if action_type else {"error": told}
    return None


def _with_request(endpoint: Callable[..., Any]) -> tuple[inspect.Signature, str]:
    """The endpoint's signature with a parameter for the request, and that parameter's name."""
    try:
        signature = inspect.signature(endpoint, eval_str=True)
    except NameError:
        # FastAPI says what is wrong with it.
        signature = inspect.signature(endpoint)
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if isinstance(kind, type) and issubclass(kind, Request):
            return signature, parameter.name
    own = inspect.Parameter(_REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    before = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    after = [p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    return signature.replace(parameters=[*before, own, *after]), _REQUEST
