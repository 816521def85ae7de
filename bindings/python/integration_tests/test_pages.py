"""The pages that need other packages: their code runs, and prints what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.append(str(TESTS))

from page_runs import PAGES, run  # noqa: E402 - found where the others are


@pytest.mark.parametrize("page", ["integrations.md", "tables.md"])
def test_the_code_of_the_page_runs_and_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(PAGES / page, tmp_path) > 0
