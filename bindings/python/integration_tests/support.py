"""What the tests of the integrations share: a policy, a runtime, and an ear on its decisions."""

from __future__ import annotations

from typing import Any

from actra import Actra, ActraError, ActraRuntime, DecisionEvent, Policy

SCHEMA = """
version: 1
actions:
  refund:
    fields:
      amount: {type: number, required: true}
      currency: string
      tags: {type: list, items: string}
  drop_table: {fields: {table: string}}
  look: {fields: {what: string}}
actor: {fields: {role: string}}
snapshot: {fields: {frozen: boolean}}
"""

RULES = """
version: 2
rules:
  - {id: frozen, scope: {action: refund}, when: snapshot.frozen == true, effect: block}
  - id: large
    scope: {action: refund}
    when: action.amount > 1000
    effect: require_approval
    message: Finance has to agree.
    required_actions: [{type: human_approval, role: finance}]
  - {id: support, scope: {action: refund}, when: actor.role == support, effect: allow}
  - {id: no_drops, scope: {action: drop_table}, effect: block}
  - {id: looks, scope: {action: look}, when: actor.role == support, effect: allow}
"""

# Version 1 takes inputs as they are, and allows what no rule is about.
LAX = """
version: 1
rules:
  - id: large
    scope: {action: refund}
    when: {subject: {domain: action, field: amount}, operator: greater_than, value: {literal: 1000}}
    effect: block
"""

SECRET = "the password is swordfish"

# What callers are told.
WAITS = (
    "`refund` waits for an approval (rule large): Finance has to agree. "
    'Required: [{"role": "finance", "type": "human_approval"}]'
)
UNDECIDED = "`refund` could not be decided, so that it does not run"


class Heard:
    """The events of a runtime, in order."""

    def __init__(self, runtime: ActraRuntime) -> None:
        self.events: list[DecisionEvent] = []
        runtime.set_decision_observer(self.events.append)

    @property
    def last(self) -> DecisionEvent:
        return self.events[-1]

    @property
    def effects(self) -> list[str | None]:
        return [event.effect for event in self.events]

    def clear(self) -> None:
        self.events.clear()


def policy() -> Policy:
    return Actra.from_strings(SCHEMA, RULES)


def runtime_for(role: str | None = "support") -> ActraRuntime:
    """A runtime whose actor has a role, whatever the context."""
    runtime = ActraRuntime(policy())
    runtime.set_actor_resolver(lambda ctx: {"role": role})
    runtime.set_snapshot_resolver(lambda ctx: {"frozen": False})
    return runtime


def lax_runtime() -> ActraRuntime:
    return ActraRuntime(Actra.from_strings(SCHEMA, LAX))


class ClosedPolicy:
    """A policy that decides nothing any more."""

    schema = policy().schema

    def evaluate(self, context: Any) -> Any:
        raise ActraError(f"the policy is closed: {SECRET}")

    def explain(self, context: Any, *, render: bool = True) -> Any:
        raise ActraError(f"the policy is closed: {SECRET}")


def raising(*args: Any) -> Any:
    raise RuntimeError(SECRET)


def broken_runtimes() -> dict[str, ActraRuntime]:
    """Runtimes on which nothing can be decided, each for a reason of its own."""
    broken = {
        "actor resolver raises": runtime_for(),
        "snapshot resolver raises": runtime_for(),
        "snapshot of a wrong type": runtime_for(),
        "actor is no mapping": runtime_for(),
        "action resolver raises": runtime_for(),
        "action is no mapping": runtime_for(),
        "policy is closed": runtime_for(),
    }
    broken["actor resolver raises"].set_actor_resolver(raising)
    broken["snapshot resolver raises"].set_snapshot_resolver(raising)
    broken["snapshot of a wrong type"].set_snapshot_resolver(lambda ctx: {"frozen": "no"})
    broken["actor is no mapping"].set_actor_resolver(lambda ctx: "support")
    broken["action resolver raises"].set_action_resolver(raising)
    broken["action is no mapping"].set_action_resolver(lambda *args: ["refund"])  # type: ignore[arg-type, return-value]
    broken["policy is closed"].policy = ClosedPolicy()  # type: ignore[assignment]
    return broken


BROKEN = sorted(broken_runtimes())
