#!/usr/bin/env bash
# The Python binding: built as a wheel, installed without Rust in reach, tested both ways into the
# library, and held against the actra 0.7.8 package.
#
# ACTRA_LIB_DIR names a directory with a built libactra.a, ACTRA_CONFORMANCE the conformance cases as
# JSON; without them cargo builds the library and exports the cases. PYTHONS names the Pythons whose
# smoke tests run, besides the first; ACTRA_EXAMPLES, ACTRA_COMPAT_CASES and `-m long` do more.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_python
root="$PWD"
target="${CARGO_TARGET_DIR:-$root/target}"
binding="$root/bindings/python"
venv="$root/.tools/python-test"
old="$root/.tools/python-0.7.8"

bash scripts/wheel.sh
wheel="$(ls "$target"/wheels/*.whl)"

if [ -z "${ACTRA_CONFORMANCE:-}" ]; then
    say "conformance cases"
    need_rust
    export ACTRA_CONFORMANCE="$target/conformance.json"
    cargo run --quiet --locked -p xtask -- conformance --json "$ACTRA_CONFORMANCE"
fi
# Tests run in the binding's own folder.
ACTRA_CONFORMANCE="$(realpath "$ACTRA_CONFORMANCE")"
export ACTRA_CONFORMANCE

# Where the command is built, it verifies a log that Python has written.
[ -n "${ACTRA_COMMAND:-}" ] || [ ! -x "$target/debug/actra" ] || export ACTRA_COMMAND="$target/debug/actra"

say "environments"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$binding/tools/test.txt"
"$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
if ! "$old/bin/python" -c "import actra" 2>/dev/null; then
    python3 -m venv --clear "$old"
    "$old/bin/pip" install --quiet --disable-pip-version-check actra==0.7.8
fi
export ACTRA_078_PYTHON="$old/bin/python"

say "a fresh environment without Rust"
smoke() {
    local fresh="$target/python-fresh"
    "$1" -m venv --clear "$fresh"
    env -i PATH="$fresh/bin:/usr/bin:/bin" HOME="$HOME" \
        "$fresh/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$wheel"
    (cd / && env -i PATH="$fresh/bin:/usr/bin:/bin" "$fresh/bin/python" "$binding/tests/smoke.py")
    rm -rf "$fresh"
}
smoke python3
for python in ${PYTHONS:-}; do
    smoke "$python"
done

say "types and style"
cd "$binding"
"$venv/bin/ruff" format --check --quiet .
"$venv/bin/ruff" check --quiet .
# The benchmarks' doors from Python, by the same rules.
"$venv/bin/ruff" format --check --quiet --config pyproject.toml "$root/benches/doors/python"
"$venv/bin/ruff" check --quiet --config pyproject.toml "$root/benches/doors/python"
# The integrations' types are checked where their packages are: scripts/test-python-integrations.sh.
"$venv/bin/mypy" --strict --no-error-summary --follow-imports=silent src/actra/*.py src/actra/*.pyi tests/typed.py

for path in accelerator cffi; do
    say "tests, by way of $path"
    ACTRA_PYTHON_PATH="$path" "$venv/bin/python" -m pytest -q -p no:cacheprovider "$@"
done
