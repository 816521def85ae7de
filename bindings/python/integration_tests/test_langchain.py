"""LangChain's tools and agents, with a model that asks for what it should not have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from fake_model import FakeModel, asking
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import BaseTool, InjectedToolArg, StructuredTool, Tool, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
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

from actra import ActraApprovalRequired, ActraError, ActraPolicyError, ActraRuntime
from actra.integrations.langchain import ActraMiddleware, guard_tool


class Ran:
    """Which tools ran, and with what."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def tools(self) -> list[BaseTool]:
        @tool
        def refund(amount: int, currency: str = "EUR") -> str:
            """Pay money back."""
            self.calls.append((amount, currency))
            return f"refunded {amount} {currency}"

        @tool
        def drop_table(table: str) -> str:
            """Drop a table."""
            self.calls.append(table)
            return "dropped"

        return [refund, drop_table]


@dataclass
class Session:
    """What a host knows of who talks to the agent."""

    role: str


def ask(
    runtime: ActraRuntime, ran: Ran, *calls: tuple[str, dict[str, Any]], **options: Any
) -> list[tuple[str, str]]:
    """The status and the text of each tool's answer, in the order of the calls."""
    agent = create_agent(
        asking(*calls), ran.tools(), middleware=[ActraMiddleware(runtime, **options)]
    )
    state = agent.invoke({"messages": [("user", "go")]})
    assert state["messages"][-1].content == "done"
    return [(m.status, m.content) for m in state["messages"] if isinstance(m, ToolMessage)]


async def ask_async(runtime: ActraRuntime, ran: Ran, *calls: Any) -> list[tuple[str, str]]:
    agent = create_agent(asking(*calls), ran.tools(), middleware=[ActraMiddleware(runtime)])
    state = await agent.ainvoke({"messages": [("user", "go")]})
    return [(m.status, m.content) for m in state["messages"] if isinstance(m, ToolMessage)]


def test_an_agents_calls_run_where_they_are_allowed_and_are_answered_where_not() -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    answers = ask(
        runtime,
        ran,
        ("refund", {"amount": 5}),
        ("refund", {"amount": 5000}),
        ("drop_table", {"table": "users"}),
        hide=False,
    )
    assert answers == [
        ("success", "refunded 5 EUR"),
        ("error", WAITS),
        ("error", "`drop_table` is blocked by the policy (rule no_drops)"),
    ]
    assert ran.calls == [(5, "EUR")]
    assert sorted(map(str, heard.effects)) == ["allow", "block", "require_approval"]


def test_an_async_agent_is_guarded_the_same_and_its_resolvers_may_be_async() -> None:
    runtime, ran = runtime_for(), Ran()
    asked = []

    async def actor(ctx: Any) -> dict[str, Any]:
        await asyncio.sleep(0)
        asked.append(ctx)
        return {"role": "support"}

    runtime.set_actor_resolver(actor)
    calls = (("refund", {"amount": 5}), ("refund", {"amount": 5000}))
    assert asyncio.run(ask_async(runtime, ran, *calls)) == [
        ("success", "refunded 5 EUR"),
        ("error", WAITS),
    ]
    assert ran.calls == [(5, "EUR")]
    assert asked == [None, None]


def test_async_resolvers_deny_a_sync_agent() -> None:
    runtime, ran = runtime_for(), Ran()

    async def actor(ctx: Any) -> dict[str, Any]:
        return {"role": "support"}

    runtime.set_actor_resolver(actor)
    assert ask(runtime, ran, ("refund", {"amount": 5})) == [("error", UNDECIDED)]
    assert ran.calls == []


def test_the_model_is_not_offered_what_can_never_be_allowed() -> None:
    def offered(**options: Any) -> list[str]:
        model = asking()
        middleware = [ActraMiddleware(runtime_for(), **options)]
        create_agent(model, Ran().tools(), middleware=middleware).invoke({"messages": []})
        # Without any tool, none is bound.
        return model.offered[0] if model.offered else []

    assert offered() == ["refund"]
    assert offered(hide=False) == ["refund", "drop_table"]
    assert offered(actions={"refund": "drop_table"}) == []


