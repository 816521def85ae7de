"""Policies that are replaced while others decide."""

from __future__ import annotations

import atexit
import copy
import json
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from . import _door
from ._diagnosis import raise_failure
from ._log import log, log_error, log_info
from ._trust import keys_of, revision_of
from .errors import ActraError
from .policy import Policy, _path
from .types import KeyType, PathType

if TYPE_CHECKING:
    from .events import ReloadEvent
    from .runtime import ActraRuntime

__all__ = ["PolicyStore", "ReloadObserver", "Watching"]

ReloadObserver: TypeAlias = "Callable[[ReloadEvent], object]"

# A watching thread looks so often, in milliseconds, whether it is to end; it is woken before that.
_TURN = 60_000


class PolicyStore:
    """The policy of a directory or an `.actra` file, which is replaced when that changes.

    A new one is compiled or loaded, and tested, off the hot path; then it takes the old one's place
    at once. Where anything is wrong with it the last good one stays in force, and `status`, the log
    (`actra`) and `on_reload` say why. Any number of threads may use a store; those who ask for its
    policy wait for nobody.

        store = actra.PolicyStore("policy")
        runtime = actra.ActraRuntime(store)
        with store.watch():
            ...
    """

    def __init__(
        self,
        path: PathType,
        *,
        trusted_keys: Sequence[KeyType] | None = None,
        min_revision: int = 0,
        never_older: bool = False,
        run_tests: bool = True,
        on_reload: ReloadObserver | None = None,
    ) -> None:
        """Opens the policy: without a first one there is no store.

        Args:
            path: A policy directory, or an `.actra` file. Whoever writes a file writes another one
                beside it and renames it, as `Policy.save` does.
            trusted_keys: Only what one of these has signed comes into force: as of
                `Actra.from_artifact`.
            min_revision: Only this revision, or a later one, comes into force.
            never_older: Only what has the revision of the policy in force, or a later one, takes
                its place.
            run_tests: Whether a directory's `*_test.yaml` have to pass, where there are any.
            on_reload: `on_reload(event)` hears of every reload, refused ones too, after it, on the
                thread that reloads. If it raises, that is logged, and changes nothing.

        Raises:
            OSError: The path, or a key's, cannot be read.
            ActraSchemaError, ActraCompileError, ActraArtifactError: As of `Actra`.
            ActraRefusedError: The policy's own tests fail, or its files went on changing.
        """
        self._path = os.fspath(path)
        flags = _door.STORE_NEVER_OLDER if never_older else 0
        flags |= 0 if run_tests else _door.STORE_WITHOUT_TESTS
        keys, revision = keys_of(trusted_keys), revision_of(min_revision)
        self._on_reload = on_reload
        # Held while the policy is replaced, so that reloads follow one another.
        self._reloading = threading.RLock()
        # Held while runtimes come, go, and are given another policy.
        self._joining = threading.Lock()
        self._runtimes: list[weakref.ref[ActraRuntime]] = []
        self._watching: Watching | None = None
        self._store = _door.door.store_open(_path(self._path), keys, revision, flags)
        if isinstance(self._store, tuple):
            self._raise(self._store)
        self._generation = 0
        self._status: dict[str, Any] = {}
        self._take()
        _STORES.add(self)

    @property
    def path(self) -> str:
        """Where the policy comes from."""
        return self._path

    @property
    def policy(self) -> Policy:
        """The policy in force: the same object until another one takes its place. Who has it may
        use it however long."""
        return self._policy

    def status(self) -> dict[str, Any]:
        """How the store is doing: `path`, `watching`, `generation` (how many policies have come
        into force), `policy_hash`, `program_digest`, `revision`, `since` (seconds since 1970),
        `failures`, and `failure`: None, or why the newest attempt failed, with `time`, `code` and
        `message`."""
        watching = self._watching
        is_watching = watching is not None and watching.is_running()
        return {**copy.deepcopy(self._status), "watching": is_watching}

    def reload(self) -> bool:
        """Loads the policy again and puts it into force.

        Returns:
            Whether it differs from the one before.

        Raises:
            OSError, ActraError: As when the store was opened. The last good policy stays in force.
        """
        return bool(self._reload(_door.door.store_reload))

    def reload_if_changed(self) -> bool | None:
        """Reloads where anything about the files has changed since the last attempt.

        Returns:
            Whether the policy differs from the one before; None: the files have not changed.

        Raises:
            OSError, ActraError: As `reload`.
        """
        return self._reload(_door.door.store_reload_if_changed)

    def watch(self) -> Watching:
        """Reloads when files change, on a thread of its own, until the store is closed or what this
        gives is stopped, which is a context manager: as the operating system tells, and after a
        look every two seconds. A store that is watched stays so. In a child of `os.fork` watching
        goes on."""
        with self._reloading:
            self._check_open()
            if self._watching is None or not self._watching.is_running():
                self._watching = Watching(self)
            return self._watching

    def close(self) -> None:
        """Ends watching. The policy stays what it is: it is not replaced any more."""
        watching = self._watching
        if watching is not None:
            watching.stop()
        with self._reloading:
            self._store = None

    def __enter__(self) -> PolicyStore:  # noqa: PYI034 - Python 3.10 has no `Self`
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"PolicyStore({self._path!r}, generation={self._generation})"

    # --- replacing the policy ---

    def _check_open(self) -> None:
        if self._store is None:
            raise ActraError(f"the store of `{self._path}` is closed")

    def _reload(self, how: Callable[[Any], Any]) -> bool | None:
        with self._reloading:
            self._check_open()
            start = time.perf_counter()
            outcome = how(self._store)
            if outcome == _door.RELOAD_NONE:
                return None
            try:
                if isinstance(outcome, tuple):
                    self._raise(outcome)
                self._take()
            except Exception as error:
                self._status = self._read_status()
                self._tell(False, error, start)
                raise
            self._tell(outcome == _door.RELOAD_REPLACED, None, start)
            return bool(outcome == _door.RELOAD_REPLACED)

    def _take(self) -> None:
        """Brings the library's policy into force here."""
        generation = _door.door.store_generation(self._store)
        handle = _door.door.store_policy(self._store)
        if isinstance(handle, tuple):
            raise_failure(handle)
        policy = Policy(handle)
        status = self._read_status()
        with self._joining:
            self._policy, self._status, self._generation = policy, status, generation
            followers = []
            for reference in self._runtimes:
                runtime = reference()
                if runtime is not None:
                    followers.append(reference)
                    runtime._follow(self, policy)
            self._runtimes = followers

    def _read_status(self) -> dict[str, Any]:
        told = _door.door.store_status_json(self._store)
        if isinstance(told, tuple):
            raise_failure(told)
        status: dict[str, Any] = json.loads(told)
        return status

    def _raise(self, failure: _door.Failure) -> NoReturn:
        if failure[0] == _door.STATUS_IO_ERROR and failure[1] == "io":
            # Python's own error says what can be told apart.
            os.stat(self._path)
            if os.path.isfile(self._path):
                with open(self._path, "rb"):
                    pass
            raise OSError(failure[2])
        raise_failure(failure, os.path.join(self._path, "schema.yaml"))

    def _tell(self, changed: bool, error: Exception | None, start: float) -> None:
        if error is not None:
            log_error("the policy of %s stays as it was: %s", self._path, error)
        elif changed:
            log_info("policy %s of %s is in force", self._status["policy_hash"], self._path)
        if self._on_reload is None:
            return
        from .events import ReloadEvent

        duration = (time.perf_counter() - start) * 1000
        try:
            self._on_reload(ReloadEvent(changed, error, self.status(), duration_ms=duration))
        except Exception:  # noqa: BLE001 - whatever the observer's code does
            log("an observer of reloads raised an exception")

    # --- runtimes ---

    def _join(self, runtime: ActraRuntime) -> None:
        """From now on, the runtime decides by the policy in force."""
        with self._joining:
            self._runtimes.append(weakref.ref(runtime))
            runtime._follow(self, self._policy)

    def _leave(self, runtime: ActraRuntime) -> None:
        with self._joining:
            self._runtimes = [known for known in self._runtimes if known() is not runtime]

    # --- forks ---

    def _before_fork(self) -> None:
        self._reloading.acquire()
        self._joining.acquire()

    def _after_fork(self) -> None:
        self._joining.release()
        self._reloading.release()


