"""A real FastMCP server behind the middleware, and a real client of it."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastmcp import Client, FastMCP
from fastmcp.tools import ToolResult
from pydantic import BaseModel, BeforeValidator
from support import (
    BROKEN,
    SECRET,
    UNDECIDED,
    WAITS,
    Heard,
    broken_runtimes,
    lax_runtime,
    raising,
    runtime_for,
)

from actra import ActraRuntime
from actra.integrations.mcp import ActraMCPAdapter, ActraMCPContext, ActraMCPMiddleware


class Currency(enum.Enum):
    EUR = "EUR"
    USD = "USD"


class Line(BaseModel):
    price: int


class Ran:
    """Which tools ran, and with what."""

    def __init__(self) -> None:
        self.calls: list[Any] = []


def server_of(runtime: ActraRuntime | ActraMCPAdapter, ran: Ran, **options: Any) -> FastMCP:
    server = FastMCP("shop")

    @server.tool
    def refund(amount: int, currency: str = "EUR", tags: list[str] | None = None) -> str:
        """Pay money back."""
        ran.calls.append((amount, currency, tags))
        return f"refunded {amount} {currency}"

    @server.tool
    def drop_table(table: str) -> str:
        ran.calls.append(table)
        return "dropped"

    @server.tool
    def look(what: str) -> str:
        ran.calls.append(what)
        return "seen"

    @server.tool
    def not_in_the_schema() -> str:
        ran.calls.append("not in the schema")
        return "ran"

    server.add_middleware(ActraMCPMiddleware(runtime, **options))
    return server


def with_client(server: FastMCP, use: Callable[[Client[Any]], Any]) -> Any:
    async def main() -> Any:
        async with Client(server) as client:
            return await use(client)

    return asyncio.run(main())


def call(server: FastMCP, tool: str, **arguments: Any) -> tuple[bool, str]:
    """Whether the call is answered with an error, and the text of the answer."""

    async def use(client: Client[Any]) -> tuple[bool, str]:
        result = await client.call_tool(tool, arguments, raise_on_error=False)
        return result.is_error, result.content[0].text  # type: ignore[union-attr]

    answer: tuple[bool, str] = with_client(server, use)
    return answer


def listed(server: FastMCP) -> list[str]:
    async def use(client: Client[Any]) -> list[str]:
        return [tool.name for tool in await client.list_tools()]

    names: list[str] = with_client(server, use)
    return names


def test_an_allowed_call_runs_the_tool_once() -> None:
    ran = Ran()
    assert call(server_of(runtime_for(), ran), "refund", amount=5) == (False, "refunded 5 EUR")
    assert ran.calls == [(5, "EUR", None)]


def test_a_call_that_waits_for_an_approval_says_what_is_required() -> None:
    ran = Ran()
    assert call(server_of(runtime_for(), ran), "refund", amount=5000) == (True, WAITS)
    assert ran.calls == []


def test_a_blocked_call_names_its_rule_and_does_not_run() -> None:
    ran = Ran()
    answer = call(server_of(runtime_for(), ran), "drop_table", table="users")
    assert answer == (True, "`drop_table` is blocked by the policy (rule no_drops)")
    assert call(server_of(runtime_for("intern"), ran), "look", what="x") == (
        True,
        "`look` is blocked by the policy",
    )
    assert ran.calls == []


def test_tools_that_can_never_be_allowed_are_hidden_and_still_guarded() -> None:
    ran = Ran()
    server = server_of(runtime_for(), ran)
    assert listed(server) == ["refund", "look"]
    is_error, text = call(server, "not_in_the_schema")
    assert is_error
    assert "unknown_action" in text
    assert ran.calls == []


def test_hiding_can_be_turned_off() -> None:
    server = server_of(runtime_for(), Ran(), hide=False)
    assert listed(server) == ["refund", "drop_table", "look", "not_in_the_schema"]


def test_a_runtime_that_builds_actions_itself_hides_nothing() -> None:
    runtime = runtime_for()
    runtime.set_action_resolver(lambda name, args, kwargs, ctx: {"type": "look", **kwargs})
    assert len(listed(server_of(runtime, Ran()))) == 4


def test_what_is_hidden_follows_the_runtimes_policy() -> None:
    runtime = runtime_for()
    server = server_of(runtime, Ran())
    assert listed(server) == ["refund", "look"]
    runtime.policy = lax_runtime().policy
    assert listed(server) == ["refund", "drop_table", "look", "not_in_the_schema"]


def test_the_policy_sees_the_arguments_that_the_tool_gets() -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    call(server_of(runtime, ran), "refund", amount="7", tags=["a", "b"])
    assert ran.calls == [(7, "EUR", ["a", "b"])]
    # Coerced, and with the default.
    assert heard.last.action == {
        "type": "refund",
        "amount": 7,
        "tags": ["a", "b"],
        "currency": "EUR",
    }
    assert heard.effects == ["allow"]


@pytest.mark.parametrize("amount", [5000, "5000", 5000.0, "5000.0", " 5000 ", "5_000"])
def test_no_spelling_of_an_argument_passes_by_a_policy_that_checks_nothing(amount: Any) -> None:
    ran = Ran()
    is_error, _ = call(server_of(lax_runtime(), ran), "refund", amount=amount)
    assert is_error
    assert ran.calls == []
    # The guard is there for that: the tool would have run.
    bare = FastMCP("bare")
    bare.add_tool(lambda_tool(ran))
    assert call(bare, "refund", amount=amount) == (False, "5000")


def lambda_tool(ran: Ran) -> Any:
    from fastmcp.tools import Tool

    def refund(amount: int) -> str:
        ran.calls.append(amount)
        return str(amount)

    return Tool.from_function(refund)


def test_defaults_enums_models_and_validators_are_seen_as_the_tool_sees_them() -> None:
    runtime = lax_runtime()
    heard = Heard(runtime)
    server = FastMCP("shop")

    @server.tool
    def refund(
        lines: list[Line],
        currency: Currency,
        amount: Annotated[int, BeforeValidator(lambda text: int(str(text).strip("€")))] = 3000,
    ) -> str:
        return f"{amount}"

    server.add_middleware(ActraMCPMiddleware(runtime))
    arguments = {"lines": [{"price": "4"}], "currency": "EUR"}
    assert call(server, "refund", **arguments)[0]
    assert heard.last.action == {
        "type": "refund",
        "lines": [{"price": 4}],
        "currency": "EUR",
        "amount": 3000,
    }
    assert call(server, "refund", amount="€5000", **arguments)[0]
    assert heard.last.action["amount"] == 5000
    assert call(server, "refund", amount="€5", **arguments) == (False, "5")


def test_arguments_that_do_not_fit_are_refused_and_heard_of() -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    server = server_of(runtime, ran)
    is_error, text = call(server, "refund", amount="much")
    assert is_error
    told = "wrong_type: `action.amount` is a string, and the schema says number"
    assert text == f"`refund` does not run: {told}"
    assert "missing_required" in call(server, "refund")[1]
    assert heard.effects == [None, None]
    assert ran.calls == []


def test_an_argument_called_type_does_not_rename_the_action() -> None:
    runtime = runtime_for()
    heard = Heard(runtime)
    server = FastMCP("shop")

    @server.tool
    def drop_table(table: str, type: str) -> str:
        return "dropped"

    server.add_middleware(ActraMCPMiddleware(runtime))
    assert call(server, "drop_table", table="users", type="look")[0]
    assert heard.last.action["type"] == "drop_table"


def test_an_unknown_tool_is_unknown() -> None:
    assert call(server_of(runtime_for(), Ran()), "nothing") == (True, "Unknown tool: 'nothing'")


@pytest.mark.parametrize("why", BROKEN)
def test_errors_deny_and_tell_the_client_nothing(
    why: str, caplog: pytest.LogCaptureFixture
) -> None:
    ran = Ran()
    runtime = broken_runtimes()[why]
    heard = Heard(runtime)
    is_error, text = call(server_of(runtime, ran, hide=False), "refund", amount=5)
    assert is_error
    assert text == UNDECIDED
    assert SECRET not in text
    assert ran.calls == []
    assert heard.effects == [None]
    assert heard.last.error is not None
    # The host is told.
    assert any(record.name == "actra.integrations" for record in caplog.records)


def test_a_list_that_cannot_be_told_is_empty_and_tells_nothing() -> None:
    assert listed(server_of(broken_runtimes()["policy is closed"], Ran())) == []


def test_an_error_in_finding_the_context_denies() -> None:
    ran = Ran()
    runtime = runtime_for()
    heard = Heard(runtime)
    answer = call(server_of(runtime, ran, context=raising), "refund", amount=5)
    assert answer == (True, UNDECIDED)
    assert ran.calls == []
    assert heard.effects == [None]


def test_an_observer_that_raises_changes_nothing() -> None:
    runtime = runtime_for()
    runtime.set_decision_observer(raising)
    assert call(server_of(runtime, Ran()), "refund", amount=5)[0] is False
    assert call(server_of(runtime, Ran()), "refund", amount=5000)[0] is True


def test_resolvers_are_asked_once_per_call_and_may_be_async() -> None:
    runtime = runtime_for()
    asked: list[Any] = []

    async def actor(ctx: ActraMCPContext) -> dict[str, Any]:
        await asyncio.sleep(0)
        asked.append(ctx)
        return {"role": "support"}

    runtime.set_actor_resolver(actor)
    assert call(server_of(runtime, Ran()), "refund", amount=5)[0] is False
    [ctx] = asked
    assert ctx.user is None
    assert ctx.request == {
        "tool": "refund",
        "arguments": {"amount": 5},
        "meta": ctx.request["meta"],
    }
    assert ctx.metadata["server"] == "shop"


def test_the_context_can_be_the_hosts_own() -> None:
    runtime = runtime_for()
    runtime.set_actor_resolver(lambda ctx: {"role": ctx})
    ran = Ran()
    assert call(server_of(runtime, ran, context=lambda call: "support"), "refund", amount=5) == (
        False,
        "refunded 5 EUR",
    )
    assert call(server_of(runtime, ran, context=lambda call: "intern"), "refund", amount=5)[0]


def test_an_adapter_will_do_and_actions_can_have_other_names() -> None:
    ran = Ran()
    server = server_of(ActraMCPAdapter(runtime_for()), ran, actions={"look": "drop_table"})
    assert listed(server) == ["refund"]
    assert "no_drops" in call(server, "look", what="x")[1]


def test_tools_of_a_mounted_server_are_known_by_the_name_that_is_listed() -> None:
    ran = Ran()
    inner = FastMCP("inner")

    @inner.tool
    def table(table: str) -> str:
        ran.calls.append(table)
        return "dropped"

    outer = FastMCP("outer")
    outer.mount(inner, namespace="drop")
    outer.add_middleware(ActraMCPMiddleware(runtime_for()))
    assert listed(outer) == []
    assert "no_drops" in call(outer, "drop_table", table="users")[1]
    assert ran.calls == []


def test_another_address_of_a_tool_is_no_way_around() -> None:
    from fastmcp import FastMCPApp
    from fastmcp.server.providers.addressing import hashed_backend_name

    ran = Ran()
    app = FastMCPApp("panel")

    @app.tool()
    def drop_table(table: str) -> str:
        ran.calls.append(table)
        return "dropped"

    def fresh(runtime: ActraRuntime | None) -> FastMCP:
        server = FastMCP("shop", providers=[app])
        if runtime is not None:
            server.add_middleware(ActraMCPMiddleware(runtime))
        return server

    address = hashed_backend_name("panel", "drop_table")
    assert call(fresh(None), address, table="users") == (False, "dropped")
    assert ran.calls == ["users"]
    heard = Heard(runtime := runtime_for())
    assert "no_drops" in call(fresh(runtime), address, table="users")[1]
    assert heard.last.action == {"type": "drop_table", "table": "users"}
    assert ran.calls == ["users"]


def test_a_version_of_a_tool_is_seen_as_that_version_gets_its_arguments() -> None:
    server = FastMCP("shop")

    @server.tool(name="refund", version="1")
    def old(amount: int = 5000) -> str:
        return str(amount)

    @server.tool(name="refund", version="2")
    def new(amount: int = 1) -> str:
        return str(amount)

    server.add_middleware(ActraMCPMiddleware(runtime_for()))

    async def use(client: Client[Any]) -> tuple[bool, bool]:
        new = await client.call_tool("refund", {}, raise_on_error=False)
        old = await client.call_tool("refund", {}, version="1", raise_on_error=False)
        return new.is_error, old.is_error

    assert with_client(server, use) == (False, True)


def test_a_call_from_within_the_server_is_guarded_too() -> None:
    ran = Ran()
    server = server_of(runtime_for(), ran)

    async def main() -> ToolResult:
        return await server.call_tool("drop_table", {"table": "users"})

    with pytest.raises(Exception, match="no_drops"):
        asyncio.run(main())
    assert ran.calls == []


def test_many_calls_at_once_are_each_decided() -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)

    async def use(client: Client[Any]) -> list[bool]:
        amounts = [5, 5000] * 50
        results = await asyncio.gather(
            *(client.call_tool("refund", {"amount": a}, raise_on_error=False) for a in amounts)
        )
        return [result.is_error for result in results]

    assert with_client(server_of(runtime, ran), use) == [False, True] * 50
    assert len(ran.calls) == 50
    assert len(heard.events) == 100
