"""The OpenAI Agents SDK's function tools, called by a scripted model."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from agents import (
    Agent,
    FunctionTool,
    RunContextWrapper,
    Runner,
    UserError,
    function_tool,
    set_tracing_disabled,
)
from agents.items import ToolCallOutputItem
from agents.testing import ScriptedModel, assistant_message, function_call
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

from actra import ActraApprovalRequired, ActraRuntime
from actra.integrations.openai_agents import guard_tool, tool_guard

set_tracing_disabled(True)


@dataclass
class Session:
    """What a host knows of who talks to the agent."""

    role: str


class Ran:
    """Which tools ran, and with what."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def refund(self) -> FunctionTool:
        @function_tool(strict_mode=False)
        def refund(amount: int, currency: str = "EUR") -> str:
            """Pay money back."""
            self.calls.append((amount, currency))
            return f"refunded {amount} {currency}"

        return refund

    def drop_table(self) -> FunctionTool:
        @function_tool
        def drop_table(table: str) -> str:
            """Drop a table."""
            self.calls.append(table)
            return "dropped"

        return drop_table


def run(tools: list[Any], *calls: tuple[str, Any], context: Any = None) -> list[str]:
    """The answers to the calls that the model asks for."""
    asked = []
    for number, (name, arguments) in enumerate(calls):
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call = function_call(name, {}, call_id=f"call-{number}")
        call.arguments = text  # type: ignore[union-attr]
        asked.append(call)
    model = ScriptedModel([asked, [assistant_message("done")]])
    agent = Agent(name="clerk", model=model, tools=tools)
    result = asyncio.run(Runner.run(agent, "go", context=context))
    assert result.final_output == "done"
    return [item.output for item in result.new_items if isinstance(item, ToolCallOutputItem)]


def guarded(runtime: ActraRuntime, ran: Ran, **options: Any) -> list[Any]:
    return [
        guard_tool(runtime, ran.refund(), **options),
        guard_tool(runtime, ran.drop_table(), **options),
    ]


def test_calls_run_where_they_are_allowed_and_are_answered_where_not() -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    answers = run(
        guarded(runtime, ran, hide=False),
        ("refund", {"amount": 5}),
        ("refund", {"amount": 5000}),
        ("drop_table", {"table": "users"}),
    )
    assert answers == [
        "refunded 5 EUR",
        WAITS,
        "`drop_table` is blocked by the policy (rule no_drops)",
    ]
    assert ran.calls == [(5, "EUR")]
    assert sorted(map(str, heard.effects)) == ["allow", "block", "require_approval"]


def test_a_guardrail_can_be_given_to_the_sdks_decorator() -> None:
    runtime, calls = runtime_for(), []
    heard = Heard(runtime)

    @function_tool(tool_input_guardrails=[tool_guard(runtime)], strict_mode=False)
    def refund(amount: int, currency: str = "EUR") -> str:
        """Pay money back."""
        calls.append(amount)
        return f"refunded {amount}"

    assert run([refund], ("refund", {"amount": "5"}), ("refund", {"amount": "5000"})) == [
        "refunded 5",
        WAITS,
    ]
    assert calls == [5]
    assert heard.events[0].action == {"type": "refund", "amount": 5, "currency": "EUR"}


def test_what_can_never_be_allowed_is_not_offered_to_the_model() -> None:
    def offered(**options: Any) -> list[str]:
        model = ScriptedModel([[assistant_message("done")]])
        agent = Agent(name="clerk", model=model, tools=guarded(runtime_for(), Ran(), **options))
        asyncio.run(Runner.run(agent, "go"))
        return [tool.name for tool in model.calls[0].tools]

    assert offered() == ["refund"]
    assert offered(hide=False) == ["refund", "drop_table"]


def test_a_tool_that_its_host_disabled_stays_disabled() -> None:
    async def never(context: RunContextWrapper[Any], agent: Any) -> bool:
        return False

    for is_enabled in (False, lambda context, agent: False, never):
        refund = Ran().refund()
        refund.is_enabled = is_enabled
        model = ScriptedModel([[assistant_message("done")]])
        agent = Agent(name="clerk", model=model, tools=[guard_tool(runtime_for(), refund)])
        asyncio.run(Runner.run(agent, "go"))
        assert list(model.calls[0].tools) == []


