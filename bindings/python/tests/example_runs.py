"""How examples are run, and held against what they are expected to print.

Every script of `examples/` prints what `examples/expected/NAME.txt` has. `UPDATE=1` writes what is
printed: read the difference before it is committed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
EXPECTED = EXAMPLES / "expected"

# A run: arguments, and what the environment has besides.
Run = tuple[tuple[str, ...], dict[str, str]]
ONCE: tuple[Run, ...] = (((), {}),)

CALM = '{"frozen": false}'
PRODUCTION = ("shop", "production", "--tests-passed")

# Those that need nothing but Actra.
PLAIN: dict[str, tuple[Run, ...]] = {
    "action_builders": ONCE,
    "agent": ONCE,
    "audit_rollout": ONCE,
    "cron_job": ((("120",), {}), (("20",), {}), (("31",), {})),
    "deployment": (
        (PRODUCTION, {"ACTOR": "pipeline", "STATUS": CALM}),
        (("shop", "production"), {"ACTOR": "pipeline", "STATUS": CALM}),
        (PRODUCTION, {"STATUS": CALM}),
        (PRODUCTION, {"ACTOR": "pipeline", "STATUS": '{"frozen": true}'}),
        (PRODUCTION, {"ACTOR": "pipeline", "STATUS": '{"frozen": false, "incident": "INC-7"}'}),
        (PRODUCTION, {"ACTOR": "pipeline", "STATUS": "the status page is down"}),
        (PRODUCTION, {"ACTOR": "pipeline"}),
    ),
    "explaining": ONCE,
    "field_filters": ONCE,
    "governance": ONCE,
    "refund": ONCE,
    "resolvers": ONCE,
    "several_runtimes": ONCE,
    "structured_logging": ONCE,
}

# Those that need other packages.
INTEGRATED: dict[str, tuple[Run, ...]] = {
    "celery_tasks": ONCE,
    "langchain_agent": ONCE,
    "mcp_client": ONCE,
    "openai_agent": ONCE,
    "opentelemetry_observer": ONCE,
}

# Those that wait for somebody to ask them, and the test that does.
SERVED = {"fastapi_app": "test_examples.py", "mcp_server": "mcp_client.py"}


def transcript(name: str, runs: tuple[Run, ...]) -> str:
    """What a reader sees who runs the example."""
    parts = []
    for arguments, environment in runs:
        done = subprocess.run(
            [sys.executable, f"{name}.py", *arguments],
            cwd=EXAMPLES,
            env={**_environment(), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        set_first = [f"{key}='{value}'" for key, value in environment.items()]
        parts.append(f"$ {' '.join([*set_first, 'python', f'{name}.py', *arguments])}\n")
        parts.append(done.stdout)
        if done.returncode not in (0, 1, 3):
            raise AssertionError(f"{name} ended with status {done.returncode}:\n{done.stderr}")
        if done.returncode:
            parts.append(f"[status {done.returncode}]\n")
        if "Traceback" in done.stderr and name != "audit_rollout":
            raise AssertionError(f"{name} failed:\n{done.stderr}")
    return "".join(parts)


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ACTRA_")}
    if "ACTRA_PYTHON_PATH" in os.environ:
        kept["ACTRA_PYTHON_PATH"] = os.environ["ACTRA_PYTHON_PATH"]
    return {**kept, "PYTHONWARNINGS": "default", "NO_COLOR": "1", "COLUMNS": "100"}


def check(name: str, runs: tuple[Run, ...]) -> None:
    """Runs an example, and compares what it prints with what is expected."""
    told = transcript(name, runs)
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("UPDATE"):
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")