def test_tools_of_the_models_provider_are_left_alone() -> None:
    model = asking()
    tools: list[Any] = [*Ran().tools(), {"type": "web_search", "name": "web_search"}]
    create_agent(model, tools, middleware=[ActraMiddleware(runtime_for())]).invoke({"messages": []})
    assert model.offered[0] == ["refund", "web_search"]


def test_a_hidden_tool_that_the_model_asks_for_all_the_same_is_blocked() -> None:
    ran = Ran()
    [(status, text)] = ask(runtime_for(), ran, ("drop_table", {"table": "users"}))
    assert status == "error"
    assert "no_drops" in text
    assert ran.calls == []


def test_a_tool_that_does_not_exist_is_not_run() -> None:
    [(status, _)] = ask(runtime_for(), Ran(), ("nothing", {}))
    assert status == "error"


@pytest.mark.parametrize("amount", [5000, "5000", " 5000 ", 5000.0, "5_000"])
def test_no_spelling_of_an_argument_passes_by_a_policy_that_checks_nothing(amount: Any) -> None:
    ran = Ran()
    [(status, _)] = ask(lax_runtime(), ran, ("refund", {"amount": amount}))
    assert status == "error"
    assert ran.calls == []
    unguarded = create_agent(asking(("refund", {"amount": amount})), ran.tools())
    unguarded.invoke({"messages": []})
    assert ran.calls == [(5000, "EUR")]


def test_the_policy_sees_arguments_as_the_tool_gets_them() -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    ask(runtime, ran, ("refund", {"amount": "7"}))
    assert heard.last.action == {"type": "refund", "amount": 7, "currency": "EUR"}
    assert ran.calls == [(7, "EUR")]


def test_arguments_that_do_not_fit_are_told_to_the_model() -> None:
    [(status, text)] = ask(runtime_for(), Ran(), ("refund", {"amount": "much"}))
    assert status == "error"
    assert "wrong_type" in text
    assert "much" not in text


@pytest.mark.parametrize("why", BROKEN)
def test_errors_deny_and_tell_the_model_nothing(why: str) -> None:
    runtime, ran = broken_runtimes()[why], Ran()
    heard = Heard(runtime)
    assert ask(runtime, ran, ("refund", {"amount": 5}), hide=False) == [("error", UNDECIDED)]
    assert ran.calls == []
    assert heard.effects == [None]


def test_an_error_in_finding_the_context_denies() -> None:
    ran = Ran()
    assert ask(runtime_for(), ran, ("refund", {"amount": 5}), context=raising) == [
        ("error", UNDECIDED)
    ]
    assert ran.calls == []


def test_a_refusal_can_end_the_run_instead() -> None:
    ran = Ran()
    with pytest.raises(ActraApprovalRequired):
        ask(runtime_for(), ran, ("refund", {"amount": 5000}), refuse="raise")
    broken = broken_runtimes()["actor resolver raises"]
    with pytest.raises(RuntimeError, match=SECRET):
        ask(broken, ran, ("refund", {"amount": 5}), refuse="raise")
    assert ran.calls == []


def test_the_context_that_the_agent_was_invoked_with_is_the_resolvers() -> None:
    runtime = runtime_for()
    runtime.set_actor_resolver(lambda ctx: {"role": ctx.role})
    for role, expected in (("support", "success"), ("intern", "error")):
        agent = create_agent(
            asking(("refund", {"amount": 5})),
            Ran().tools(),
            middleware=[ActraMiddleware(runtime)],
            context_schema=Session,
        )
        state = agent.invoke({"messages": [("user", "go")]}, context=Session(role))
        assert [m.status for m in state["messages"] if isinstance(m, ToolMessage)] == [expected]


# --- approvals that pause the graph ---


