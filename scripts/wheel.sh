#!/usr/bin/env bash
# The Python wheel: libactra inside, for any CPython from 3.10 on. Ends by printing its path.
#
# ACTRA_LIB_DIR names a directory with a built libactra.a; without it cargo builds the library.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# Python's own headers, for the extension.
need_python_headers() {
    local header='import sysconfig, pathlib; print(pathlib.Path(sysconfig.get_path("include"), "Python.h"))'
    [ -f "$(python3 -c "$header")" ] || install_packages python3-dev
    command -v cc >/dev/null || install_packages gcc libc6-dev
}

[ -n "${ACTRA_LIB_DIR:-}" ] || need_rust
need_python
need_python_headers
command -v objdump >/dev/null || install_packages binutils

root="$PWD"
wheels="${CARGO_TARGET_DIR:-$root/target}/wheels"
tools="$root/.tools/python-build"
[ -x "$tools/bin/python" ] || python3 -m venv "$tools"
say "tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check -r bindings/python/tools/build.txt

say "the wheel"
rm -rf "$wheels"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
"$tools/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --wheel-dir "$wheels" bindings/python
"$tools/bin/python" bindings/python/tools/tag_wheel.py "$wheels"/*.whl
