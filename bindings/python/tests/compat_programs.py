"""Programs as they were written for `actra` 0.7.8, run under it and under this package.

What a program notes is a call's outcome, as JSON: what came back, or which exception with which
attributes; what the function saw; what observers, resolvers and the terminal got. All of it is
printed as one object. It runs in an environment of the package's own, and so imports nothing else.
"""

import asyncio
import collections
import contextlib
import copy
import dataclasses
import enum
import functools
import inspect
import io
import json
import logging
import pickle
import tempfile
import warnings
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

import actra
from actra import (
    Actra,
    ActraContext,
    ActraPolicyError,
    ActraRuntime,
    ActraSchemaError,
    DecisionEvent,
    Policy,
    compiler_version,
    load_policy_from_file,
    load_policy_from_string,
)
from actra.integrations.mcp import ActraMCPAdapter, ActraMCPContext
from actra.integrations.mcp.server import ActraMCPServer

SCHEMA = """
version: 1
actions:
  refund: {fields: {amount: number, currency: string, cls: string}}
  deploy: {fields: {env: string, replicas: number}}
  free: {fields: {}}
actor: {fields: {role: string}}
snapshot: {fields: {fraud_flag: boolean}}
"""


def rule(name, scope, domain, field, operator, literal, effect):
    return (
        f"  - id: {name}\n    scope: {scope}\n    effect: {effect}\n"
        f"    when: {{subject: {{domain: {domain}, field: {field}}}, operator: {operator}, "
        f"value: {{literal: {literal}}}}}\n"
    )


REFUND = "{action: refund}"
POLICY = "version: 1\nrules:\n" + "".join(
    [
        rule("large", REFUND, "action", "amount", "greater_than", "1000", "block"),
        rule("medium", REFUND, "action", "amount", "greater_than", "500", "require_approval"),
        rule("guest", "{global: true}", "actor", "role", "equals", "guest", "block"),
        rule("bad_cls", REFUND, "action", "cls", "equals", "bad", "block"),
        rule("fraud", REFUND, "snapshot", "fraud_flag", "equals", "true", "block"),
        rule("many", "{action: deploy}", "action", "replicas", "greater_than", "3", "block"),
    ]
)
GUEST = {"role": "guest"}

noted = {}


def plain(value):
    if isinstance(value, BaseException):
        return raised(value)
    if isinstance(value, dict):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {n: plain(getattr(value, n)) for n in names if n not in PASSING}
    return f"<{type(value).__name__}>"


# Of events: what the clock says, and what is new.
PASSING = ("timestamp", "duration_ms", "error", "policy_hash", "revision")


def raised(error):
    told = {"raised": type(error).__name__, "text": str(error), "args": plain(error.args)}
    if isinstance(error, ActraPolicyError):
        names = ("action_type", "decision", "context", "matched_rule")
        told.update({name: plain(getattr(error, name)) for name in names})
        told.update(repr=repr(error), to_dict=plain(error.to_dict()))
    if isinstance(error, ActraSchemaError):
        told.update(original_error=plain(error.original_error))
    return told


def outcome(call, *args, **kwargs):
    try:
        return plain(call(*args, **kwargs))
    except Exception as error:
        return raised(error)


def note(label, call, *args, **kwargs):
    assert label not in noted, label
    noted[label] = outcome(call, *args, **kwargs)


def printed(call, *args, **kwargs):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        result = outcome(call, *args, **kwargs)
    return [result, text.getvalue().split("\nWhy:")[0].rstrip()]


def policy():
    return Actra.from_strings(SCHEMA, POLICY)


def runtime(kind=ActraRuntime):
    made = kind(policy())
    made.set_actor_resolver(lambda ctx: ctx if isinstance(ctx, dict) else {"role": "support"})
    return made


def guarded(asked, **options):
    seen = []

    @asked.admit(**options)
    def refund(amount, currency="EUR", ctx=None):
        seen.append([amount, currency, plain(ctx)])
        return f"{amount} {currency}"

    return refund, seen


