"""Pages whose code runs: the fenced blocks of a page, in their order, in an empty directory.

- `yaml file=NAME`, `python file=NAME`: written there.
- `python`: run; all of a page share their names.
- `text` right after a `python` block: what that has printed.
- `console`: commands after `$ `, and what they print. The only one is `pytest`.

In what is printed, `...` stands for anything. A block that prints has to be followed by its text.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGES = Path(__file__).resolve().parents[3] / "docs" / "python"

_FENCE = re.compile(r"^```(\S*)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """A fenced block."""

    kind: str
    file: str | None
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"^[ >\t]*(?:```|~~~).*$", text, re.MULTILINE)
    known = [fence for block in _FENCE.finditer(text) for fence in (block[0].split("\n")[0], "```")]
    if fences != known:
        # Or what it holds would be passed by, and nobody would know.
        odd = next((f for f, k in zip(fences, [*known, ""], strict=False) if f != k), "an open one")
        raise AssertionError(f"{page.name}: not a fence that is understood: {odd}")
    return [
        Block(found[1], found[2], found[3], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
    ]


def run(page: Path, directory: Path) -> int:
    """Runs a page, in a directory that is the current one. Says how many blocks ran or held."""
    names: dict[str, Any] = {"__name__": page.stem}
    all_blocks = blocks(page)
    for number, block in enumerate(all_blocks):
        where = f"{page.name}:{block.line}"
        if block.file is not None:
            target = directory / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            after = all_blocks[number + 1] if number + 1 < len(all_blocks) else None
            expected = after.text if after is not None and after.kind == "text" else ""
            _compare(where, expected, _printed(block, names, where))
        elif block.kind == "console":
            for command, expected in _commands(block.text):
                _compare(where, expected, _command(command, directory))
        elif block.kind != "text":
            raise AssertionError(f"{where}: a block of kind `{block.kind}` is not run")
        elif number == 0 or all_blocks[number - 1].kind != "python":
            raise AssertionError(f"{where}: the text of no block")
    return len(all_blocks)


def _printed(block: Block, names: dict[str, Any], where: str) -> str:
    # Tracebacks, and functions that look for their annotations, find the lines where they stand.
    code = compile("\n" * block.line + block.text, where, "exec", dont_inherit=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()


def _commands(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("$ ")[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def _command(command: str, directory: Path) -> str:
    program, *arguments = shlex.split(command)
    assert program == "pytest", command
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def _compare(where: str, expected: str, printed: str) -> None:
    if not _pattern(expected).fullmatch(printed):
        raise AssertionError(f"{where} promises\n{expected}\nand what comes is\n{printed}")


def _pattern(expected: str) -> re.Pattern[str]:
    # A line of nothing but dots is any lines, or none.
    expected = re.sub(r"^\.\.\.\n", "\0", expected, flags=re.MULTILINE)
    parts = re.split(r"(\0|\.\.\.)", expected)
    return re.compile("".join(r"[\s\S]*?" if p in ("\0", "...") else re.escape(p) for p in parts))
