"""The pages of docs/python: their code runs, and prints what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from page_runs import PAGES, blocks, run

# Needs other packages: integration_tests runs it.
INTEGRATED = {"integrations.md"}
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
    ):
        page.write_text(text)
        with pytest.raises((AssertionError, ZeroDivisionError)):
            run(page, tmp_path)
    page.write_text("```python\nprint('one two three')\n```\n```text\none...three\n```\n")
    assert run(page, tmp_path) == 2


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
