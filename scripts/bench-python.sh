#!/usr/bin/env bash
# The Python doors of the benchmarks: `scripts/bench-python.sh FOLDER` puts a command for each into the
# folder, and ends by printing `NAME=COMMAND` of those that there are. Each has an environment of its
# own, of packages by name and version (benches/doors/python/requirements); one that cannot be had is
# left out. Actra is its wheel, with the libactra that is in ACTRA_LIB_DIR.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

root="$PWD"
door="$root/benches/doors/python"
folder="$(realpath "$1")"
: "${ACTRA_LIB_DIR:?names the folder of libactra.a}"

# What is printed is for scripts; what is said, for people.
exec 3>&1 1>&2

# environment NAME REQUIREMENTS: makes it, unless it is there and has what is required.
environment() {
    local venv="$root/.tools/$1" requirements="$door/requirements/$2.txt"
    cmp -s "$requirements" "$venv/requirements.txt" && return
    say "an environment for $2"
    rm -rf "$venv"
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" &&
        cp "$requirements" "$venv/requirements.txt"
}

# door NAME ENVIRONMENT ENGINE [PATH]: a command that takes a workload's folder. PATH is the way into
# libactra.
door() {
    {
        printf '#!/bin/sh\n'
        printf 'exec env -u PYTHONPATH ACTRA_PYTHON_PATH=%s "%s" "%s" %s "$@"\n' \
            "${4:-}" "$root/.tools/$2/bin/python" "$door/door.py" "$3"
    } >"$folder/$1"
    chmod +x "$folder/$1"
    printf '%s=%s\n' "$1" "$folder/$1" >&3
}

if ! command -v python3 >/dev/null; then
    say "no Python doors: there is no python3"
    exit
fi
need_python

# What the wheel is built with is asked for first: where it cannot be had, there is no door; a wheel
# that does not build is an error.
tools="$root/.tools/python-build"
[ -x "$tools/bin/python" ] || python3 -m venv "$tools"
if ! environment bench-actra actra ||
    ! "$tools/bin/pip" install --quiet --disable-pip-version-check -r bindings/python/tools/build.txt; then
    say "no Python doors: what Actra's wheel is built with cannot be had"
    exit
fi
bash scripts/wheel.sh
"$root/.tools/bench-actra/bin/pip" install --quiet --disable-pip-version-check --force-reinstall \
    --no-deps "${CARGO_TARGET_DIR:-$root/target}"/wheels/*.whl
door python bench-actra actra accelerator
door python-cffi bench-actra actra cffi

for peer in "0.7.8 actra-0.7.8 actra" "cedarpy cedarpy cedarpy" "cel cel cel" "casbin casbin casbin"; do
    read -r name requirements engine <<<"$peer"
    if environment "bench-$requirements" "$requirements"; then
        door "python-$name" "bench-$requirements" "$engine"
    else
        say "no door to $requirements: its packages cannot be had"
        rm -rf "$root/.tools/bench-$requirements"
    fi
done
