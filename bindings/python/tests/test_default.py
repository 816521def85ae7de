"""The module-level door, the package as a whole, and notebooks."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import REFUND_POLICY, REFUND_SCHEMA

import actra
from actra import Actra, ActraApprovalRequired, ActraError, ActraPolicyError, Policy, _default


@pytest.fixture(autouse=True)
def no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_default, "_state", {})
    monkeypatch.delenv("ACTRA_POLICY", raising=False)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "schema.yaml").write_text(REFUND_SCHEMA, encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(REFUND_POLICY, encoding="utf-8")
    return tmp_path


def safe(ctx: Any) -> dict[str, Any]:
    return {"fraud_flag": False}


def test_load_sets_what_the_decorators_ask(directory: Path) -> None:
    calls: list[int] = []

    # Decorated before there is a policy.
    @actra.admit()
    def refund(amount: int) -> int:
        calls.append(amount)
        return amount

    @actra.audit("refund")
    def audited(amount: int) -> int:
        return amount

    @actra.admit
    async def ping() -> str:
        return "pong"

    with pytest.raises(ActraError, match="there is no policy"):
        refund(5)
    with pytest.raises(ActraError):
        actra.default_runtime()
    runtime = actra.load(directory)
    assert actra.default_runtime() is runtime
    runtime.set_snapshot_resolver(safe)
    runtime.set_actor_resolver(lambda ctx: {"role": "x"})
    assert refund(5) == 5
    assert asyncio.run(ping()) == "pong"
    with pytest.raises(ActraApprovalRequired):
        refund(5000)
    assert audited(5000) == 5000
    assert calls == [5]
    stricter = Actra.from_strings(REFUND_SCHEMA, "version: 2\nrules: []\n")
    actra.load(stricter)
    with pytest.raises(ActraPolicyError):
        refund(5)


def test_audit_without_a_policy_runs_all_the_same() -> None:
    @actra.audit("refund")
    def refund(amount: int) -> int:
        return amount

    @actra.audit("refund")
    async def waits(amount: int) -> int:
        return amount

    assert refund(5) == 5
    assert asyncio.run(waits(5)) == 5


def test_the_variable_names_a_directory_or_an_artifact(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @actra.admit("refund")
    def refund(amount: int, note: str = "") -> int:
        return amount

    monkeypatch.setenv("ACTRA_POLICY", str(directory / "nowhere"))
    with pytest.raises(FileNotFoundError):
        refund(5)
    artifact = directory / "refund.actra"
    Actra.from_directory(directory).save(artifact)
    for path in (directory, artifact):
        monkeypatch.setattr(_default, "_state", {})
        monkeypatch.setenv("ACTRA_POLICY", str(path))
        with pytest.raises(ActraPolicyError) as caught:
            refund(5)
        assert caught.value.decision.missing == ["snapshot.fraud_flag"]


def test_methods_and_settings_of_the_default_door(directory: Path) -> None:
    class Account:
        @actra.admit("refund", fields=["amount"])
        @classmethod
        def refund(cls, amount: int, currency: Any = 5) -> int:
            return amount

    runtime = actra.load(str(directory))
    runtime.set_snapshot_resolver(safe)
    assert Account.refund(5) == 5
    assert runtime.explain_call(Account.refund, 5000).needs_approval
    with pytest.raises(TypeError):
        actra.admit(fields="amount")
    with pytest.raises(TypeError):
        actra.audit("refund")(7)  # type: ignore[type-var]


def test_the_names_are_there() -> None:
    from actra import errors, events, policy, runtime, types

    assert errors.ActraPolicyError is actra.ActraPolicyError
    assert events.DecisionEvent is actra.DecisionEvent
    assert policy.Policy is actra.Policy
    assert runtime.ActraRuntime is actra.ActraRuntime
    assert types.Decision is actra.Decision
    for name in actra.__all__:
        assert getattr(actra, name) is not None
    user = {"id": 1}
    context = actra.ActraContext(user=user)
    assert (context.user, context.metadata, context.request) == (user, None, None)


def run(code: str, **environment: str) -> str:
    import os

    env = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_actra_imports_nobody_elses_package() -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nimport actra\n"
        "found = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(found - sys.stdlib_module_names - {'actra'}))"
    )
    assert run(code, ACTRA_PYTHON_PATH="accelerator").strip() == "[]"
    assert run(code, ACTRA_PYTHON_PATH="cffi").strip() == "['_cffi_backend']"


@pytest.mark.parametrize(
    "name",
    [
        "errors.ActraPolicyError",
        "events.DecisionEvent",
        "integrations.mcp.ActraMCPAdapter",
        "integrations.mcp.context.ActraMCPContext",
        "policy.Policy",
        "runtime.ActraRuntime",
        "types.Action",
    ],
)
def test_modules_may_be_reached_by_importing_actra_alone(name: str) -> None:
    assert run(f"import actra; print(actra.{name} is not None)").strip() == "True"


def test_modules_that_do_not_exist_are_attribute_errors() -> None:
    for module in ("actra", "actra.integrations", "actra.integrations.mcp"):
        with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
            importlib.import_module(module).nonsense  # noqa: B018


def test_a_way_that_does_not_exist_is_refused() -> None:
    code = "try:\n import actra\nexcept ImportError as error: print(error)"
    assert "may be `accelerator` or `cffi`" in run(code, ACTRA_PYTHON_PATH="rust")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(policy: Policy) -> Reader:
    reader = Reader()
    reader.feed(policy._repr_html_())
    assert not reader.open
    return reader


def test_notebooks_show_rules_and_the_hash(policy: Policy) -> None:
    reader = read(policy)
    assert policy.policy_hash() in reader.text
    for rule in policy.rules:
        assert rule["id"] in reader.text
    assert "require_approval" in reader.text


def test_notebooks_are_shown_no_markup_of_the_policys() -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    policy = Actra.from_strings(
        f'version: 1\nactions: {{"{attack}\'&": {{fields: {{}}}}}}\n',
        f'version: 2\nrules:\n  - id: "{attack}"\n    description: "{attack}&"\n'
        f'    scope: {{action: "{attack}\'&"}}\n    effect: allow\n'
        "  - {id: b, scope: {global: true}, effect: block, message: '\"><b>', mode: shadow}\n",
    )
    reader = read(policy)
    assert not {"script", "img"} & set(reader.tags)
    assert "onerror=alert(2)" in reader.text
    assert "(shadow)" in reader.text


def test_explain_does_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    policy = Actra.from_strings(REFUND_SCHEMA, REFUND_POLICY)
    policy.explain(
        {"action": {"type": "refund", "note": "\x1b[2J\r\nEffect: allow", "x\x07": "\u202e"}}
    )
    told = capsys.readouterr().out
    assert not {"\x1b", "\r", "\x07", "\u202e"} & set(told)
    assert "\\x1b[2J" in told

    class Unsayable:
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    policy.explain({"action": {"type": "refund", "unheard_of": Unsayable()}})
    assert "<Unsayable>" in capsys.readouterr().out