def policies():
    asked = policy()
    for number, action in enumerate(
        [
            {"type": "refund", "amount": 1001, "currency": "EUR"},
            {"type": "refund", "amount": 501},
            {"type": "refund", "amount": True},
            {"type": "refund", "amount": "5"},
            {"type": "refund", "amount": 2**70},
            {"type": "refund", "amount": float("nan")},
            {"type": "unheard_of"},
            {"amount": 5},
            collections.OrderedDict(type="refund", amount=1001),
            {"type": enum.Enum("Names", [("R", "refund")], type=str).R, "amount": 1001},
        ]
    ):
        context = {"action": action, "actor": {"role": "x"}, "snapshot": {"fraud_flag": False}}
        note(f"evaluate {number}", asked.evaluate, context)
    for number, context in enumerate([{}, {"action": {}}, {"action": {"type": "free"}, "x": 1}]):
        note(f"domains {number}", asked.evaluate, context)
    large = {"action": {"type": "refund", "amount": 2000}, "actor": {}, "snapshot": {}}
    note("evaluate_action", asked.evaluate_action, **large)
    note("evaluate_action by place", asked.evaluate_action, *large.values())
    decision = asked.evaluate(large)
    note("a decision is a dict", lambda: [repr(decision), str(decision), json.dumps(decision)])
    note("it has these items", lambda: [list(decision), decision == dict(decision), len(decision)])
    note("it copies", lambda: [copy.copy(decision), copy.deepcopy(decision), {**decision}])
    note("it pickles", lambda: pickle.loads(pickle.dumps(decision)))
    note("it has no rule_id", lambda: [decision.get("rule_id"), decision["rule_id"]])
    note("repr", lambda: repr(asked) == str(asked) == f"Policy(hash={asked.policy_hash()})")
    note("html", lambda: asked.policy_hash() in asked._repr_html_())
    note("assert_effect", asked.assert_effect, large, "block")
    note("assert_effect of another", asked.assert_effect, context=large, expected="allow")
    note("explain", printed, asked.explain, large)


def loaders():
    with tempfile.TemporaryDirectory() as folder:
        schema, rules = Path(folder, "schema.yaml"), Path(folder, "policy.yaml")
        names = [str(schema), str(rules)]

        def attempt(label):
            note(f"{label}: files", lambda: said(Actra.from_files, *names))
            note(f"{label}: directory", lambda: said(Actra.from_directory, directory=Path(folder)))

        def said(call, *args, **kwargs):
            # Without the name of the directory, which is another one each time.
            return json.loads(json.dumps(outcome(call, *args, **kwargs)).replace(folder, "DIR"))

        attempt("no schema")
        schema.write_text(SCHEMA)
        attempt("no policy")
        rules.write_text(POLICY)
        attempt("both")
        note("no governance", lambda: said(load_policy_from_file, *names, str(Path(folder, "g"))))
        note("no directory", lambda: said(Actra.from_directory, str(Path(folder, "nowhere"))))
    note("strings", load_policy_from_string, schema_yaml=SCHEMA, policy_yaml=POLICY)
    note("version", lambda: compiler_version() == Actra.compiler_version() != "")
    for label, documents in {
        "not YAML": (SCHEMA, "version: 1\nrules: ["),
        "empty": ("", POLICY),
        "unknown field": (SCHEMA, POLICY.replace("field: amount", "field: amuont")),
        "unknown effect": (SCHEMA, POLICY.replace("effect: block", "effect: deny")),
    }.items():
        note(f"documents: {label}", lambda given=documents: is_value_error(*given))


def is_value_error(*documents):
    try:
        Actra.from_strings(*documents)
    except ValueError:
        return True
    return False


def admitted():
    def builder(name, args, kwargs, ctx):
        return {"type": name, "amount": kwargs.get("amount", 0), "args": len(args)}

    choices = {
        "plain": {},
        "typed": {"action_type": "refund"},
        "another": {"action_type": "deploy"},
        "empty": {"action_type": "", "fields": None, "action_builder": None},
        "fields": {"fields": ["amount"]},
        "tuple": {"fields": ("currency", "unheard_of")},
        "no fields": {"fields": []},
        "built": {"action_builder": builder},
    }
    calls = {
        "place": ((1,), {}),
        "large": ((2000,), {}),
        "name": ((), {"amount": 2000}),
        "approval": ((600, "USD"), {}),
        "guest": ((1, "USD", GUEST), {}),
        "guest by name": ((1,), {"ctx": GUEST}),
        "nothing": ((), {}),
        "too many": ((1, 2, 3, 4), {}),
        "unheard_of": ((1,), {"unheard_of": 1}),
    }
    for choice, options in choices.items():
        function, seen = guarded(runtime(), **options)
        for label, (args, kwargs) in calls.items():
            note(f"admit, {choice}: {label}", function, *args, **kwargs)
        note(f"admit, {choice}: what the function saw", lambda found=seen: found)
    note("options by place", runtime().admit("refund", ["amount"], None)(lambda amount: 1), 2000)