def paused(runtime: ActraRuntime, ran: Ran) -> tuple[Any, Any]:
    """An agent that waits for an approval, and its config."""
    agent = create_agent(
        asking(("refund", {"amount": 5000})),
        ran.tools(),
        middleware=[ActraMiddleware(runtime, approval="interrupt")],
        checkpointer=InMemorySaver(),
    )
    config = {"configurable": {"thread_id": "1"}}
    state = agent.invoke({"messages": [("user", "go")]}, config)
    [pause] = state["__interrupt__"]
    assert pause.value["action"] == "refund"
    assert pause.value["decision"]["matched_rule"] == "large"
    assert "context" not in pause.value
    assert ran.calls == []
    return agent, config


def test_an_approval_pauses_the_graph_and_an_approved_call_runs_when_it_resumes() -> None:
    runtime, ran = runtime_for(), Ran()
    agent, config = paused(runtime, ran)
    # Somebody approves, and the host writes that down where the policy finds it.
    runtime.policy = lax_runtime().policy
    runtime.set_action_resolver(lambda name, args, kwargs, ctx: {"type": "look"})
    state = agent.invoke(Command(resume="approved"), config)
    assert ran.calls == [(5000, "EUR")]
    assert state["messages"][-1].content == "done"


def test_what_a_graph_is_resumed_with_approves_nothing() -> None:
    ran = Ran()
    agent, config = paused(runtime_for(), ran)
    state = agent.invoke(Command(resume={"approved": True}), config)
    assert ran.calls == []
    answers = [m for m in state["messages"] if isinstance(m, ToolMessage)]
    assert [(m.status, m.content) for m in answers] == [("error", WAITS)]


# --- tools by themselves ---


def guarded(runtime: ActraRuntime, ran: Ran, **options: Any) -> BaseTool:
    return guard_tool(runtime, ran.tools()[0], **options)


def ways() -> list[Callable[[BaseTool, Any], Any]]:
    return [
        lambda tool, args: tool.invoke(args),
        lambda tool, args: asyncio.run(tool.ainvoke(args)),
        lambda tool, args: tool.run(args),
        lambda tool, args: asyncio.run(tool.arun(args)),
    ]


@pytest.mark.parametrize("way", ways(), ids=["invoke", "ainvoke", "run", "arun"])
def test_a_guarded_tool_decides_once_on_each_way_in(way: Callable[[BaseTool, Any], Any]) -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    refund = guarded(runtime, ran)
    assert way(refund, {"amount": "5"}) == "refunded 5 EUR"
    assert heard.last.action == {"type": "refund", "amount": 5, "currency": "EUR"}
    with pytest.raises(ActraApprovalRequired) as caught:
        way(refund, {"amount": "5000"})
    assert caught.value.matched_rule == "large"
    assert heard.effects == ["allow", "require_approval"]
    assert ran.calls == [(5, "EUR")]


def test_a_guarded_tool_looks_as_before_and_the_given_one_stays_unguarded() -> None:
    ran = Ran()
    before = ran.tools()[0]
    after = guard_tool(runtime_for(), before)
    assert isinstance(after, StructuredTool)
    assert (after.name, after.description, after.args) == (
        before.name,
        before.description,
        before.args,
    )
    assert before.invoke({"amount": 5000}) == "refunded 5000 EUR"


@pytest.mark.parametrize("why", BROKEN)
def test_errors_deny_a_guarded_tool(why: str) -> None:
    ran = Ran()
    with pytest.raises((ActraError, RuntimeError)):
        guarded(broken_runtimes()[why], ran).invoke({"amount": 5})
    told = guarded(broken_runtimes()[why], ran, refuse="tell").invoke({"amount": 5})
    assert told == UNDECIDED
    assert ran.calls == []


def test_a_guarded_tool_can_tell_the_model_instead() -> None:
    ran = Ran()
    refund = guarded(runtime_for(), ran, refuse="tell")
    assert refund.invoke({"amount": 5000}) == WAITS
    call = {"name": "refund", "args": {"amount": 5000}, "id": "1", "type": "tool_call"}
    message = refund.invoke(call)
    assert (message.status, message.content) == ("error", WAITS)
    # In an agent, too, with no middleware.
    agent = create_agent(asking(("refund", {"amount": 5000})), [refund])
    assert agent.invoke({"messages": []})["messages"][1].content == WAITS
    assert ran.calls == []


