"""FastAPI routes, through the test client and through a real server."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, Body, Depends, FastAPI, Form, Header, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel
from support import BROKEN, SECRET, Heard, broken_runtimes, lax_runtime, raising, runtime_for

from actra import ActraRuntime, Decision
from actra.integrations.fastapi import ActraGuard, add_exception_handlers


class Order(BaseModel):
    """What a client sends."""

    amount: int
    currency: str = "EUR"


@dataclass
class Asked:
    """The same as a dataclass."""

    amount: int


class Ran:
    """Which endpoints ran, and with what."""

    def __init__(self) -> None:
        self.calls: list[Any] = []


def amount_of_header(x_amount: Annotated[int, Header()]) -> Asked:
    return Asked(x_amount)


def order_of_body(order: Order) -> Order:
    return order


def app_of(runtime: ActraRuntime, ran: Ran, **options: Any) -> FastAPI:
    """Every kind of guarded route."""
    guard = ActraGuard(runtime, **options)
    app = FastAPI()

    @app.post("/dependency", dependencies=[Depends(guard.requires("refund"))])
    async def dependency(order: Order) -> str:
        ran.calls.append(order.amount)
        return f"refunded {order.amount} {order.currency}"

    @app.post("/fields", dependencies=[Depends(guard.requires("refund", order_of_body))])
    def fields(order: Order) -> str:
        ran.calls.append(order.amount)
        return f"refunded {order.amount} {order.currency}"

    @app.post("/route")
    @guard.route("refund")
    async def route(order: Order) -> str:
        ran.calls.append(order.amount)
        return f"refunded {order.amount} {order.currency}"

    @app.post("/sync")
    @guard.route("refund")
    def sync(order: Order, request: Request) -> str:
        ran.calls.append(order.amount)
        assert request.url.path == "/sync"
        return f"refunded {order.amount} {order.currency}"

    @app.post("/router")
    async def plain(order: Order) -> str:
        ran.calls.append(order.amount)
        return f"refunded {order.amount} {order.currency}"

    below = APIRouter(prefix="/below", dependencies=[Depends(guard.requires("refund"))])
    below.post("/refunds")(plain)
    app.include_router(below)
    return app


PATHS = ["/dependency", "/fields", "/route", "/sync", "/below/refunds"]


def client_of(runtime: ActraRuntime, ran: Ran | None = None, **options: Any) -> TestClient:
    return TestClient(app_of(runtime, ran or Ran(), **options), raise_server_exceptions=False)


@pytest.mark.parametrize("path", PATHS)
def test_a_route_runs_where_its_request_is_allowed(path: str) -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    client = client_of(runtime, ran)
    answer = client.post(path, json={"amount": 5})
    assert (answer.status_code, answer.json()) == (200, "refunded 5 EUR")
    assert heard.effects == ["allow"]
    assert heard.last.action["amount"] == 5

    answer = client.post(path, json={"amount": 5000})
    assert answer.status_code == 409
    assert answer.json() == {
        "detail": {
            "action": "refund",
            "decision": {
                "effect": "require_approval",
                "matched_rule": "large",
                "message": "Finance has to agree.",
                "required_actions": [{"type": "human_approval", "role": "finance"}],
            },
        }
    }
    assert ran.calls == [5]


@pytest.mark.parametrize("path", PATHS)
def test_a_blocked_request_is_answered_with_403_and_the_decision(path: str) -> None:
    ran = Ran()
    answer = client_of(runtime_for("intern"), ran).post(path, json={"amount": 5})
    assert answer.status_code == 403
    assert answer.json() == {
        "detail": {"action": "refund", "decision": {"effect": "block", "matched_rule": None}}
    }
    assert ran.calls == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("why", BROKEN)
def test_errors_deny_and_tell_the_client_nothing(path: str, why: str) -> None:
    runtime, ran = broken_runtimes()[why], Ran()
    heard = Heard(runtime)
    answer = client_of(runtime, ran).post(path, json={"amount": 5})
    assert answer.status_code == 500
    assert answer.text == "Internal Server Error"
    assert ran.calls == []
    assert heard.effects == [None]


@pytest.mark.parametrize("path", PATHS)
def test_an_error_in_finding_the_context_denies(path: str) -> None:
    ran = Ran()
    answer = client_of(runtime_for(), ran, context=raising).post(path, json={"amount": 5})
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert ran.calls == []


@pytest.mark.parametrize("path", PATHS)
def test_an_observer_that_raises_changes_nothing(path: str) -> None:
    runtime = runtime_for()
    runtime.set_decision_observer(raising)
    assert client_of(runtime).post(path, json={"amount": 5}).status_code == 200


@pytest.mark.parametrize("status", [202, 403])
def test_the_status_of_what_waits_is_the_hosts_choice(status: int) -> None:
    client = client_of(runtime_for(), approval_status=status)
    for path in PATHS:
        answer = client.post(path, json={"amount": 5000})
        assert answer.status_code == status
        assert answer.json()["detail"]["decision"]["effect"] == "require_approval"


@pytest.mark.parametrize("amount", ["5000", " 5000 ", "5_000", 5000.0, True])
@pytest.mark.parametrize("path", PATHS)
def test_no_spelling_passes_by_a_policy_that_checks_nothing(path: str, amount: Any) -> None:
    ran = Ran()
    client_of(lax_runtime(), ran).post(path, json={"amount": amount})
    assert 5000 not in ran.calls


@pytest.mark.parametrize("path", ["/dependency", "/below/refunds"])
def test_two_values_for_one_field_are_refused(path: str) -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    client = client_of(runtime, ran)
    answer = client.post(f"{path}?amount=5", json={"amount": 5000})
    assert answer.status_code == 422
    assert answer.json()["detail"]["error"] == {
        "code": "duplicate_key",
        "field": "action.amount",
        "message": "`action.amount` is in the request twice",
    }
    assert heard.effects == [None]
    # Of one JSON object, policy and endpoint both read the last.
    text = '{"amount": 5, "amount": 5000}'
    headers = {"content-type": "application/json"}
    assert client.post(path, content=text, headers=headers).status_code == 409
    assert ran.calls == []


def test_a_body_that_is_no_json_is_refused() -> None:
    ran = Ran()
    runtime = runtime_for()
    guard = ActraGuard(runtime)
    app = FastAPI()

    @app.post("/", dependencies=[Depends(guard.requires("refund"))])
    async def raw(request: Request) -> str:
        ran.calls.append(await request.body())
        return "ran"

    client = TestClient(app)
    for body in (b"{", b"\xff", b"[" * 100_000):
        answer = client.post("/", content=body)
        assert answer.status_code == 422
        assert answer.json()["detail"]["error"]["code"] == "malformed"
    # Nothing to see is nothing to allow.
    assert client.post("/", content=b"").status_code == 422
    assert client.post("/", content=b"[5]").status_code == 422
    assert ran.calls == []
    assert client.post("/", content=b'{"amount": 5}').json() == "ran"
    assert ran.calls == [b'{"amount": 5}']


def test_paths_queries_and_forms_are_read_as_the_schemas_types() -> None:
    runtime = runtime_for()
    heard = Heard(runtime)
    guard = ActraGuard(runtime)
    app = FastAPI()
    decided = Depends(guard.requires("refund"))

    @app.get("/refunds/{currency}")
    def query(currency: str, amount: float, decision: Decision = decided) -> dict[str, Any]:
        return {"amount": amount, "rule": decision.matched_rule}

    @app.post("/form", dependencies=[decided])
    def form(amount: Annotated[float, Form()]) -> float:
        return amount

    client = TestClient(app)
    answer = client.get("/refunds/EUR?amount=5.5&tags=a&tags=b&other=1")
    assert answer.json() == {"amount": 5.5, "rule": "support"}
    assert heard.last.action == {
        "type": "refund",
        "amount": 5.5,
        "currency": "EUR",
        "tags": ["a", "b"],
    }
    assert client.get("/refunds/EUR?amount=5e3").status_code == 409
    for amount in ("much", "5_000", "%205000", "%EF%BC%95000", "", "nan", "inf", "5000&amount=5"):
        answer = client.get(f"/refunds/EUR?amount={amount}")
        assert answer.status_code == 422, amount
    assert client.get("/refunds/EUR?amount=5&currency=USD").status_code == 422
    assert client.post("/form", data={"amount": "5"}).json() == 5
    assert client.post("/form", data={"amount": "5000"}).status_code == 409
    assert client.post("/form?amount=5", data={"amount": "5000"}).status_code == 422


def test_fields_can_come_from_a_dependency_of_their_own() -> None:
    runtime = runtime_for()
    heard = Heard(runtime)
    guard = ActraGuard(runtime)
    app = FastAPI()

    def nothing() -> int:
        return 5

    for path, fields in (
        ("/dataclass", amount_of_header),
        ("/mapping", lambda: {"amount": 5}),
        ("/neither", nothing),
    ):
        app.get(path, dependencies=[Depends(guard.requires("refund", fields))])(lambda: "ran")
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/dataclass", headers={"x-amount": "5"}).json() == "ran"
    assert heard.last.action == {"type": "refund", "amount": 5}
    assert client.get("/dataclass", headers={"x-amount": "5000"}).status_code == 409
    assert client.get("/dataclass").status_code == 422
    assert client.get("/mapping").json() == "ran"
    assert client.get("/neither").status_code == 500
    assert heard.last.error is not None


def test_a_route_guard_sees_what_the_endpoint_gets() -> None:
    runtime = runtime_for()
    heard = Heard(runtime)
    guard = ActraGuard(runtime)
    app = FastAPI()

    @app.post("/{currency}")
    @guard.route("refund")
    async def both(
        currency: str,
        amount: Annotated[int, Body()],
        note: Annotated[str, Body()] = "",
        tags: Annotated[list[str] | None, Body()] = None,
    ) -> str:
        """Pays money back."""
        return f"{amount} {currency} {note}"

    client = TestClient(app)
    assert client.post("/EUR", json={"amount": "5", "note": "hi"}).json() == "5 EUR hi"
    # `note` is no field of the action, and the request is no argument of the endpoint's.
    assert heard.last.action == {"type": "refund", "amount": 5, "currency": "EUR", "tags": None}
    assert client.post("/EUR", json={"amount": 5000}).status_code == 409
    # The guard does not show.
    described = app.openapi()["paths"]["/{currency}"]["post"]
    assert described["description"] == "Pays money back."
    assert [parameter["name"] for parameter in described["parameters"]] == ["currency"]

    @app.post("/twice/{amount}")
    @guard.route("refund")
    async def twice(amount: int, order: Order) -> str:
        return "ran"

    assert client.post("/twice/5", json={"amount": 5}).status_code == 422


def test_a_whole_model_can_be_a_field() -> None:
    from actra import Actra

    schema = (
        "version: 1\nactions: {pay: {fields: {order: {type: object, fields: {amount: number}}}}}"
    )
    rules = (
        "version: 2\nrules: "
        "[{id: small, scope: {action: pay}, when: action.order.amount < 10, effect: allow}]"
    )
    guard = ActraGuard(ActraRuntime(Actra.from_strings(schema, rules)))
    app = FastAPI()

    @app.post("/")
    @guard.route("pay")
    async def pay(order: Order) -> str:
        return "paid"

    client = TestClient(app)
    assert client.post("/", json={"amount": 5}).json() == "paid"
    assert client.post("/", json={"amount": 50}).status_code == 403


def test_the_request_is_the_resolvers_context_and_they_may_be_async() -> None:
    def sync(request: Request) -> dict[str, Any]:
        return {"role": request.headers.get("role")}

    async def later(request: Request) -> dict[str, Any]:
        await asyncio.sleep(0)
        return sync(request)

    runtime = runtime_for()
    client = client_of(runtime)
    for resolver in (sync, later):
        runtime.set_actor_resolver(resolver)
        for path in PATHS:
            if resolver is later and path == "/sync":
                continue
            for role, status in (("support", 200), ("intern", 403)):
                answer = client.post(path, json={"amount": 5}, headers={"role": role})
                assert answer.status_code == status, (path, role)
    # Nothing waits in a sync endpoint.
    answer = client.post("/sync", json={"amount": 5}, headers={"role": "support"})
    assert answer.status_code == 500


def test_functions_that_are_guarded_further_down_are_answered_alike() -> None:
    runtime = runtime_for()

    @runtime.admit()
    def refund(amount: Any) -> str:
        return "refunded"

    app = FastAPI()
    add_exception_handlers(app, approval_status=202)

    @app.get("/{amount}")
    def endpoint(amount: int) -> str:
        return refund(amount)

    @app.get("/text/{amount}")
    def text(amount: str) -> str:
        return refund(amount)

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/5").json() == "refunded"
    assert client.get("/5000").status_code == 202
    answer = client.get("/text/5")
    assert answer.status_code == 422
    assert answer.json()["detail"]["error"]["code"] == "wrong_type"
    runtime.set_actor_resolver(lambda ctx: {"role": "intern"})
    assert client.get("/5").status_code == 403
    runtime.set_snapshot_resolver(lambda ctx: {"frozen": "no"})
    assert client.get("/5").status_code == 500


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """A real server on loopback, and its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive()


def test_a_real_server_answers_the_same_to_many_clients() -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)

    async def ask(address: str) -> list[int]:
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            asked = [
                client.post(path, json={"amount": amount})
                for _ in range(10)
                for path in PATHS
                for amount in (5, 5000)
            ]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    with serving(app_of(runtime, ran)) as address:
        assert asyncio.run(ask(address)) == [200, 409] * 50
    assert ran.calls == [5] * 50
    assert len(heard.events) == 100
