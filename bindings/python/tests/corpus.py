"""The conformance cases, as `xtask conformance --json` writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "ACTRA_CONFORMANCE"


def text(pieces: Any) -> str:
    if isinstance(pieces, str):
        return pieces
    return "".join(
        piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in pieces
    )


def tree(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$number"}:
            digits = value["$number"]
            return float(digits) if digits in ("nan", "inf", "-inf") else int(digits)
        return {key: tree(member) for key, member in value.items()}
    if isinstance(value, list):
        return [tree(item) for item in value]
    return value


@dataclass
class Case:
    file: str
    name: str
    data: dict[str, Any]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self.data.get("compile", {}).get("errors", [])

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return self.data.get("compile", {}).get("warnings", [])

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def cases() -> Iterator[Case]:
    path = Path(os.environ[VARIABLE])
    for file, members in json.loads(path.read_text(encoding="utf-8")).items():
        for member in members:
            yield Case(file, member["name"], member)
