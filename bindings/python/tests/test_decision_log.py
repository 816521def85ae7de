"""Decision logs from Python."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import context

import actra
from actra import Actra, ActraLogError, ActraRuntime, DecisionEvent, DecisionLog, Policy

CASE = Path(__file__).resolve().parents[3] / "conformance" / "decision_log" / "case.json"


def verified(path: Path) -> list[dict[str, Any]]:
    """The lines of a log's file, as docs/decision-log.md has another program verify them; a last
    line that is not whole is left out."""
    chain = sha256(b"actra decision log, format 1\n").digest()
    lines = []
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n"), 1):
        text, key, tail = line.rpartition(b',"chain":"')
        chain = sha256(chain + text).digest()
        assert key, f"line {number}"
        assert tail == chain.hex().encode() + b'"}', f"line {number}"
        lines.append(json.loads(line))
        assert lines[-1]["seq"] == number
    return lines


def decisions(path: Path) -> list[dict[str, Any]]:
    return [line for line in verified(path) if line["actra"] == "decision"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.jsonl"


def test_the_case_of_all_doors_is_written_byte_for_byte(tmp_path: Path) -> None:
    case = json.loads(CASE.read_text(encoding="utf-8"))
    policy = Actra.from_strings(case["schema"], case["policy"])
    instant = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=case["time_us"])
    decision = policy.evaluate(case["input"])
    error = actra.ActraInputError(case["error"]["code"], case["error"]["field"], "secret")
    for name, outcome in (("line", {"decision": decision}), ("error_line", {"error": error})):
        path = tmp_path / f"{name}.jsonl"
        with DecisionLog(path, **case["options"]) as log:
            told: dict[str, Any] = {"policy": policy, "id": case["id"], "time": instant, **outcome}
            assert log.record(case["input"], **told) == case["id"]
        (line,) = (text for text in path.read_text().splitlines() if '"decision","seq"' in text)
        assert line[line.index('"id":') : line.index(',"duration_ms"')] == case[name]
        assert decisions(path)


def test_it_is_an_observer(runtime: ActraRuntime, path: Path) -> None:
    with DecisionLog(path, mask=["actor.role"]) as log:
        assert log.observer() is log
        runtime.set_decision_observer(log)

        @runtime.admit(action_type="refund")
        def refund(amount: object) -> str:
            return "done"

        begin = datetime.now(timezone.utc)
        assert refund(20) == "done"
        with pytest.raises(actra.ActraApprovalRequired):
            refund(2000)
        with pytest.raises(actra.ActraInputError):
            refund("20")
        log.flush()
        assert log.status()["written"] == 3
    small, large, failed = decisions(path)
    assert small["input"]["action"] == {"type": "refund", "amount": 20}
    assert small["masked"] == ["actor.role"]
    assert small["input"]["actor"] == {}
    assert small["policy_hash"] == runtime.policy.policy_hash()
    assert small["revision"] == 0
    assert small["decision"] == {"effect": "allow", "matched_rule": "small"}
    assert large["decision"]["required_actions"] == [{"role": "manager", "type": "human_approval"}]
    assert failed["decision"] == {"error": {"code": "wrong_type", "field": "action.amount"}}
    assert abs(datetime.fromisoformat(small["time"][:19] + "+00:00") - begin) < timedelta(seconds=9)
    assert 0 < small["duration_ms"] < 9000


def test_answers_of_evaluate_many_are_recorded_as_those_of_each_alone(
    runtime: ActraRuntime, path: Path
) -> None:
    policy = runtime.policy
    # More than cross together.
    contexts: list[Any] = [context(5), context(5000), context("5"), context(None), {}] * 60
    with DecisionLog(path) as log:
        runtime.set_decision_observer(log)
        answers = policy.evaluate_many(contexts)
        assert log.status()["accepted"] == 0, "nobody observes what asks the policy itself"
        for given, answer in zip(contexts, answers, strict=True):
            if isinstance(answer, actra.ActraInputError):
                log.record(given, error=answer, policy=policy)
                continue
            log.record(given, answer, policy=policy)
    lines = decisions(path)
    assert len(lines) == len(contexts)
    for given, line in zip(contexts, lines, strict=True):
        try:
            alone: Any = policy.evaluate(given)
        except actra.ActraInputError as error:
            alone = {"error": {"code": error.code, "field": error.field}}
        assert line["decision"] == alone
        assert line["input"] == given
        assert line["policy_hash"] == policy.policy_hash()


def test_a_resolver_that_fails_is_recorded_without_its_text(
    runtime: ActraRuntime, path: Path
) -> None:
    def resolve(ctx: object) -> dict[str, Any]:
        raise RuntimeError("the secret")

    runtime.set_actor_resolver(resolve)
    with DecisionLog(path) as log:
        runtime.set_decision_observer(log)
        with pytest.raises(RuntimeError):
            runtime.evaluate({"type": "ping"})
    (line,) = decisions(path)
    assert line["decision"] == {"error": {"code": "host", "field": None}}
    assert line["policy_hash"] == runtime.policy.policy_hash()
    assert "secret" not in path.read_text()


@dataclass
class Card:
    number: str
    holder: str


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("the secret")


def test_masks_hide_what_stands_in_objects_of_any_kind(policy: Policy, path: Path) -> None:
    with DecisionLog(path, mask=["*.card.number", "action.token"], overflow="block") as log:
        actor = {"card": Card("4111", "Ada"), 1: 2, ("a",): 3, "odd": Odd(), "nan": float("nan")}
        circle: dict[str, Any] = {"token": "4111", "type": "x", "set": {1}}
        circle["self"] = circle
        circle["when"] = datetime(2026, 1, 2, 3, 4, 5, 500000, timezone(timedelta(hours=1)))
        circle["big"] = 10**5000
        circle["half"] = "\ud800"
        log.record(
            {"action": circle, "actor": actor}, policy.evaluate({"action": {"type": "ping"}})
        )
        for wrong in ("4111", 5, [4111], b"4111"):
            with pytest.raises(TypeError):
                log.record(wrong, {"effect": "allow"})  # type: ignore[arg-type]
    (line,) = decisions(path)
    assert "4111" not in path.read_text()
    assert line["input"]["actor"] == {
        "card": {"holder": "Ada"},
        "1": 2,
        "<builtins.tuple>": 3,
        "odd": f"<{__name__}.Odd>",
        "nan": "NaN",
    }
    assert line["input"]["action"]["when"] == "2026-01-02T02:04:05.5Z"


def test_overflow_drops_and_counts(path: Path) -> None:
    with DecisionLog(path, overflow="drop", queue_lines=1, fsync="always") as log:
        threads = [
            threading.Thread(
                target=lambda: [log.record(None, {"effect": "block"}) for _ in range(2000)]
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    status = log.status()
    written = sum(line["actra"] == "decision" for line in verified(path))
    told = sum(line["count"] for line in verified(path) if line["actra"] == "dropped")
    assert status["dropped"] > 0
    assert status["dropped"] == told
    assert written + told == 8000 == status["accepted"] + status["dropped"]


def test_files_rotate(path: Path) -> None:
    with DecisionLog(path, keep_files=None) as log:
        log.record(None, {"effect": "block"})
        log.rotate()
        log.record(None, {"effect": "block"})
        assert log.status()["file"] == 2
    names = {found.name for found in path.parent.glob("*.jsonl")}
    assert names == {"decisions.jsonl", "decisions.000001.jsonl"}
    assert len(verified(path.with_name("decisions.000001.jsonl"))) == 2


def code_of(what: Callable[[], object]) -> str:
    with pytest.raises(ActraLogError) as caught:
        what()
    assert isinstance(caught.value, actra.ActraError)
    assert str(caught.value) == caught.value.message
    return caught.value.code


def test_a_closed_log_refuses(
    path: Path, runtime: ActraRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    log = DecisionLog(path)
    log.close()
    log.close()
    assert log.status()["closed"] is True
    assert code_of(lambda: log.record(None, {"effect": "block"})) == "closed"
    assert code_of(log.rotate) == "closed"
    runtime.set_decision_observer(log)
    with caplog.at_level(logging.ERROR, "actra"):
        for _ in range(3):
            assert runtime.allow("ping") is True
    assert len(caplog.records) == 1
    assert "closed" in caplog.text
    log(None)  # type: ignore[arg-type]
    with DecisionLog(path) as again:
        assert again.status()["log"] == log.status()["log"]
    assert [line["actra"] for line in verified(path)] == ["log", "closed", "closed"]


def test_a_second_writer_is_locked_out(path: Path) -> None:
    with DecisionLog(path):
        assert code_of(lambda: DecisionLog(path)) == "locked"


def test_hostile_arguments_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert code_of(lambda: DecisionLog(f"{path}\0x")) == "io"
    assert code_of(lambda: DecisionLog(tmp_path / "no" / "log.jsonl")) == "io"
    for options in (
        {"mask": ["nowhere.x"]},
        {"hash": ["actor.name"]},
        {"hash": ["actor.name"], "hash_key": "short"},
        {"fsync": "sometimes"},
        {"fsync": "never", "fsync_interval_ms": 5},
        {"queue_lines": -1},
        {"queue_lines": 0},
        {"max_file_bytes": 1},
        {"overflow": True},
    ):
        assert code_of(lambda: DecisionLog(path, **options)) == "bad_options", options  # noqa: B023
    wrong: list[dict[str, Any]] = [
        {"mask": "actor.email"},
        {"mask": [5]},
        {"mask": None},
        {"fsync": b"never"},
        {"unknown": 1},
    ]
    for options in wrong:
        with pytest.raises(TypeError):
            DecisionLog(path, **options)
    with pytest.raises(ValueError, match="UTF-8"):
        DecisionLog(path, hash_key=b"\xff" * 16)
    with pytest.raises(TypeError):
        DecisionLog(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="UTF-8"):
        DecisionLog("\udcff")
    path.write_text("not a log\n")
    assert code_of(lambda: DecisionLog(path)) == "not_a_decision_log"
    assert path.read_text() == "not a log\n"


def test_hostile_entries_are_errors(path: Path, policy: Policy) -> None:
    block: Any = {"effect": "block"}
    with DecisionLog(path) as log:
        record: Any = log.record
        for arguments, options in (
            ((None,), {}),
            ((None, None), {"error": None}),
            ((None, block), {"error": ValueError()}),
            ((None, block), {"id": 5}),
            ((None, block), {"policy": "x"}),
        ):
            with pytest.raises(TypeError):
                record(*arguments, **options)
        with pytest.raises(ValueError, match="offset"):
            record(None, block, time=datetime(2026, 1, 1))
        for decision in (5, {}, {"effect": "maybe"}, {"effect": "block", "more": 1}, "x"):
            assert code_of(lambda: record(None, decision)) == "bad_entry"  # noqa: B023
        for identity in ("", "x" * 129):
            assert code_of(lambda: record(None, block, id=identity)) == "bad_entry"  # noqa: B023
        before = datetime(1969, 1, 1, tzinfo=timezone.utc)
        assert code_of(lambda: record(None, block, time=before)) == "bad_entry"
        assert record(None, block, id="\0") == "\0"
    assert len(decisions(path)) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_child_of_a_fork_records_nothing(path: Path, runtime: ActraRuntime) -> None:
    log = DecisionLog(path)
    runtime.set_decision_observer(log)
    child = os.fork()
    if child == 0:
        right = runtime.allow("ping") is True
        for what in (log.flush, log.rotate, log.close, lambda: log.record(None, error=OSError())):
            try:
                what()
                right = False
            except ActraLogError as error:
                right = right and error.code == "forked"
        right = right and log.status()["closed"] is True
        del log
        with DecisionLog(path.with_name("child.jsonl")) as own:
            own.record(None, error=OSError())
        os._exit(0 if right else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert runtime.allow("ping") is True
    log.close()
    assert len(decisions(path)) == 1 == len(decisions(path.with_name("child.jsonl")))


LOOP = """
import sys, actra
log = actra.DecisionLog(sys.argv[1], mask=["actor.email"])
context = {"action": {"type": "x"}, "actor": {"email": "ada@example.com"}}
print("writes", flush=True)
while True:
    log.record(context, {"effect": "block"})
