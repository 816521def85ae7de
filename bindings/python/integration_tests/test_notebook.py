"""The example notebook, executed by nbconvert in a real kernel."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
HOSTILE = "<script>alert('actra')</script><img src=x onerror=alert(1)>"


def executed(notebook: Any) -> Any:
    ExecutePreprocessor(timeout=120, kernel_name="python3").preprocess(
        notebook, {"metadata": {"path": str(EXAMPLES)}}
    )
    return notebook


def outputs(notebook: Any) -> list[list[Any]]:
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def example() -> Any:
    return executed(nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4))


def test_the_example_has_no_outputs_of_some_earlier_run() -> None:
    fresh = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)
    assert all(not cell_outputs for cell_outputs in outputs(fresh))


def test_a_policy_is_shown_as_html_with_its_rules_and_its_hash(example: Any) -> None:
    from actra import Actra

    policy = Actra.from_directory(EXAMPLES / "policies" / "refunds")
    [shown] = outputs(example)[0]
    assert shown.data["text/html"] == policy._repr_html_()
    assert shown.data["text/plain"] == repr(policy)
    for rule in policy.rules:
        assert rule["id"] in shown.data["text/html"]


def test_the_cells_say_what_their_texts_promise(example: Any) -> None:
    _, decision, border, why, changes = outputs(example)
    assert decision[0].data["text/plain"] == "{'effect': 'allow', 'matched_rule': 'support'}"
    assert border[0].text.splitlines() == [
        "    1  allow             support",
        "  499  allow             support",
        "  500  allow             support",
        "  501  require_approval  large",
        " 5000  require_approval  large",
    ]
    assert "action.amount > 500  900" in why[0].text
    assert changes[0].text.splitlines() == [
        "400 allow -> require_approval",
        "500 allow -> require_approval",
    ]


class Tags(HTMLParser):
    """The scripts and images of a page, and the text outside of them."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.text = ""
        self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_script = tag == "script"
        if tag == "script":
            self.scripts.append("")
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False

    def handle_data(self, data: str) -> None:
        if self._is_script:
            self.scripts[-1] += data
        else:
            self.text += data


def test_a_policys_names_and_texts_do_not_run_in_the_page_that_comes_out() -> None:
    source = f"""
from actra import Actra

hostile = {HOSTILE!r}
Actra.from_strings(
    f'version: 1\\nactions: {{{{"{{hostile}}": {{{{}}}}}}}}\\n',
    'version: 2\\nrules:\\n'
    f'  - {{{{id: "{{hostile}}", scope: {{{{action: "{{hostile}}"}}}}, effect: allow,'
    f' description: "{{hostile}}", message: "{{hostile}}"}}}}\\n',
)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    executed(notebook)
    [shown] = notebook.cells[0].outputs
    assert "<script" not in shown.data["text/html"]
    assert "<img" not in shown.data["text/html"]
    # What a reader gets: the page as nbconvert writes it.
    page, _ = HTMLExporter(exclude_input=True).from_notebook_node(notebook)
    tags = Tags()
    tags.feed(page)
    assert not any("alert" in script for script in tags.scripts)
    assert not any("onerror" in image for image in tags.images)
    assert HOSTILE in tags.text
