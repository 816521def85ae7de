"""Builds libactra with cargo, and the extension over it.

One shared object holds two modules with one libactra between them: `actra._native`, which needs
Python's limited API only, and `actra._native_cffi`, which cffi writes.

`ACTRA_LIB_DIR` names a directory with a `libactra.a` that is built already, and
`ACTRA_INCLUDE_DIR` one with its `actra.h`.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
IS_CPYTHON = platform.python_implementation() == "CPython"
# A build of Python without the GIL has no limited API.
IS_LIMITED = IS_CPYTHON and not sysconfig.get_config_var("Py_GIL_DISABLED")
LIMITED_API = "0x030A0000"

sys.path.insert(0, str(HERE / "native"))


def version() -> str:
    """The workspace's."""
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "([^"]+)"', manifest, re.MULTILINE)
    if found is None:
        raise SystemExit("error: Cargo.toml names no version")
    return found.group(1)


def library(build: Path) -> Path:
    """The directory of libactra.a, which cargo builds unless it is named."""
    given = os.environ.get("ACTRA_LIB_DIR")
    if given:
        return Path(given)
    if not (ROOT / "crates" / "actra-ffi" / "Cargo.toml").is_file():
        raise SystemExit("error: libactra is built from a checkout of the whole repository")
    if shutil.which("cargo") is None:
        raise SystemExit(
            "error: cargo is missing: install Rust 1.88 or later (https://rustup.rs), "
            "or name a built library with ACTRA_LIB_DIR"
        )
    target = Path(os.environ.get("CARGO_TARGET_DIR") or build / "cargo").absolute()
    command = ["cargo", "build", "--release", "--locked", "-p", "actra-ffi"]
    subprocess.run([*command, "--target-dir", str(target)], cwd=ROOT, check=True)
    return target / "release"


class BuildNative(build_ext):
    """Writes cffi's source, and links libactra into the extension."""

    def build_extension(self, ext: Extension) -> None:
        """Called once: there is one extension."""
        from cffi_module import builder

        build = Path(self.build_temp)
        build.mkdir(parents=True, exist_ok=True)
        source = build / "native_cffi.c"
        builder().emit_c_code(str(source))
        ext.sources.append(str(source))
        archive = str(library(build) / "libactra.a")
        ext.extra_objects.append(archive)
        # What was linked before is linked again with another library.
        ext.depends.append(archive)
        super().build_extension(ext)

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """Those of the version script."""
        return []


class Wheel(bdist_wheel):
    """Names what the wheel runs on: any CPython from 3.10 on, where it can be said."""

    def finalize_options(self) -> None:
        """Asks for the limited API's tag."""
        if IS_LIMITED:
            self.py_limited_api = "cp310"
        super().finalize_options()


def extension() -> Extension:
    """The shared object."""
    include = os.environ.get("ACTRA_INCLUDE_DIR") or str(ROOT / "include")
    sources = ["walker.c", "marshalled.c"]
    macros: list[tuple[str, str | None]] = []
    if IS_CPYTHON:
        sources += [
            "objects.c",
            "decision.c",
            "base.c",
            "arrow.c",
            "capsules.c",
            "store.c",
            "log.c",
            "ask.c",
            "accelerator.c",
        ]
    if IS_LIMITED:
        macros.append(("Py_LIMITED_API", LIMITED_API))
    return Extension(
        "actra._native" if IS_CPYTHON else "actra._native_cffi",
        sources=[os.path.relpath(HERE / "native" / name, HERE) for name in sources],
        include_dirs=[include, str(HERE / "native")],
        define_macros=macros,
        # Nothing but the modules' entries is to be seen: another libactra in the process, say one
        # that a C extension brings along, is left alone.
        extra_compile_args=["-std=gnu11", "-O2", "-fvisibility=hidden", "-Wall", "-Wextra"],
        extra_link_args=[
            "-Wl,--exclude-libs,ALL",
            "-Wl,--gc-sections",
            "-Wl,-z,defs" if not IS_CPYTHON else "-Wl,--as-needed",
            *([] if os.environ.get("ACTRA_KEEP_SYMBOLS") else ["-s"]),
        ],
        libraries=["m", "pthread", "dl"],
        depends=[str(path) for path in sorted((HERE / "native").glob("*.[ch]"))],
        py_limited_api=IS_LIMITED,
    )


setup(
    version=version(),
    ext_modules=[extension()],
    cmdclass={"build_ext": BuildNative, "bdist_wheel": Wheel},
)
