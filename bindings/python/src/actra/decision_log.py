"""Logs of decisions, whose lines are chained: docs/decision-log.md."""

from __future__ import annotations

import atexit
import json
import os
import time as clock
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from . import _door
from ._diagnosis import raise_failure
from ._jsonable import text_of
from ._log import log_error
from .errors import ActraInputError, ActraLogError
from .policy import Policy, _path
from .types import ActionInput, Decision, PathType

if TYPE_CHECKING:
    from .events import DecisionEvent

__all__ = ["DecisionLog"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


class DecisionLog:
    """A log of decisions that is open for writing, and an observer of decisions.

    Lines are made by the thread that decides, with masks heeded, and written by one of the
    library's. Any number of threads may use a log. In a child of `os.fork` nobody writes: there,
    calls raise `ActraLogError` with the code `forked`, and an observer records nothing; open a log
    under another name in each process that decides.

        with actra.DecisionLog("decisions.jsonl", mask=["actor.email"]) as log:
            runtime.set_decision_observer(log)
            ...
    """

    def __init__(
        self,
        path: PathType,
        *,
        mask: Sequence[str] = (),
        hash: Sequence[str] = (),
        hash_key: str | bytes | None = None,
        fsync: Literal["always", "interval", "never"] | None = None,
        fsync_interval_ms: int | None = None,
        overflow: Literal["block", "drop"] | None = None,
        on_error: Literal["count", "refuse"] | None = None,
        queue_lines: int | None = None,
        queue_bytes: int | None = None,
        max_file_bytes: int | None = None,
        keep_files: int | None = None,
    ) -> None:
        """Opens a log: a new one, or the one that is there, which is verified and continued.

        Args:
            path: The file that is written.
            mask: What is left out of inputs, such as `actor.email` or `action.card.*`.
            hash: Where a keyed hash is written in the place of what is there.
            hash_key: The key of hashes: at least 16 bytes of UTF-8 that nobody can guess.
            fsync: When lines are brought to the disk; every second, unless said otherwise.
            fsync_interval_ms: How often, with `interval`.
            overflow: With a full queue the caller waits (`block`, unless said otherwise), or the
                decision is dropped and counted.
            on_error: While lines cannot be written they are counted as lost (`count`, unless said
                otherwise), or `record` raises.
            queue_lines: Lines that may wait to be written.
            queue_bytes: Bytes that may.
            max_file_bytes: How large a file gets before another is begun; 0: no limit.
            keep_files: How many full files are kept; None: all.

        Raises:
            ActraLogError: The log cannot be opened, or the options do not go together.
        """
        self._path = os.fspath(path)
        options = {
            "mask": _paths("mask", mask),
            "hash": _paths("hash", hash),
            "hash_key": _key(hash_key),
            "fsync": fsync,
            "fsync_interval_ms": fsync_interval_ms,
            "overflow": overflow,
            "on_error": on_error,
            "queue_lines": queue_lines,
            "queue_bytes": queue_bytes,
            "max_file_bytes": max_file_bytes,
            "keep_files": keep_files,
        }
        given = {name: value for name, value in options.items() if value is not None}
        # Codes of failures that were told already.
        self._told: set[str] = set()
        spelled = json.dumps(given).encode("utf-8")
        self._log = _door.door.log_open(_path(self._path), spelled)
        if isinstance(self._log, tuple):
            raise_failure(self._log)
        _LOGS.add(self)

    @property
    def path(self) -> str:
        """The file that is written."""
        return self._path

    def __call__(self, event: DecisionEvent) -> None:
        """Records what an observer is told. It never raises: what cannot be recorded changes
        nothing, is logged (`actra`) once for each reason, and counted in `status`."""
        try:
            micros = (event.timestamp - _EPOCH) // _MICROSECOND - round(event.duration_ms * 1000)
            policy = (event.policy_hash, event.revision)
            self._record(
                event.context, event.decision, event.error, policy, None, micros, event.duration_ms
            )
        except Exception as error:  # noqa: BLE001 - whatever is wrong: the operation goes on
            with suppress(Exception):
                self._tell(error)

    def observer(self) -> Callable[[DecisionEvent], None]:
        """What `set_decision_observer` takes: the log itself."""
        return self

    def record(
        self,
        context: ActionInput | None,
        decision: Decision | None = None,
        *,
        error: BaseException | None = None,
        policy: Policy | None = None,
        id: str | None = None,
        time: datetime | None = None,
        duration_ms: float = 0.0,
    ) -> str:
        """Records a decision, or the error in its place.

        Args:
            context: What was decided: `action`, `actor` and `snapshot`. None: there is none.
            decision: The decision.
            error: Why there is none. Of an `ActraInputError` code and field are recorded, of others
                `host`; never the text.
            policy: The policy that was asked.
            id: The decision's id, of 1 to 128 bytes; None: it gets one.
            time: When deciding began, with its offset from UTC; None: now.
            duration_ms: How long it took, in milliseconds.

        Returns:
            The decision's id, also where it was dropped for want of room.

        Raises:
            ActraLogError: The log does not take it.
            TypeError, ValueError: It is no entry.
        """
        if (decision is None) == (error is None):
            raise TypeError("an entry has either a decision or an error")
        if id is not None and not isinstance(id, str):
            raise TypeError(f"`id` is a {type(id).__name__}, not a str")
        if policy is not None and not isinstance(policy, Policy):
            raise TypeError(f"`policy` is a {type(policy).__name__}, not a Policy")
        if time is None:
            micros = clock.time_ns() // 1000
        elif time.utcoffset() is None:
            raise ValueError("`time` has no offset: say which instant it is, as with `tzinfo=`")
        else:
            micros = (time - _EPOCH) // _MICROSECOND
        known = (None, 0) if policy is None else policy._identity()
        return self._record(context, decision, error, known, id, micros, duration_ms)

    def flush(self) -> None:
        """Waits until all that was recorded before is on the disk.

        Raises:
            ActraLogError: Some of it could not be written.
        """
        self._ask(_door.door.log_flush)

    def rotate(self) -> None:
        """Ends the file and begins another, once all that was recorded before is written.

        Raises:
            ActraLogError: Another file cannot be begun: this one goes on.
        """
        self._ask(_door.door.log_rotate)

    def close(self) -> None:
        """Writes what waits, brings it to the disk and closes the log. Closing again changes
        nothing.

        Raises:
            ActraLogError: Some of it could not be written.
        """
        self._ask(_door.door.log_close)

    def status(self) -> dict[str, Any]:
        """How the log is doing: `path`, `log` (its id), `file` (number), `file_bytes`, `seq` and
        `chain` of the last line that was written, `accepted`, `written`, `synced`, `dropped`,
        `lost`, `refused`, `queued`, `queued_bytes`, `errors`, `failure` (None, or why lines cannot
        be written now), `last_error`, `closed`."""
        told = _door.door.log_status_json(self._log)
        if isinstance(told, tuple):
            raise_failure(told)
        status: dict[str, Any] = json.loads(told)
        return status

    def __enter__(self) -> DecisionLog:  # noqa: PYI034 - Python 3.10 has no `Self`
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"DecisionLog({self._path!r})"

    def _ask(self, what: Callable[[Any], _door.Failure | None]) -> None:
        failure = what(self._log)
        if failure is not None:
            raise_failure(failure)

    def _record(
        self,
        context: object,
        decision: object,
        error: BaseException | None,
        policy: tuple[str | None, int],
        identity: str | None,
        micros: int,
        duration_ms: float,
    ) -> str:
        duration = max(0, round(duration_ms * 1_000_000))
        entry: dict[str, Any] = {"time_us": micros, "duration_ns": duration}
        if identity is not None:
            entry["id"] = identity
        if policy[0] is not None:
            entry["policy_hash"], entry["revision"] = policy
        if decision is not None:
            entry["decision"] = decision
        else:
            entry["error"] = _error(error)
        # The input last, as it is large: its text is made once.
        told = text_of(entry)[:-1]
        if context is not None:
            spelled = text_of(context)
            if not spelled.startswith("{"):
                # Nobody could tell what to mask in it.
                raise TypeError(f"the context is a {type(context).__name__}, not an object")
            told = f'{told},"input":{spelled}'
        found = _door.door.log_record(self._log, (told + "}").encode("utf-8", "replace"))
        if isinstance(found, tuple):
            raise_failure(found)
        return found.decode("utf-8")

    def _tell(self, error: Exception) -> None:
        code = error.code if isinstance(error, ActraLogError) else type(error).__name__
        if code not in self._told:
            self._told.add(code)
            log_error("a decision is not recorded in %s: %s", self._path, error)


def _error(error: BaseException | None) -> dict[str, Any]:
    """Code and field. Its text may hold what is masked."""
    if isinstance(error, ActraInputError):
        return {"code": error.code, "field": error.field}
    return {"code": "host"}


def _paths(name: str, paths: Sequence[str]) -> list[str]:
    if isinstance(paths, str | bytes):
        raise TypeError(f"`{name}` is one path, not a sequence of paths: write `[path]`")
    found = list(paths)
    for path in found:
        if not isinstance(path, str):
            raise TypeError(f"a path of `{name}` is a {type(path).__name__}, not a str")
    return found


def _key(key: str | bytes | None) -> str | None:
    if not isinstance(key, bytes):
        return key
    try:
        return key.decode("utf-8")
    except UnicodeDecodeError:
        # The error would quote the key.
        raise ValueError("`hash_key` is not UTF-8: give its hexadecimal digits") from None


_LOGS: weakref.WeakSet[DecisionLog] = weakref.WeakSet()


def _at_exit() -> None:
    for log in list(_LOGS):
        # In a child of a fork there is nothing to close.
        with suppress(Exception):
            log.close()


atexit.register(_at_exit)
