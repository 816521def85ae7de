"""A scheduled job that deletes things, and asks first.

python cron_job.py 120          # backups that are older than so many days

Its exit status tells the scheduler: 0 done, 3 waits for a person, 1 anything else.
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import actra
from actra import ActraApprovalRequired, ActraError

POLICIES = Path(__file__).parent / "policies"
TODAY = date(2026, 3, 1)

# `actra.load` sets the runtime of the module-level decorators; so does ACTRA_POLICY.
runtime = actra.load(POLICIES / "operations")
runtime.set_actor_resolver(lambda ctx: {"type": "scheduled_job", "name": "nightly-purge"})


@actra.admit()
def purge_backups(older_than_days: int, count: int, names: list[str]) -> None:
    """Delete backups for good."""
    print(f"deleted {count} backups, {names[0]} the first")


def run(backups: dict[str, date], older_than_days: int) -> int:
    """Delete what is old enough."""
    border = TODAY - timedelta(days=older_than_days)
    names = sorted(name for name, made in backups.items() if made < border)
    if not names:
        print(f"nothing is older than {older_than_days} days")
        return 0
    try:
        purge_backups(older_than_days, len(names), names)
    except ActraApprovalRequired as waits:
        print(f"waits: {waits}")
        return 3
    except ActraError as error:
        print(f"nothing was deleted: {error}")
        return 1
    return 0


def main(arguments: list[str]) -> int:
    """Run with the age in days as the argument."""
    if len(arguments) != 1 or not arguments[0].isdecimal():
        print("usage: cron_job.py DAYS", file=sys.stderr)
        return 2
    backups = {f"backup-{day:03}": TODAY - timedelta(days=day) for day in range(200)}
    return run(backups, int(arguments[0]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