class Watching:
    """A thread that reloads a store when its files change."""

    def __init__(self, store: PolicyStore) -> None:
        """For `PolicyStore.watch`'s own use."""
        self._store = store
        self._ended = threading.Event()
        self._begin()

    def _begin(self) -> None:
        self._changes = _door.door.changes_open(self._store._store)
        if isinstance(self._changes, tuple):
            raise_failure(self._changes)
        self._thread = threading.Thread(target=self._run, name="actra-store", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            look = _door.door.changes_wait(self._changes, _TURN)
            if look is not True or self._ended.is_set():
                continue
            # What fails was logged and told, and stands in the store's status.
            with suppress(Exception):
                self._store.reload_if_changed()

    def is_running(self) -> bool:
        """Whether files are watched."""
        return self._thread.is_alive() and not self._ended.is_set()

    def stop(self) -> None:
        """Ends watching, and waits for a reload that is under way. Stopping again does nothing."""
        self._ended.set()
        _door.door.changes_wake(self._changes)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> Watching:  # noqa: PYI034 - Python 3.10 has no `Self`
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _again(self) -> None:
        """In a child of a fork, which has no thread but one. The parent's may have been anywhere in
        what it waits with, so that this is neither used nor freed."""
        if not self._ended.is_set():
            _ABANDONED.append(self._changes)
            self._ended = threading.Event()
            self._begin()


_STORES: weakref.WeakSet[PolicyStore] = weakref.WeakSet()
_ABANDONED: list[Any] = []
_FORKING: list[PolicyStore] = []


def _before_fork() -> None:
    """Nobody is in the middle of a reload: the child could not end it."""
    stores = sorted(_STORES, key=id)
    for store in stores:
        store._before_fork()
    _FORKING[:] = stores


def _after_fork() -> None:
    for store in _FORKING:
        store._after_fork()
    _FORKING.clear()


def _after_fork_in_child() -> None:
    stores = list(_FORKING)
    _after_fork()
    for store in stores:
        if store._watching is not None:
            try:
                store._watching._again()
            except Exception:  # noqa: BLE001 - the child goes on with the policy that it has
                log("the store of %s is not watched in this process", store._path)


def _at_exit() -> None:
    for store in list(_STORES):
        if store._watching is not None:
            store._watching.stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork,
        after_in_child=_after_fork_in_child,
    )

# Before threads that wait lose their interpreter.
atexit.register(_at_exit)
