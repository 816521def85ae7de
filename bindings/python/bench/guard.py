"""W1, the guard: five operations, twelve rules, inputs from a seed of which half match a rule.

For Actra the documents are those of `benches/src/guard`. The 0.7.8 package cannot say all of them:
it has no tests of parts of strings, and no way to tell that a field is missing. `v1_documents` is
what it can say, with as many tests: a rule for each action, in the order in which version 2
decides, equality in the place of tests of parts, which then hold of no input, and `<` and `>` only
(amounts are integers, totals end in .25). `is_sayable` are the inputs that both decide alike: those
that have `on_call` and `region`, and that no test of a part decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

_GUARD = Path(__file__).resolve().parents[3] / "benches" / "src" / "guard"
ACTIONS = ("delete", "export", "payout", "refund", "transfer")
REGIONS = ("eu-west", "eu-north", "us-east", "apac", "latam")
Context = dict[str, dict[str, Any]]


def documents() -> tuple[str, str]:
    """The schema and the policy of version 2."""
    schema, policy = _GUARD / "schema.yaml", _GUARD / "policy.yaml"
    return schema.read_text(encoding="utf-8"), policy.read_text(encoding="utf-8")


def contexts(count: int, seed: int, matches: Callable[[Context], bool]) -> list[Context]:
    """Inputs, half of which match a rule, in random order."""
    rng = random.Random(seed)
    matching: list[Context] = []
    others: list[Context] = []
    while len(matching) < count // 2 or len(others) < count - count // 2:
        context = _context(rng)
        (matching if matches(context) else others).append(context)
    chosen = matching[: count // 2] + others[: count - count // 2]
    rng.shuffle(chosen)
    return chosen


def _context(rng: random.Random) -> Context:
    place = rng.choice(["s3://public", "s3://private", "orders", "/var/data", "customer"])
    end = rng.choice(["", ".csv", ".json", "/*", ".parquet"])
    action: dict[str, Any] = {
        "type": rng.choice(ACTIONS),
        "amount": rng.randrange(6000),
        "currency": rng.choice(["USD", "EUR", "GBP", "JPY"]),
        "target": f"{place}/{rng.randrange(100_000)}{end}",
    }
    if rng.random() < 0.3:
        action["express"] = rng.random() < 0.5
    actor: dict[str, Any] = {
        "type": rng.choice(["ai_agent", "service", "human"]),
        "role": rng.choice(["lead", "admin", "owner", "assistant", "analyst", "support"]),
        "level": rng.randrange(10),
    }
    if rng.random() < 0.95:
        actor["on_call"] = rng.random() < 0.6
    snapshot: dict[str, Any] = {
        "fraud_flag": rng.random() < 0.08,
        "daily_total": rng.randrange(60_000) + 0.25,
    }
    if rng.random() < 0.97:
        snapshot["region"] = rng.choice([*REGIONS[:4], "unknown", REGIONS[4]])
    return {"action": action, "actor": actor, "snapshot": snapshot}


def _atom(domain: str, field: str, operator: str, value: object) -> str:
    return (
        f"{{subject: {{domain: {domain}, field: {field}}}, operator: {operator}, "
        f"value: {{literal: {value}}}}}"
    )


def _all(*conditions: str) -> str:
    return f"{{all: [{', '.join(conditions)}]}}"


def _any(*conditions: str) -> str:
    return f"{{any: [{', '.join(conditions)}]}}"


_IS_AGENT = _atom("actor", "type", "equals", "ai_agent")
_SANCTIONED = _any(
    *(_atom("snapshot", "region", "equals", name) for name in ("embargoed", "unknown"))
)
_OFF_CALL = _all(
    _atom("actor", "on_call", "equals", "false"),
    *(_atom("actor", "role", "not_equals", name) for name in ("admin", "owner")),
)
_OF_PARTS = ("public_export_by_agent", "wide_delete", "report_export")


def is_sayable(context: Context, rule: str | None) -> bool:
    """Whether the 0.7.8 package decides alike an input that `rule` decides."""
    has_all = "on_call" in context["actor"] and "region" in context["snapshot"]
    return has_all and rule not in _OF_PARTS


def _rules() -> list[tuple[str, str, str, str]]:
    """(id, action, condition, effect)."""
    rules = [
        (
            f"frozen_by_fraud_flag.{action}",
            action,
            _atom("snapshot", "fraud_flag", "equals", "true"),
            "block",
        )
        for action in ("refund", "payout", "transfer")
    ]
    rules += [
        (f"region_under_sanctions.{action}", action, _SANCTIONED, "block") for action in ACTIONS
    ]
    public = _atom("action", "target", "equals", '"s3://public"')
    rules.append(("public_export_by_agent", "export", _all(_IS_AGENT, public), "block"))
    rules.append(("delete_off_call", "delete", _OFF_CALL, "block"))
    limit = _atom("snapshot", "daily_total", "greater_than", 49999.5)
    rules += [(f"daily_limit.{action}", action, limit, "block") for action in ("refund", "payout")]
    rules.append(("junior_transfer", "transfer", _atom("actor", "level", "less_than", 3), "block"))
    large = _all(
        _atom("action", "amount", "greater_than", 1000),
        _atom("action", "currency", "not_equals", "JPY"),
    )
    rules.append(("large_refund", "refund", large, "require_approval"))
    # Conditions do not nest there: a rule for each branch.
    for branch, urgent in (
        ("amount", _atom("action", "amount", "greater_than", 200)),
        ("express", _atom("action", "express", "equals", "true")),
    ):
        rule = (f"agent_payout.{branch}", "payout", _all(_IS_AGENT, urgent), "require_approval")
        rules.append(rule)
    wide = _atom("action", "target", "equals", '"*"')
    rules.append(("wide_delete", "delete", wide, "require_approval"))
    small = _atom("action", "amount", "less_than", 1001)
    rules.append(("small_refund", "refund", small, "allow"))
    most = _atom("action", "amount", "less_than", 5001)
    for role in ("lead", "admin"):
        payout = _all(_atom("actor", "role", "equals", role), most)
        rules.append((f"lead_payout.{role}", "payout", payout, "allow"))
    report = _all(
        _atom("action", "target", "equals", '".csv"'), _atom("action", "amount", "less_than", 500)
    )
    rules.append(("report_export", "export", report, "allow"))
    # Version 1 allows what no rule decides.
    always = _atom("action", "amount", "greater_than", -1)
    rules += [(f"default.{action}", action, always, "block") for action in ACTIONS]
    return rules


def v1_documents() -> tuple[str, str]:
    """The same, for the 0.7.8 package."""
    fields = "{amount: number, currency: string, target: string, express: boolean}"
    actions = "\n".join(f"  {action}: {{fields: {fields}}}" for action in ACTIONS)
    schema = (
        f"version: 1\nactions:\n{actions}\n"
        "actor:\n  fields: {type: string, role: string, level: number, on_call: boolean}\n"
        "snapshot:\n  fields: {fraud_flag: boolean, daily_total: number, region: string}\n"
    )
    rules = "".join(
        f"  - id: {name}\n    scope: {{action: {action}}}\n    when: {when}\n    effect: {effect}\n"
        for name, action, when, effect in _rules()
    )
    return schema, f"version: 1\nrules:\n{rules}"


def rule_of(v1_rule: str | None) -> str | None:
    """The rule of version 2 that one of version 1 stands for."""
    name = v1_rule.partition(".")[0] if v1_rule else None
    return None if name == "default" else name
