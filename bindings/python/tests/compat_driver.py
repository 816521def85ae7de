"""Runs scenarios against whichever `actra` is installed, and prints what came of them as JSON.

Standard input: `{"schema": text, "policy": text, "scenarios": [...]}` a line. The same file runs
under the 0.7.8 package and under this one; nothing in it knows which it is.
"""

import asyncio
import json
import math
import sys
import warnings

import actra
from actra import Actra, ActraPolicyError, ActraRuntime

warnings.simplefilter("ignore")


def value(tree):
    if isinstance(tree, dict):
        if "$float" in tree:
            return float(tree["$float"])
        if "$int" in tree:
            return int(tree["$int"])
        if "$object" in tree:
            return object()
        return {key: value(member) for key, member in tree.items()}
    if isinstance(tree, list):
        return [value(item) for item in tree]
    return tree


def plain(tree):
    """What JSON has words for."""
    if isinstance(tree, dict):
        return {str(key): plain(member) for key, member in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [plain(item) for item in tree]
    if isinstance(tree, float) and not math.isfinite(tree):
        return repr(tree)
    if tree is None or isinstance(tree, (str, int, float, bool)):
        return tree
    return "<object>"


def outcome(call):
    try:
        return {"gave": plain(call())}
    except ActraPolicyError as error:
        return {
            "blocked": {
                "action_type": error.action_type,
                "decision": plain(dict(error.decision)),
                "context": plain(error.context),
                "matched_rule": error.matched_rule,
                "dict": plain(error.to_dict()),
                "text": str(error),
                "args": len(error.args),
            }
        }
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return {
            "raised": [name for name in ("ValueError", "TypeError") if name in kinds] or kinds[:1]
        }


def functions(runtime, mode, seen, options):
    def decorate():
        return getattr(runtime, mode)(**options)

    @decorate()
    def positional(amount, currency="EUR", express=False):
        seen.append({"amount": amount, "currency": currency, "express": express})
        return "done"

    @decorate()
    def keyword(*, amount=5, role="r", ctx=None):
        seen.append({"amount": amount, "role": role, "ctx": ctx})
        return amount

    @decorate()
    async def waits(amount, currency="EUR"):
        seen.append({"amount": amount, "currency": currency})
        return "waited"

    @decorate()
    def generates(amount):
        seen.append({"amount": amount})
        yield amount

    class Account:
        @decorate()
        def method(self, amount, currency="EUR"):
            seen.append({"amount": amount, "currency": currency})
            return currency

        @classmethod
        @decorate()
        def of_class(cls, amount):
            seen.append({"amount": amount})
            return amount

        @staticmethod
        @decorate()
        def static(amount):
            seen.append({"amount": amount})
            return amount

    account = Account()
    return {
        "positional": positional,
        "keyword": keyword,
        "waits": lambda *args, **kwargs: asyncio.run(waits(*args, **kwargs)),
        "generates": lambda *args, **kwargs: list(generates(*args, **kwargs)),
        "method": account.method,
        "of_class": account.of_class,
        "static": account.static,
    }


def run_call(runtime, scenario):
    seen = []
    options = {"action_type": scenario["action_type"]} if scenario.get("action_type") else {}
    if "fields" in scenario:
        options["fields"] = scenario["fields"]
    if scenario.get("builder"):
        options["action_builder"] = lambda name, args, kwargs, ctx: {
            "type": name,
            "amount": kwargs.get("amount"),
            "args": len(args),
        }
    func = functions(runtime, scenario["mode"], seen, options)[scenario["function"]]
    result = outcome(lambda: func(*value(scenario["args"]), **value(scenario["kwargs"])))
    return {"result": result, "seen": plain(seen)}


def run(policy, scenario):
    events = []
    runtime = ActraRuntime(policy)
    if scenario.get("resolvers", True):
        runtime.set_actor_resolver(lambda ctx: value(scenario.get("actor", {})))
        runtime.set_snapshot_resolver(lambda ctx: value(scenario.get("snapshot", {})))
    if scenario.get("type_resolver"):
        runtime.set_action_type_resolver(lambda func, args, kwargs: scenario["type_resolver"])
    runtime.set_decision_observer(
        lambda event: events.append(
            {
                "action": plain(event.action),
                "decision": plain(dict(event.decision)) if event.decision is not None else None,
                "context": plain(event.context),
                "effect": event.effect,
                "matched_rule": event.matched_rule,
                "is_blocked": event.is_blocked,
                "action_type": event.action_type,
                "aware": event.timestamp.tzinfo is not None,
                "took": event.duration_ms >= 0,
            }
        )
    )
    kind = scenario["kind"]
    if kind == "evaluate":
        result = {"result": outcome(lambda: policy.evaluate(value(scenario["context"])))}
    elif kind == "runtime":
        result = {"result": outcome(lambda: runtime.evaluate(value(scenario["action"])))}
    elif kind == "helper":
        call = getattr(runtime, scenario["helper"])
        result = {"result": outcome(lambda: call(scenario["type"], **value(scenario["fields"])))}
    elif kind == "build":
        result = {
            "result": outcome(
                lambda: runtime.build_action(
                    scenario["type"], (), value(scenario["kwargs"]), None, fields=scenario["fields"]
                )
            )
        }
    else:
        result = run_call(runtime, scenario)
    return {**result, "events": events}


def answer(question):
    try:
        policy = Actra.from_strings(question["schema"], question["policy"])
    except Exception as error:
        return {"refused": [kind.__name__ for kind in type(error).__mro__ if kind is ValueError]}
    return {"outcomes": [run(policy, scenario) for scenario in question["scenarios"]]}


print(json.dumps({"version": actra.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
