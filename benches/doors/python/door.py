"""The Python doors of the benchmarks: `door.py ENGINE FOLDER`.

What a door is asked, and how it answers, `benches/src/door.rs` says; what each engine is given, the
README beside this file. Each engine runs in an environment of its own, so that a door has one
engine, and an engine's module is imported for it alone.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from operations import Made
from workload import Workload

ENGINES = {
    "actra": "of_actra",
    "casbin": "of_casbin",
    "cedarpy": "of_cedarpy",
    "cel": "of_cel",
}


def answer(made: Made, words: list[str]) -> str:
    """The answer to a command."""
    match words:
        case ["operations"]:
            return " ".join(made.names)
        case ["decide", name]:
            return "\n".join(made.operation(name).decide())
        case ["run", name, turns]:
            return str(made.operation(name).run(int(turns)))
        case _:
            raise ValueError(f"there is no command `{' '.join(words)}`")


def main() -> None:
    """Answers until its input ends."""
    if len(sys.argv) != 3 or sys.argv[1] not in ENGINES:
        raise SystemExit(f"usage: door.py {'|'.join(ENGINES)} FOLDER")
    engine = importlib.import_module(ENGINES[sys.argv[1]])
    made = Made(engine.operations(Workload(Path(sys.argv[2]))))
    for line in sys.stdin:
        try:
            told = answer(made, line.split())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            told = f"error\t{type(error).__name__}: {error}".replace("\n", " ")
        print(told, flush=True)


if __name__ == "__main__":
    main()
