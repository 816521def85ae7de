"""Policies that are replaced while others decide, and runtimes that follow them."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import actra
from actra import (
    Actra,
    ActraArtifactError,
    ActraCompileError,
    ActraError,
    ActraPolicyError,
    ActraRefusedError,
    ActraRuntime,
    Policy,
    PolicyStore,
    ReloadEvent,
)

SIGNING = Path(__file__).resolve().parents[3] / "conformance" / "signing"
PING = {"action": {"type": "ping"}}


def compiled(rule: str, field: str = "size", effect: str = "allow") -> Policy:
    """A policy of one rule, whose action has one field."""
    schema = f"version: 1\nactions: {{ping: {{fields: {{{field}: integer}}}}}}\n"
    text = f"version: 2\nrules:\n  - {{id: {rule}, scope: {{action: ping}}, effect: {effect}}}\n"
    return Actra.from_strings(schema, text)


def directory(path: Path, rule: str, effect: str = "allow") -> Path:
    path.mkdir(exist_ok=True)
    (path / "schema.yaml").write_text("version: 1\nactions: {ping: {}}\n")
    write_rules(path, rule, effect)
    return path


def write_rules(path: Path, rule: str, effect: str = "allow") -> None:
    (path / "policy.yaml").write_text(
        f"version: 2\nrules:\n  - {{id: {rule}, scope: {{action: ping}}, effect: {effect}}}\n"
    )


def rule(store: PolicyStore) -> str | None:
    return store.policy.evaluate(PING).matched_rule


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.005)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.actra"
    compiled("good").save(path)
    return path


@pytest.fixture
def store(file: Path) -> Iterator[PolicyStore]:
    with PolicyStore(file) as opened:
        yield opened


def test_one_object_stands_for_each_policy_in_force(store: PolicyStore, file: Path) -> None:
    first = store.policy
    assert store.policy is first
    assert store.status()["generation"] == 1
    assert store.reload_if_changed() is None
    assert store.reload() is False
    second = store.policy
    assert second is not first
    assert second.policy_hash() == first.policy_hash()
    compiled("other").save(file)
    assert store.reload_if_changed() is True
    assert rule(store) == "other"
    assert first.evaluate(PING).matched_rule == "good"
    status = store.status()
    assert status["generation"] == 3
    assert status["policy_hash"] == store.policy.policy_hash()
    assert status["program_digest"] == store.policy.program_digest()
    assert (status["failures"], status["failure"], status["watching"]) == (0, None, False)
    status["generation"] = 99
    assert store.status()["generation"] == 3


def half(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def link_to_nowhere(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


def link_to_a_device(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


BAD: list[tuple[Callable[[Path], object], str, type[Exception]]] = [
    (half, "artifact", ActraArtifactError),
    (lambda file: file.write_bytes(b""), "artifact", ActraArtifactError),
    (lambda file: file.write_text("rubbish"), "artifact", ActraArtifactError),
    (Path.unlink, "io", FileNotFoundError),
    (link_to_nowhere, "io", FileNotFoundError),
    (link_to_a_device, "io", OSError),
]


@pytest.mark.parametrize(("spoil", "code", "kind"), BAD)
def test_a_bad_file_keeps_the_last_good_policy(
    file: Path,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[Path], object],
    code: str,
    kind: type[Exception],
) -> None:
    events: list[ReloadEvent] = []
    store = PolicyStore(file, on_reload=events.append)
    policy = store.policy
    spoil(file)
    with caplog.at_level(logging.INFO, "actra"), pytest.raises(kind):
        store.reload_if_changed()
    assert store.policy is policy
    assert rule(store) == "good"
    status = store.status()
    assert (status["generation"], status["failures"]) == (1, 1)
    assert status["failure"]["code"] == code
    assert "stays as it was" in caplog.text
    assert str(file) in caplog.text
    assert store.reload_if_changed() is None, "the same failure once more"
    file.unlink(missing_ok=True)
    compiled("other").save(file)
    caplog.clear()
    with caplog.at_level(logging.INFO, "actra"):
        assert store.reload_if_changed() is True
    assert store.policy.policy_hash() in caplog.text
    assert store.status()["failure"] is None
    failed, replaced = events
    assert isinstance(failed.error, kind)
    assert (failed.changed, failed.status["failures"]) == (False, 1)
    assert (replaced.changed, replaced.error) == (True, None)
    assert replaced.status["generation"] == 2
    assert replaced.duration_ms > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_file_that_may_no_longer_be_read_keeps_the_last_good_policy(file: Path) -> None:
    store = PolicyStore(file)
    file.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        try:
            os.seteuid(65534)
        except OSError:
            pytest.skip("root cannot become somebody else here, and permissions do not bind root")
    try:
        with pytest.raises(PermissionError):
            store.reload()
        assert rule(store) == "good"
        assert store.status()["failure"]["code"] == "io"
    finally:
        if is_root:
            os.seteuid(0)


def test_a_disk_that_is_full_keeps_the_last_good_policy(file: Path) -> None:
    """A limit on the sizes of files cuts off what is written, as a full disk does."""
    store = PolicyStore(file)
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "data = open(sys.argv[1], 'rb').read()\n"
        "import actra\n"
        "try:\n"
        "    actra.Actra.from_artifact(data).save(sys.argv[1])\n"
        "    sys.exit('it was saved')\n"
        "except OSError:\n"
        "    pass\n"
        "with open(sys.argv[1], 'wb', buffering=0) as file:\n"
        "    assert file.write(data) == 100\n"
    )
    subprocess.run([sys.executable, "-c", script, str(file)], check=True)
    assert [path.name for path in file.parent.iterdir()] == [file.name], "nothing is left beside it"
    assert file.stat().st_size == 100
    with pytest.raises(ActraArtifactError):
        store.reload_if_changed()
    assert rule(store) == "good"


def test_documents_must_compile_and_their_tests_must_pass(tmp_path: Path) -> None:
    path = directory(tmp_path / "p", "good")
    (path / "policy_test.yaml").write_text(
        "name: pings\ntests:\n  - {name: all pass, input: {action: {type: ping}}, expect: allow}\n"
    )
    store = PolicyStore(path)
    write_rules(path, "good", effect="block")
    with pytest.raises(ActraRefusedError, match="all pass") as refused:
        store.reload()
    assert refused.value.code == "tests"
    assert rule(store) == "good"
    with pytest.raises(ActraRefusedError):
        PolicyStore(path)
    assert PolicyStore(path, run_tests=False).policy.evaluate(PING).effect == "block"
    (path / "policy.yaml").write_text("version: 2\nrules: [{id: bad, effect: allow}]\n")
    with pytest.raises(ActraCompileError) as failed:
        store.reload()
    assert failed.value.line == 2
    assert store.status()["failure"]["code"] == "compile"
    assert store.status()["failures"] == 2


def test_what_is_asked_of_signatures_and_revisions_is_asked_of_every_policy(tmp_path: Path) -> None:
    path = tmp_path / "p.actra"
    shutil.copy(SIGNING / "signed.actra", path)
    key = SIGNING / "a.pub"
    store = PolicyStore(path, trusted_keys=[key], min_revision=7, never_older=True)
    assert store.status()["revision"] == store.policy.revision() == 7
    shutil.copy(SIGNING / "unsigned.actra", path)
    with pytest.raises(ActraArtifactError) as refused:
        store.reload()
    assert refused.value.code == store.status()["failure"]["code"] == "not_signed"
    strict = PolicyStore(SIGNING / "signed.actra", never_older=True)
    assert strict.policy.revision() == 7
    for options, code in (
        ({"trusted_keys": []}, "not_signed"),
        ({"trusted_keys": [b"no key"]}, "bad_key"),
        ({"min_revision": 8}, "old_revision"),
    ):
        with pytest.raises(ActraArtifactError) as refused:
            PolicyStore(path, **options)  # type: ignore[arg-type]
        assert refused.value.code == code
    with pytest.raises(TypeError):
        PolicyStore(path, min_revision="7")  # type: ignore[arg-type]
    newer = tmp_path / "newer.actra"
    shutil.copy(SIGNING / "signed.actra", newer)
    never = PolicyStore(newer, never_older=True)
    compiled("older").save(newer)
    with pytest.raises(ActraArtifactError) as refused:
        never.reload()
    assert refused.value.code == "old_revision"
    assert never.policy.revision() == 7


def test_without_a_first_policy_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PolicyStore(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="not UTF-8"):
        PolicyStore("\udcff")


def test_observers_that_raise_change_nothing(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    def observer(event: ReloadEvent) -> None:
        raise KeyError(event)

    store = PolicyStore(file, on_reload=observer)
    assert store.reload() is False
    assert "an observer of reloads" in caplog.text


def test_changes_are_noticed_until_nobody_watches(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(directory(tmp_path / "one", "first"))
    with PolicyStore(link) as store:
        with store.watch() as watching:
            assert store.watch() is watching
            assert store.status()["watching"] is True
            write_rules(tmp_path / "one", "second")
            wait_until(lambda: rule(store) == "second", "the change is not noticed")
            (tmp_path / "one" / "policy.yaml").write_text("rules: [")
            wait_until(lambda: store.status()["failure"] is not None, "the failure is not noticed")
            assert rule(store) == "second"
            # As volumes are mounted.
            beside = tmp_path / "beside"
            beside.symlink_to(directory(tmp_path / "two", "third"))
            beside.rename(link)
            wait_until(lambda: rule(store) == "third", "the other link is not noticed")
        assert not watching.is_running()
        assert store.status()["watching"] is False
        write_rules(tmp_path / "two", "fourth")
        time.sleep(0.3)
        assert rule(store) == "third", "nobody watches any more"
        with store.watch():
            wait_until(lambda: rule(store) == "fourth", "watching again finds what has changed")
        store.watch()
    assert store.status()["watching"] is False
    assert rule(store) == "fourth", "a closed store keeps its policy"
    for call in (store.reload, store.reload_if_changed, store.watch):
        with pytest.raises(ActraError, match="closed"):
            call()
    store.close()


def test_an_observer_may_end_the_watching_that_called_it(file: Path) -> None:
    ended = threading.Event()

    def observer(event: ReloadEvent) -> None:
        store.close()
        ended.set()

    store = PolicyStore(file, on_reload=observer)
    store.watch()
    compiled("other").save(file)
    assert ended.wait(60)
    assert rule(store) == "other"


def test_a_runtime_decides_by_the_policy_in_force(store: PolicyStore, file: Path) -> None:
    runtime = ActraRuntime(store)
    assert runtime.policy is store.policy

    @runtime.admit(action_type="ping")
    def ping(size: int = 0, width: int = 0) -> int:
        return size

    assert ping(1) == 1
    compiled("other", field="width", effect="block").save(file)
    store.reload()
    assert runtime.policy is store.policy
    with pytest.raises(ActraPolicyError) as refused:
        ping(1, width=2)
    assert refused.value.matched_rule == "other"
    # What the new schema declares is what the guard reads.
    assert refused.value.context["action"] == {"type": "ping", "width": 2}
    own = compiled("own")
    runtime.policy = own
    compiled("third").save(file)
    store.reload()
    assert runtime.policy is own, "it has left the store"
    assert ActraRuntime(store).policy is store.policy


class Building(ActraRuntime):
    """Builds actions by a method of its own, while another policy comes into force."""

    during: Callable[[], object] = staticmethod(lambda: None)

    def build_action(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self.during()
        return super().build_action(*args, **kwargs)

    def evaluate(self, action: dict[str, Any], ctx: Any = None) -> Any:
        self.during()
        return super().evaluate(action, ctx)


@pytest.mark.parametrize("kind", [ActraRuntime, Building])
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("is_observed", [False, True])
def test_a_call_is_decided_by_the_policy_that_it_was_read_for(
    store: PolicyStore, file: Path, kind: type[ActraRuntime], is_async: bool, is_observed: bool
) -> None:
    runtime = kind(store)
    good = store.policy.policy_hash()

    def replace(*args: Any) -> dict[str, Any]:
        if rule(store) == "good":
            compiled("other", field="width", effect="block").save(file)
            store.reload()
        return {}

    runtime.set_actor_resolver(replace)
    if isinstance(runtime, Building):
        runtime.during = replace
    seen: list[Any] = []
    if is_observed:
        runtime.set_decision_observer(seen.append)

    def size(size: int, width: int) -> str:
        return "ran"

    async def later(size: int, width: int) -> str:
        return "ran"

    guarded: Any = runtime.admit(action_type="ping")(later if is_async else size)

    def call() -> Any:
        return asyncio.run(guarded(1, 2)) if is_async else guarded(1, 2)

    assert call() == "ran", "it was begun under the policy that allows"
    if is_observed:
        assert seen[-1].matched_rule == "good"
        assert seen[-1].action == {"type": "ping", "size": 1}
        assert seen[-1].policy_hash == good
    with pytest.raises(ActraPolicyError) as refused:
        call()
    assert refused.value.context["action"] == {"type": "ping", "width": 2}


@pytest.mark.parametrize("kind", [ActraRuntime, Building])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_call_that_fails_names_the_policy_that_it_was_read_for(
    store: PolicyStore, file: Path, kind: type[ActraRuntime], is_async: bool
) -> None:
    runtime = kind(store)
    good = store.policy.policy_hash()

    def resolve(ctx: Any) -> dict[str, Any]:
        compiled("other", effect="block").save(file)
        store.reload()
        raise OSError

    runtime.set_actor_resolver(resolve)
    seen: list[Any] = []
    runtime.set_decision_observer(seen.append)

    def ping(size: int) -> None: ...

    async def later(size: int) -> None: ...

    guarded: Any = runtime.admit(action_type="ping")(later if is_async else ping)
    with pytest.raises(OSError):
        asyncio.run(guarded(1)) if is_async else guarded(1)
    (event,) = seen
    assert isinstance(event.error, OSError)
    assert event.policy_hash == good != store.policy.policy_hash()


def test_no_decision_is_of_two_policies_however_often_they_are_replaced(
    store: PolicyStore, file: Path
) -> None:
    """Each policy has a field of its own, which the guard reads, and a rule of its own."""
    names = ("size", "width", "height", "depth")
    policies = [compiled(f"by_{name}", field=name) for name in names]
    policies[0].save(file)
    store.reload()
    runtime = ActraRuntime(store)
    seen: list[Any] = []
    wrong: list[Any] = []
    runtime.set_decision_observer(seen.append)

    @runtime.admit(action_type="ping")
    def ping(size: int = 0, width: int = 0, height: int = 0, depth: int = 0) -> None: ...

    is_over = threading.Event()

    def decide() -> None:
        while not is_over.is_set():
            try:
                ping(1, 1, 1, 1)
            except Exception as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=decide) for _ in range(3)]
    swaps = 300
    interval = sys.getswitchinterval()
    # Threads that do nothing but decide let each other go on sooner.
    sys.setswitchinterval(interval / 50)
    try:
        for thread in threads:
            thread.start()
        for at in range(1, swaps + 1):
            policies[at % 4].save(file)
            assert store.reload() is True
            assert store.policy.evaluate(PING).matched_rule == f"by_{names[at % 4]}"
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert not wrong
    assert store.status()["generation"] == swaps + 2
    assert store.status()["failures"] == 0
    assert len(seen) > swaps
    for event in seen:
        (field,) = set(event.action) - {"type"}
        assert event.matched_rule == f"by_{field}"
    assert len({event.matched_rule for event in seen}) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_of_a_fork_goes_on_watching(store: PolicyStore, file: Path) -> None:
    store.watch()
    is_over = threading.Event()

    def reload() -> None:
        while not is_over.is_set():
            store.reload()

    thread = threading.Thread(target=reload)
    thread.start()
    children = []
    for _ in range(5):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                compiled("child").save(file.with_name(f"{os.getpid()}.actra"))
                assert store.status()["watching"]
                store.reload()
                wait_until(lambda: rule(store) == "seen", "the child does not watch")
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    is_over.set()
    thread.join()
    compiled("seen").save(file)
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    wait_until(lambda: rule(store) == "seen", "the parent does not watch any more")


def test_a_program_ends_while_a_store_is_watched(file: Path) -> None:
    script = (
        "import sys, actra\n"
        "store = actra.PolicyStore(sys.argv[1])\n"
        "store.watch()\n"
        "runtime = actra.ActraRuntime(store)\n"
        "print(runtime.evaluate({'type': 'ping'}).matched_rule)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(file)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.stdout, ran.stderr) == ("good\n", "")


def test_stores_are_named_by_the_package() -> None:
    assert "PolicyStore" in dir(actra)
    assert actra.store.PolicyStore is PolicyStore
