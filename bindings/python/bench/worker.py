"""Measures one installation of `actra`, a slice at a time, as it is told on standard input.

The first line names the documents and a file with contexts; each further line is a measure,
answered by nanoseconds an item. The same file runs under the 0.7.8 package.
"""

import json
import sys
import time

from actra import Actra, ActraPolicyError, ActraRuntime

SLICE = 0.05


def timed(items, call):
    """Nanoseconds an item, over as many rounds as take a slice: of this process's time, so that
    what else the machine does counts as little as it can."""
    start = time.process_time()
    done = 0
    while True:
        for item in items:
            call(item)
        done += len(items)
        took = time.process_time() - start
        if took > SLICE:
            return took / done * 1e9


def guarded(runtime, action_type):
    @runtime.admit(action_type=action_type)
    def call(amount, currency, target, express=False, ctx=None):
        return amount

    return call


def calls(policy, contexts):
    """Keyword arguments for a guarded function, by what is decided."""
    runtime = ActraRuntime(policy)
    runtime.set_actor_resolver(lambda ctx: ctx["actor"])
    runtime.set_snapshot_resolver(lambda ctx: ctx["snapshot"])
    names = ("delete", "export", "payout", "refund", "transfer")
    functions = {name: guarded(runtime, name) for name in names}
    allowed, refused = [], []
    for context in contexts:
        kwargs = {key: value for key, value in context["action"].items() if key != "type"}
        kwargs["ctx"] = context
        found = (functions[context["action"]["type"]], kwargs)
        effect = policy.evaluate(context)["effect"]
        (allowed if effect == "allow" else refused).append(found)
    return allowed, refused


def call_allowed(pair):
    function, kwargs = pair
    function(**kwargs)


def call_refused(pair):
    function, kwargs = pair
    try:
        function(**kwargs)
    except ActraPolicyError:
        return
    raise AssertionError("it ran")


def main():
    setup = json.loads(sys.stdin.readline())
    policy = Actra.from_strings(setup["schema"], setup["policy"])
    with open(setup["contexts"], encoding="utf-8") as file:
        contexts = json.load(file)
    decided = [policy.evaluate(context) for context in contexts]
    print(json.dumps([[d["effect"], d["matched_rule"]] for d in decided]), flush=True)
    allowed, refused = calls(policy, contexts)
    many = [contexts[at : at + 256] for at in range(0, len(contexts), 256)]
    measures = {
        "evaluate": lambda: timed(contexts, policy.evaluate),
        "admit, allowed": lambda: timed(allowed, call_allowed),
        "admit, refused": lambda: timed(refused, call_refused),
        "evaluate_many": lambda: timed(many, policy.evaluate_many) / 256,
    }
    for line in sys.stdin:
        print(json.dumps(measures[json.loads(line)]()), flush=True)


main()
