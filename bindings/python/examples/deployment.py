"""Deployments from a pipeline: the policy decides, and the state of the world counts.

python deployment.py shop production --tests-passed
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from actra import Actra, ActraApprovalRequired, ActraError, ActraRuntime

POLICIES = Path(__file__).parent / "policies"


def state_of_the_world(ctx: object) -> dict[str, Any]:
    """Ask the status page: here a JSON text in the environment. Whatever fails here blocks."""
    state: dict[str, Any] = json.loads(os.environ["STATUS"])
    return state


runtime = ActraRuntime(Actra.from_directory(POLICIES / "operations"))
runtime.set_actor_resolver(lambda ctx: {"type": os.environ.get("ACTOR", "human")})
runtime.set_snapshot_resolver(state_of_the_world)


@runtime.admit()
def deploy(service: str, environment: str, tests_passed: bool) -> None:
    """Bring a version of a service into an environment."""
    print(f"deployed {service} to {environment}")


def main(arguments: list[str]) -> int:
    """Deploy, and tell the pipeline how that went: 0 done, 3 waits, 1 anything else."""
    parser = argparse.ArgumentParser()
    parser.add_argument("service")
    parser.add_argument("environment")
    parser.add_argument("--tests-passed", action="store_true")
    given = parser.parse_args(arguments)
    try:
        deploy(given.service, given.environment, given.tests_passed)
    except ActraApprovalRequired as waits:
        who = ", ".join(required["role"] for required in waits.required_actions)
        print(f"waits for: {who}")
        return 3
    except (ActraError, KeyError, ValueError) as error:
        print(f"not deployed: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