def test_a_guarded_tool_gets_its_context_from_the_runs_config() -> None:
    runtime = runtime_for()
    runtime.set_actor_resolver(lambda ctx: {"role": ctx.role if ctx else None})
    refund = guarded(runtime, Ran())
    config: Any = {"configurable": {"actra_context": Session("support")}}
    assert refund.invoke({"amount": 5}, config) == "refunded 5 EUR"
    assert asyncio.run(refund.ainvoke({"amount": 5}, config)) == "refunded 5 EUR"
    with pytest.raises(ActraPolicyError):
        refund.invoke({"amount": 5})
    refund = guarded(runtime, Ran(), context=lambda: Session("support"))
    assert refund.invoke({"amount": 5}) == "refunded 5 EUR"


def test_injected_arguments_are_no_fields() -> None:
    runtime = runtime_for()
    heard = Heard(runtime)

    @tool
    def refund(amount: int, currency: Annotated[str, InjectedToolArg]) -> str:
        """Pay money back."""
        return currency

    assert guard_tool(runtime, refund).invoke({"amount": 5, "currency": "EUR"}) == "EUR"
    assert heard.last.action == {"type": "refund", "amount": 5}


def test_other_kinds_of_tools_are_guarded_alike() -> None:
    ran = Ran()

    class DropTable(BaseTool):
        name: str = "drop_table"
        description: str = "Drop a table."

        def _run(self, table: str) -> str:
            ran.calls.append(table)
            return "dropped"

        async def _arun(self, table: str) -> str:
            return self._run(table)

    def drop(table: str) -> str:
        ran.calls.append(table)
        return "dropped"

    tools = [DropTable(), Tool("drop_table", drop, "Drop a table.")]
    for each in tools:
        heard = Heard(runtime := runtime_for())
        unsafe = guard_tool(runtime, each)
        for way in ways():
            with pytest.raises(ActraPolicyError):
                way(unsafe, "users")
        assert heard.effects == ["block"] * 4
    assert ran.calls == []
    heard = Heard(runtime := lax_runtime())
    assert asyncio.run(guard_tool(runtime, DropTable()).arun("users")) == "dropped"
    assert heard.last.action == {"type": "drop_table", "table": "users"}
    # What the tool calls of itself is a part of the call.
    assert heard.effects == ["allow"]


def test_admit_works_under_langchains_decorator() -> None:
    runtime, calls = runtime_for(), []
    runtime.set_context_resolver(lambda args, kwargs: None)

    @tool
    @runtime.admit()
    def refund(amount: int, currency: str = "EUR") -> str:
        """Pay money back."""
        calls.append(amount)
        return f"refunded {amount} {currency}"

    assert refund.name == "refund"
    assert refund.description == "Pay money back."
    assert refund.args["amount"] == {"title": "Amount", "type": "integer"}
    assert refund.invoke({"amount": "5"}) == "refunded 5 EUR"
    with pytest.raises(ActraApprovalRequired):
        refund.invoke({"amount": 5000})
    assert calls == [5]

    @tool
    @runtime.admit(action_type="refund")
    async def refund_later(amount: int) -> str:
        """Pay money back."""
        return "refunded"

    assert asyncio.run(refund_later.ainvoke({"amount": 5})) == "refunded"
    with pytest.raises(ActraApprovalRequired):
        asyncio.run(refund_later.ainvoke({"amount": 5000}))


def test_the_fake_model_asks_for_what_it_is_told_to() -> None:
    model = asking(("refund", {"amount": 1}))
    assert isinstance(model, FakeModel)
    answer = model.invoke("go")
    assert isinstance(answer, AIMessage)
    assert answer.tool_calls[0]["name"] == "refund"
