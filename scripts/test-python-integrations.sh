#!/usr/bin/env bash
# The Python integrations against the real packages, the examples and pages that need them, and types
# and lints of all of it. Heavy: it installs some 150 packages into an environment of its own, which
# stays. ACTRA_LIB_DIR names a directory with a built libactra.a; without it, cargo builds one.
# Arguments go to pytest: `scripts/test-python-integrations.sh -k mcp`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_python
command -v cc >/dev/null || install_packages gcc libc6-dev
[ -n "${ACTRA_LIB_DIR:-}" ] || need_rust

python=bindings/python
tests=$python/integration_tests
venv=${CARGO_TARGET_DIR:-target}/python-integrations

# A new list of packages is a new environment.
wanted=$(cat "$tests/requirements.txt" "$tests/constraints.txt" | sha256sum | cut -d ' ' -f 1)
if [ "$(cat "$venv/wanted" 2>/dev/null)" != "$wanted" ]; then
    say "packages"
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check \
        -r "$tests/requirements.txt" -c "$tests/constraints.txt"
    printf '%s' "$wanted" >"$venv/wanted"
fi
venv=$(cd "$venv" && pwd)

say "actra"
"$venv/bin/pip" uninstall -q -y --disable-pip-version-check actra 2>/dev/null || true
"$venv/bin/pip" install -q --disable-pip-version-check --no-deps "./$python"

cd "$python"
say "lints"
"$venv/bin/ruff" check src/actra/integrations src/actra/pytest_plugin.py src/actra/testing.py \
    integration_tests examples
say "types"
"$venv/bin/mypy" src/actra
(cd examples && "$venv/bin/mypy" --strict --python-version 3.10 ./*.py)
say "tests"
cd integration_tests
exec "$venv/bin/python" -m pytest -q "$@"