@pytest.mark.parametrize("amount", [5000, "5000", " 5000 ", 5000.0, "5_000"])
def test_no_spelling_of_an_argument_passes_by_a_policy_that_checks_nothing(amount: Any) -> None:
    ran = Ran()
    [answer] = run(guarded(lax_runtime(), ran), ("refund", {"amount": amount}))
    assert "(rule large)" in answer
    assert ran.calls == []
    assert run([ran.refund()], ("refund", {"amount": amount})) == ["refunded 5000 EUR"]


def test_the_last_of_two_values_is_what_policy_and_tool_see() -> None:
    ran = Ran()
    [answer] = run(guarded(runtime_for(), ran), ("refund", '{"amount": 5, "amount": 5000}'))
    assert answer == WAITS
    [answer] = run(guarded(runtime_for(), ran), ("refund", '{"amount": 5000, "amount": 5}'))
    assert answer == "refunded 5 EUR"


@pytest.mark.parametrize("arguments", ["", "{", "[]", "7", '{"amount": "much"}', '{"amount": NaN}'])
def test_arguments_that_cannot_be_read_are_refused_and_heard_of(arguments: str) -> None:
    runtime, ran = runtime_for(), Ran()
    heard = Heard(runtime)
    [answer] = run(guarded(runtime, ran), ("refund", arguments))
    assert answer.startswith("`refund` does not run: ")
    assert "much" not in answer
    assert heard.effects == [None]
    assert ran.calls == []


@pytest.mark.parametrize("why", BROKEN)
def test_errors_deny_and_tell_the_model_nothing(why: str) -> None:
    runtime, ran = broken_runtimes()[why], Ran()
    heard = Heard(runtime)
    assert run(guarded(runtime, ran, hide=False), ("refund", {"amount": 5})) == [UNDECIDED]
    assert ran.calls == []
    assert heard.effects == [None]


def test_an_error_in_finding_the_context_denies() -> None:
    ran = Ran()
    tools = guarded(runtime_for(), ran, context=raising)
    assert run(tools, ("refund", {"amount": 5})) == [UNDECIDED]
    assert ran.calls == []


def test_a_refusal_can_end_the_run_instead() -> None:
    ran = Ran()
    with pytest.raises(UserError) as caught:
        run(guarded(runtime_for(), ran, refuse="raise"), ("refund", {"amount": 5000}))
    assert isinstance(caught.value.__cause__, ActraApprovalRequired)
    broken = broken_runtimes()["actor resolver raises"]
    with pytest.raises(UserError) as caught:
        run(guarded(broken, ran, refuse="raise"), ("refund", {"amount": 5}))
    assert str(caught.value.__cause__) == SECRET
    assert ran.calls == []


def test_the_context_of_the_run_is_the_resolvers_and_they_may_be_async() -> None:
    runtime = runtime_for()

    async def actor(ctx: Session) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"role": ctx.role}

    runtime.set_actor_resolver(actor)
    call = ("refund", {"amount": 5})
    assert run(guarded(runtime, Ran()), call, context=Session("support")) == ["refunded 5 EUR"]
    [answer] = run(guarded(runtime, Ran()), call, context=Session("intern"))
    assert answer == "`refund` is blocked by the policy"


def test_an_action_can_have_another_name_than_its_tool() -> None:
    ran = Ran()
    tool = guard_tool(runtime_for(), ran.refund(), action_type="drop_table", hide=False)
    [answer] = run([tool], ("refund", {"amount": 5}))
    assert "no_drops" in answer


def test_the_given_tool_stays_as_it_is_and_its_own_guardrails_still_count() -> None:
    ran = Ran()
    before = ran.refund()
    after = guard_tool(runtime_for(), before)
    assert before.tool_input_guardrails is None
    again = guard_tool(runtime_for("intern"), after)
    assert len(again.tool_input_guardrails or []) == 2
    assert run([again], ("refund", {"amount": 5})) == ["`refund` is blocked by the policy"]
    assert run([before], ("refund", {"amount": 5000})) == ["refunded 5000 EUR"]


def test_admit_works_under_the_sdks_decorator() -> None:
    runtime, calls = runtime_for(), []

    @function_tool(strict_mode=False, failure_error_function=None)
    @runtime.admit()
    def refund(amount: int, currency: str = "EUR") -> str:
        """Pay money back."""
        calls.append(amount)
        return f"refunded {amount}"

    assert refund.description == "Pay money back."
    assert refund.params_json_schema["properties"]["amount"]["type"] == "integer"
    assert run([refund], ("refund", {"amount": 5})) == ["refunded 5"]
    with pytest.raises(UserError) as caught:
        run([refund], ("refund", {"amount": 5000}))
    assert isinstance(caught.value.__cause__, ActraApprovalRequired)
    assert calls == [5]