def kinds_of_functions():
    asked = runtime()
    guard = asked.admit(action_type="refund")
    note("keyword only", guard(lambda *, amount: amount), amount=2000)
    note("with *args", guard(lambda amount, *rest: [amount, rest]), 5, 6, 7)
    note("with *args, large", guard(lambda amount, *rest: 0), 2000, 6)
    note("cls by place", guard(lambda cls, amount: 0), "bad", 1)
    note("cls by name", asked.admit()(named("refund", lambda cls, amount: 0)), cls="bad", amount=1)
    note("partial", guard(functools.partial(lambda amount, currency: 0, currency="x")), 2000)
    note("generator", lambda: list(guard(counting)(3)))
    note("generator, large", lambda: list(guard(counting)(2000)))

    @guard
    class Refund:
        def __init__(self, amount):
            self.amount = amount

    note("class", lambda: [Refund(1).amount, Refund(2000)])

    class Account:
        @guard
        def method(self, amount):
            return amount

        @staticmethod
        @guard
        def static(amount):
            return amount

    note("method", Account().method, 5)
    note("method, large", Account().method, 2000)
    note("method of a class", Account.method, Account(), 2000)
    note("static", Account.static, 2000)

    @asked.admit()
    async def refund(amount: int, currency: str = "EUR") -> int:
        "What it does."
        return amount

    note("async", lambda: asyncio.run(refund(1)))
    note("async, large", lambda: asyncio.run(refund(2000)))
    note("async it stays", lambda: inspect.iscoroutinefunction(refund))
    names = ("__name__", "__doc__", "__qualname__", "__module__")
    note("what it is called", lambda: [getattr(refund, name) for name in names])
    note("its signature", lambda: [str(inspect.signature(refund)), str(refund.__annotations__)])
    twice = asked.admit("refund")(asked.audit("deploy")(lambda amount: amount))
    note("two guards", lambda: [twice(1), twice(2000)])


def named(name, function):
    function.__name__ = name
    return function


def counting(amount):
    yield from range(min(amount, 3))


def resolvers():
    asked, heard = runtime(), []

    def hear(name, gives):
        def resolver(*args):
            heard.append(json.dumps([name, plain(args)]))
            return gives(*args)

        return resolver

    asked.set_context_resolver(hear("context", lambda args, kwargs: {"role": "lead"}))
    asked.set_action_type_resolver(
        hear("type", lambda func, args, kwargs: "refund"),
    )
    asked.set_action_resolver(
        hear("action", lambda name, args, kwargs, ctx: {"type": name, "amount": kwargs["amount"]})
    )

    @asked.admit()
    def pay(amount, text="n", *rest, flag=False):
        return amount

    for args, kwargs in (((1,), {}), ((2000, "x", "y"), {"flag": True}), ((), {"amount": 3})):
        note(f"resolved: {args} {kwargs}", pay, *args, **kwargs)
    note("what resolvers got", lambda: sorted(set(heard)))
    for label, given in {
        "nothing": {},
        "more": {"role": "guest", "other": "z"},
        "other": {"role": 5},
        "ordered": collections.OrderedDict(role="guest"),
    }.items():
        asked = runtime()
        asked.set_actor_resolver(lambda ctx, value=given: value)
        note(f"actor: {label}", guarded(asked)[0], 1)
    asked.set_actor_resolver(lambda ctx: ctx["nowhere"])
    note("a resolver that raises", guarded(asked)[0], 1, ctx={})
    note("a resolver that raises, helper", asked.allow, "refund", {}, amount=1)
    takes_one = mock.Mock(return_value=GUEST)
    asked.set_actor_resolver(takes_one)
    note("a mock", guarded(asked)[0], 1, ctx="c")
    note("what the mock got", lambda: takes_one.call_args == mock.call("c"))
    for label, resolver in {
        "default": lambda ctx, store=None: {"role": "x" if store else "guest"},
        "star": lambda *args: {"role": "guest" if len(args) == 1 else "x"},
        "type": dict,
        "none": None,
    }.items():
        asked.set_actor_resolver(resolver)
        note(f"resolver: {label}", guarded(asked)[0], 1, ctx=GUEST)
    asked = runtime()
    asked.set_context_resolver(lambda args, kwargs: kwargs.pop("currency"))
    note("a resolver that takes away", guarded(asked)[0], 1, "USD")
    asked.set_context_resolver(lambda args, kwargs: kwargs.update(amount=1))
    note("a resolver that changes", guarded(asked)[0], 2000)


