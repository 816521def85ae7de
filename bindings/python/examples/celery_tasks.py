"""Celery tasks that are decided in the worker, before they run. Needs `actra[celery]`.

celery -A celery_tasks worker
"""

from pathlib import Path
from typing import Any

from celery import Celery

from actra import Actra, ActraRuntime
from actra.integrations.celery import ActraTask

POLICIES = Path(__file__).parent / "policies"

runtime = ActraRuntime(Actra.from_directory(POLICIES / "operations"))
# The context is the task's request. Its headers are the word of whoever can write to the broker.
runtime.set_actor_resolver(lambda request: {"type": (request.headers or {}).get("job", "unknown")})

app = Celery("operations", broker="memory://", backend="cache+memory://")


class Guarded(ActraTask):
    """The base of all tasks here."""

    actra_runtime = runtime


@app.task(base=Guarded, autoretry_for=(OSError,))
def purge_backups(older_than_days: int, count: int) -> str:
    """Delete backups for good. A refusal is not retried."""
    return f"deleted {count} backups"


def main(**options: Any) -> None:
    """Send a few tasks and wait for them."""
    headers = {"job": "scheduled_job"}
    for days, count, sent in ((90, 3, headers), (90, 300, headers), (2, 3, headers), (90, 3, {})):
        result = purge_backups.apply_async((days, count), headers=sent, **options)
        try:
            print(result.get(timeout=30))
        except Exception as error:  # noqa: BLE001 - whatever the task failed with
            print(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    from celery.contrib.testing.worker import start_worker

    # One process is both here; a program has workers of its own.
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="CRITICAL"):
        main()