"""


def test_a_process_that_is_killed_leaves_a_log_that_verifies_and_goes_on(path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", LOOP, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"writes\n"
    time.sleep(0.4)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    lines = verified(path)
    assert len(lines) > 100
    assert "ada@" not in path.read_text()
    with DecisionLog(path) as log:
        log.record(None, {"effect": "block"})
    again = verified(path)
    assert [line["actra"] for line in again[len(lines) :]] == ["recovered", "decision", "closed"]


def test_a_log_that_is_open_at_the_end_is_closed(path: Path) -> None:
    script = (
        "import sys, actra\n"
        "log = actra.DecisionLog(sys.argv[1])\n"
        "log.record(None, {'effect': 'block'})\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert [line["actra"] for line in verified(path)] == ["log", "decision", "closed"]


@pytest.mark.skipif("ACTRA_COMMAND" not in os.environ, reason="ACTRA_COMMAND names no command")
def test_the_command_verifies_it(path: Path) -> None:
    with DecisionLog(path) as log:
        log.record(None, {"effect": "block"})
    subprocess.run([os.environ["ACTRA_COMMAND"], "log", "verify", str(path)], check=True)


def test_an_event_names_its_policy(runtime: ActraRuntime) -> None:
    events: list[DecisionEvent] = []
    runtime.set_decision_observer(events.append)
    runtime.allow("ping")
    assert events[0].policy_hash == runtime.policy.policy_hash()
    assert events[0].revision == 0
