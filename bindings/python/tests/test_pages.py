"""The pages of docs/python: their code runs, and prints what they say."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from page_runs import PAGES, blocks, run

import actra
from actra import ActraPolicyError, analysis, testing

# Needs other packages: integration_tests runs it.
INTEGRATED = {"integrations.md", "tables.md"}
ALL = sorted(path.name for path in PAGES.glob("*.md"))


@pytest.fixture(autouse=True)
def nothing_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("actra._default._state", {})


@pytest.mark.parametrize("name", [name for name in ALL if name not in INTEGRATED])
@pytest.mark.filterwarnings("default::ResourceWarning")
def test_the_code_of_the_page_runs_and_prints_what_it_says(name: str, tmp_path: Path) -> None:
    assert run(PAGES / name, tmp_path) > 0


def test_a_page_that_promises_otherwise_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for text in (
        "```python\nprint(1)\n```\n```text\n2\n```\n",
        "```python\nprint(1)\n```\n",
        "```python\n1 / 0\n```\n",
        "```text\n1\n```\n",
        "```sh\nls\n```\n",
        # None of these may be passed by.
        "```python title\n1 / 0\n```\n",
        "1. a list\n\n   ```python\n   1 / 0\n   ```\n",
        "~~~python\n1 / 0\n~~~\n",
        "```python\n1\n```\n\n```python\n1 / 0\n",
    ):
        page.write_text(text)
        with pytest.raises((AssertionError, ZeroDivisionError)):
            run(page, tmp_path)
    page.write_text("```python\nprint('one two three')\n```\n```text\none...three\n```\n")
    assert run(page, tmp_path) == 2


def test_the_readme_of_the_package_runs(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parent.parent / "README.md"
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "schema.yaml").write_text(
        "version: 1\nactions: {refund: {fields: {amount: number}}}\n"
        "actor: {fields: {role: string}}\nsnapshot: {fields: {fraud_flag: boolean}}\n"
    )
    (folder / "policy.yaml").write_text(
        "version: 2\nrules:\n"
        "  - {id: fraud, scope: {global: true}, when: snapshot.fraud_flag == true, effect: block}\n"
        "  - {id: lead, scope: {action: refund}, when: actor.role == lead, effect: allow}\n"
    )
    [block] = blocks(page)
    names: dict[str, Any] = {}
    exec(block.text, names)

    def ctx(role: str, *, flagged: bool) -> Any:
        return SimpleNamespace(
            user=SimpleNamespace(role=role), account=SimpleNamespace(flagged=flagged)
        )

    assert names["refund"](5, ctx=ctx("lead", flagged=False)) is None
    for other in (ctx("lead", flagged=True), ctx("support", flagged=False)):
        with pytest.raises(ActraPolicyError):
            names["refund"](5, ctx=other)


CLASSES = (
    *(getattr(analysis, name) for name in analysis.__all__ if name != "diff"),
    actra.Actra,
    actra.ActraArtifactError,
    actra.ActraCompileError,
    actra.ActraContext,
    actra.ActraInputError,
    actra.ActraPolicyError,
    actra.ActraRuntime,
    actra.Decision,
    actra.DecisionEvent,
    actra.Policy,
)


def public_names() -> set[str]:
    names = {*actra.__all__, *actra.errors.__all__, *actra.types.__all__, *testing.__all__}
    names |= {*analysis.__all__}
    for kind in CLASSES:
        inherited = {*dir(dict), *dir(Exception)}
        names |= {name for name in dir(kind) if not name.startswith("_")} - inherited
        names |= set(getattr(kind, "__dataclass_fields__", ()))
    return names


def test_every_public_name_is_in_the_reference() -> None:
    names = public_names()
    assert len(names) > 100
    words = set(re.findall(r"\w+", (PAGES / "reference.md").read_text(encoding="utf-8")))
    assert names - words == set()


@pytest.mark.parametrize(
    ("section", "owner", "least"),
    [
        ("Actra", actra.Actra, 5),
        ("Policy", actra.Policy, 7),
        ("ActraRuntime", actra.ActraRuntime, 15),
        ("Analysis", analysis, 1),
        ("Testing", testing, 4),
    ],
)
def test_parameters_are_those_of_the_reference(section: str, owner: Any, least: int) -> None:
    text = (PAGES / "reference.md").read_text(encoding="utf-8")
    [part] = re.findall(rf"^## {section}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    told: dict[str, str] = {}
    for cell in re.findall(r"^\| (.+?) \|", part, re.MULTILINE):
        told |= re.findall(r"`(\w+)\(([^`]*)\)`", cell)
        shared = re.search(r": `\(([^`]*)\)`$", cell)
        if shared is not None:
            told |= dict.fromkeys(re.findall(r"`(\w+)`", cell), shared[1])
    assert {name: written(getattr(owner, name)) for name in told} == told
    assert len(told) >= least


def written(func: Any) -> str:
    """A signature as the reference has it: without annotations and `self`."""
    words: list[str] = []
    parameters = [p for p in inspect.signature(func).parameters.values() if p.name != "self"]
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not any(w[0] == "*" for w in words):
            words.append("*")
        words.append(str(parameter.replace(annotation=parameter.empty)).replace("'", '"'))
    return ", ".join(words)


def test_every_link_leads_somewhere() -> None:
    for name in ALL:
        text = (PAGES / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            assert (PAGES / link).exists(), (name, link)


def test_every_anchor_is_a_heading() -> None:
    for name in ALL:
        text = (PAGES / name).read_text(encoding="utf-8")
        for link, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", text):
            target = PAGES / link if link else PAGES / name
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
            assert anchor in slugs, (name, link, anchor)


def test_every_page_is_in_the_index() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for name in ALL:
        assert name == "README.md" or f"({name})" in index
        assert blocks(PAGES / name)