def steps():
    asked = runtime()

    def refund(amount, currency="EUR", other=3): ...

    note("resolve_actor", asked.resolve_actor, GUEST)
    note("resolve_snapshot", asked.resolve_snapshot, None)
    note("resolve_context", asked.resolve_context, args=(1,), kwargs={"ctx": 1})
    note("resolve_context of none", asked.resolve_context, (1,), {})
    note("resolve_action_type", asked.resolve_action_type, refund, (), {}, None)
    note("resolve_action_type, given", asked.resolve_action_type, refund, (), {}, "x")
    note("action", asked.action, action_type="x", ctx=1, fields=2)
    note("build_context", asked.build_context, action={"type": "x"}, ctx=GUEST)
    given = {"action_type": "refund", "args": (), "ctx": None}
    note("built of kwargs", asked.build_action, **given, kwargs={"amount": 1, "x": 2})
    note(
        "built of fields", asked.build_action, **given, kwargs={"amount": 1}, fields=["amount", "x"]
    )
    given["args"] = (5,)
    note("built of a function", asked.build_action, **given, kwargs={"other": 1}, func=refund)
    given["action_type"] = "free"
    note("built of all", asked.build_action, **given, kwargs={}, func=refund)
    note("built by place", asked.build_action, "free", (5,), {}, None, refund, None, None)
    for helper in ("allow", "block", "requires_approval"):
        for amount in (1, 600, 2000):
            note(f"{helper} {amount}", getattr(asked, helper), "refund", amount=amount)
        note(f"{helper}, guest", getattr(asked, helper), "refund", GUEST, amount=1)


def observed():
    asked, events = runtime(), []
    note("no observer", asked.has_decision_observer)
    asked.set_decision_observer(events.append)
    note("an observer", asked.has_decision_observer)
    function, _ = guarded(asked)
    for amount in (1, 600, 2000):
        outcome(function, amount)
    outcome(function, 1, ctx=GUEST)
    asked.evaluate(action={"type": "free"}, ctx=GUEST)
    asked.allow("refund", amount=3)
    printed(asked.explain, {"type": "free"})
    printed(asked.explain_call, function, amount=5)
    watched, calls = asked.audit("refund", ["amount"], None), []
    for amount in (1, 2000):
        watched(lambda amount: calls.append(amount))(amount)
    note("audited", lambda: calls)
    note("audited, its own error", watched(lambda amount: {}["own"]), 1)
    properties = ("effect", "matched_rule", "is_blocked", "action_type")
    note("events", lambda: events)
    note("their properties", lambda: [[getattr(e, name) for name in properties] for e in events])
    note("their time", lambda: {e.timestamp.tzinfo is timezone.utc for e in events} == {True})
    own = DecisionEvent({"t": 1}, {"effect": "allow"}, {}, datetime(2020, 1, 1), 1.5)
    note("an event of one's own", lambda: [own, *(getattr(own, name) for name in properties)])
    note("with names", DecisionEvent, action={}, decision={"effect": "block"}, context={})


def errors():
    decision = {"effect": "block", "matched_rule": "r"}
    note("an error", lambda: raised(ActraPolicyError("x", decision, {"action": {}})))
    note("no rule", lambda: raised(ActraPolicyError(action_type="x", decision={}, context=None)))
    note("a schema's", lambda: raised(ActraSchemaError("m", original_error=KeyError("k"))))
    note("a schema's alone", lambda: raised(ActraSchemaError("m")))


def explained():
    asked = runtime()

    def refund(amount, currency="EUR", ctx=None):
        raise AssertionError("it ran")

    for label, args, kwargs in (
        ("place", (refund, 2000), {}),
        ("name", (refund,), {"amount": 2000}),
        ("func", (), {"func": refund, "amount": 2000}),
        ("guarded", (asked.admit()(refund), 2000), {}),
        ("ctx", (refund, 1, "EUR", GUEST), {}),
        ("two of ctx", (refund, 1, "EUR", GUEST), {"ctx": {"role": "lead"}}),
        ("typed", (refund, 1), {"action_type": "deploy"}),
        ("no ctx", (lambda amount: 0, 1), {"action_type": "refund", "ctx": GUEST}),
    ):
        note(f"explain_call: {label}", printed, asked.explain_call, *args, **kwargs)
    note("explain of a runtime", printed, asked.explain, action={"type": "free"}, ctx=GUEST)


