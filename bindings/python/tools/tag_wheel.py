"""Gives a wheel the manylinux tag that it has a right to, by the libraries and symbols it asks for.

    python tag_wheel.py dist/actra-0.8.0-cp310-abi3-linux_x86_64.whl

A wheel that asks for symbols of a glibc runs on that one and newer ones (PEP 600). What else it
asks for must be among the libraries that every such system has.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# Of PEP 600's list, what an extension like this one may ask for.
LIBRARIES = re.compile(r"lib(c|m|dl|pthread|rt|gcc_s)\.so\.\d+|ld-linux[-\w]*\.so\.\d+")
OLDEST = (2, 17)


def said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def glibc_of(shared_object: Path) -> tuple[int, int]:
    """The oldest glibc that the file runs on."""
    needed = re.findall(r"NEEDED\s+(\S+)", said("objdump", "-p", shared_object))
    foreign = [name for name in needed if not LIBRARIES.fullmatch(name)]
    if foreign:
        raise SystemExit(f"error: {shared_object.name} needs {', '.join(foreign)}")
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", said("objdump", "-T", shared_object))
    return max([OLDEST, *((int(major), int(minor)) for major, minor in versions)])


def main(wheel: Path) -> None:
    with tempfile.TemporaryDirectory() as directory, zipfile.ZipFile(wheel) as archive:
        objects = [name for name in archive.namelist() if name.endswith(".so")]
        if not objects:
            raise SystemExit(f"error: {wheel.name} has no extension")
        archive.extractall(directory, objects)
        major, minor = max(glibc_of(Path(directory) / name) for name in objects)
    machine = wheel.stem.rpartition("-linux_")[2]
    if machine == wheel.stem:
        raise SystemExit(f"error: {wheel.name} has no linux tag to replace")
    tag = f"manylinux_{major}_{minor}_{machine}"
    said(sys.executable, "-m", "wheel", "tags", "--remove", "--platform-tag", tag, wheel)
    print(wheel.parent / wheel.name.replace(f"linux_{machine}", tag))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
