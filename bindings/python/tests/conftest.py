"""What tests share."""

from __future__ import annotations

from typing import Any

import pytest

from actra import Actra, ActraRuntime, DecisionEvent, Policy

REFUND_SCHEMA = """
version: 1
actions:
  refund: {fields: {amount: number, currency: string, note: string}}
  payout: {fields: {amount: number}}
  ping: {fields: {}}
actor: {fields: {role: string}}
snapshot: {fields: {fraud_flag: boolean}}
"""

REFUND_POLICY = """
version: 2
rules:
  - id: fraud
    scope: {action: [refund, payout]}
    when: snapshot.fraud_flag == true
    effect: block
    message: Payments are stopped.
  - id: large
    scope: {action: refund}
    when: action.amount > 1000
    effect: require_approval
    required_actions: [{type: human_approval, role: manager}]
  - id: small
    scope: {action: refund}
    when: action.amount <= 1000
    effect: allow
  - id: pings
    scope: {action: ping}
    when: actor.role != guest
    effect: allow
"""


class Events(list[DecisionEvent]):
    """An observer that remembers."""

    def __call__(self, event: DecisionEvent) -> None:
        self.append(event)


@pytest.fixture(scope="session")
def policy() -> Policy:
    return Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY)


@pytest.fixture
def runtime(policy: Policy) -> ActraRuntime:
    made = ActraRuntime(policy)
    made.set_actor_resolver(lambda ctx: {"role": "support"})
    made.set_snapshot_resolver(lambda ctx: {"fraud_flag": False})
    return made


@pytest.fixture
def events(runtime: ActraRuntime) -> Events:
    found = Events()
    runtime.set_decision_observer(found)
    return found


def context(amount: Any = 5, **action: Any) -> dict[str, Any]:
    return {
        "action": {"type": "refund", "amount": amount, **action},
        "actor": {"role": "support"},
        "snapshot": {"fraud_flag": False},
    }


# One field of each type, whose value alone decides.
TYPES_SCHEMA = """
version: 1
actions:
  probe:
    fields:
      string: string
      number: number
      integer: integer
      boolean: boolean
      timestamp: timestamp
      strings: {type: list, items: string}
      numbers: {type: list, items: number}
      integers: {type: list, items: integer}
      object:
        type: object
        fields: {name: string, size: integer, inner: {type: object, fields: {deep: number}}}
      map: {type: map, values: string}
      instants: {type: map, values: timestamp}
      choice: {type: string, enum: [red, green]}
  other:
    fields: {only_here: string, string: integer, shared: timestamp}
"""

TYPES_POLICY = """
version: %d
evaluation: {inputs: %s, default: block, missing: fail_closed, combine: most_restrictive}
rules:
  - {id: fine, scope: {action: [probe, other]}, effect: allow}
"""


def types_policy(version: int = 2, inputs: str = "checked") -> Policy:
    return Actra.from_strings(TYPES_SCHEMA, TYPES_POLICY % (version, inputs))


@pytest.fixture(scope="session")
def types() -> Policy:
    return types_policy()


def probe(**fields: Any) -> dict[str, Any]:
    return {"action": {"type": "probe", **fields}}