def classes():
    class Resolving(ActraRuntime):
        def resolve_actor(self, ctx):
            return GUEST

    class Deciding(ActraRuntime):
        def evaluate(self, action, ctx=None):
            if action.get("currency") == "XXX":
                return {"effect": "block", "matched_rule": "mine"}
            return super().evaluate(action, ctx)

    class Naming(ActraRuntime):
        def resolve_action_type(self, func, args, kwargs, action_type):
            return "refund"

    class Building(ActraRuntime):
        def build_context(self, action, ctx=None):
            return {"action": action, "actor": GUEST, "snapshot": {}}

    for kind in (Resolving, Deciding, Naming, Building):
        asked = kind(policy())
        function, _ = guarded(asked, action_type="deploy" if kind is Naming else "refund")
        for args in ((1,), (1, "XXX"), (2000,)):
            note(f"{kind.__name__} {args}", function, *args)
        adapter = ActraMCPAdapter(asked)
        note(f"{kind.__name__}, tool", adapter.evaluate_tool, "refund", {"currency": "XXX"})
    asked = runtime()
    function, _ = guarded(asked)
    no = {"effect": "block", "matched_rule": "patched"}
    targets = {"runtime": asked, "its class": ActraRuntime, "policy": asked.policy}
    for label, target in {**targets, "class of policies": Policy}.items():
        with mock.patch.object(target, "evaluate", return_value=no):
            note(f"patched: {label}", function, 1)
    note("patched no more", function, 1)
    asked.policy = Actra.from_strings(
        SCHEMA.replace("cls: string", "cls: string, ctx: string"),
        POLICY + rule("stop", REFUND, "action", "ctx", "equals", "stop", "block"),
    )
    note("another policy", function, 1, ctx="stop")


def tools():
    asked = runtime()
    asked.set_actor_resolver(lambda ctx: ctx.user if ctx is not None and ctx.user else {})
    server, seen = ActraMCPServer(adapter=ActraMCPAdapter(asked)), []
    by = ActraMCPContext(user=GUEST)
    note("a context", lambda: [by, ActraMCPContext(1, {}, {"r": 1}), repr(by)])
    note("it has two names", lambda: ActraContext is ActraMCPContext)

    @server.tool()
    def refund(amount, currency="EUR"):
        seen.append([amount, currency])
        return amount

    server.tool(name="deploy")(lambda env, replicas=5: seen.append([env, replicas]))
    note("tools", lambda: [sorted(server.tools), server.tools["refund"] is refund])
    for label, name, arguments, ctx in (
        ("small", "refund", {"amount": 1}, None),
        ("large", "refund", {"amount": 2000}, None),
        ("guest", "refund", {"amount": 1}, by),
        ("default", "deploy", {"env": "prod"}, None),
        ("many", "deploy", {"env": "prod", "replicas": 4}, None),
        ("unheard_of", "unheard_of", {}, None),
        ("missing", "refund", {}, None),
    ):
        note(f"tool: {label}", server.handle_request, name, arguments, ctx)
        given = {"tool_name": name, "arguments": arguments, "ctx": ctx}
        note(f"evaluate_tool: {label}", server.adapter.evaluate_tool, **given)
    note("what tools saw", lambda: seen)


def names():
    kinds = (Actra, Policy, ActraRuntime, ActraMCPAdapter, ActraMCPServer)
    for kind in kinds:
        # Whether a class has them itself or from one that it is made of.
        for name in dir(kind):
            if not name.startswith("_"):
                found = getattr(kind, name)
                given = inspect.signature(found) if callable(found) else ""
                noted[f"name: {kind.__name__}.{name}"] = [
                    [p.name, repr(p.default)] for p in getattr(given, "parameters", {}).values()
                ]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    for program in (
        policies,
        loaders,
        admitted,
        kinds_of_functions,
        resolvers,
        steps,
        observed,
        errors,
        explained,
        classes,
        tools,
        names,
    ):
        program()
    print(json.dumps({"version": getattr(actra, "__version__", None), "noted": noted}))
