"""Asks the actra 0.7.8 package, one JSON line in, one JSON line out.

in:   {"schema": text, "policy": text, "governance": text or null, "inputs": [context, ...]}
out:  {"refused": text}  or  {"answers": [{"decision": {...}} or {"raised": text}, ...]}

In a context `{"$float": "nan"}` and `{"$int": "123"}` stand for numbers that JSON cannot write.
"""

import json
import sys

from actra.actra import PyActra


def value(tree):
    if isinstance(tree, dict):
        if "$float" in tree:
            return float(tree["$float"])
        if "$int" in tree:
            return int(tree["$int"])
        return {key: value(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [value(item) for item in tree]
    return tree


def decide(policy, context):
    try:
        return {"decision": policy.evaluate(value(context))}
    except Exception as error:
        return {"raised": f"{type(error).__name__}: {error}"}


def answer(question):
    try:
        policy = PyActra(question["schema"], question["policy"], question["governance"])
    except Exception as error:
        return {"refused": str(error)}
    return {"answers": [decide(policy, context) for context in question["inputs"]]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
