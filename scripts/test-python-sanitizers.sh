#!/usr/bin/env bash
# The Python extension under AddressSanitizer and UBSan: its C parts are built with them, and the tests
# of values, hostile callers, properties, decision logs and questions run both ways into the library,
# with every allocation of Python's own in the sanitizer's sight. ACTRA_LIB_DIR and ACTRA_CONFORMANCE
# are as in scripts/test-python.sh. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

[ -n "${ACTRA_LIB_DIR:-}" ] || need_rust
need_python
command -v cc >/dev/null || install_packages gcc libc6-dev
root="$PWD"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
venv="$root/.tools/python-sanitizers"

say "the extension, with sanitizers"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check \
    -r bindings/python/tools/build.txt -r bindings/python/tools/test.txt
# Nothing that was built without them may be linked again.
rm -rf bindings/python/build
trap 'rm -rf "$root/bindings/python/build"' EXIT
CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1" \
    LDFLAGS="-fsanitize=address,undefined" ACTRA_KEEP_SYMBOLS=1 \
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-build-isolation \
    --force-reinstall --no-deps ./bindings/python
built="$(echo "$venv"/lib/python3*/site-packages/actra/_native*.so)"
checked="$(nm -D "$built" | sed -n '/ __asan_/p' | wc -l)"
[ "$checked" -gt 0 ] || fail "$built was built without AddressSanitizer"

if [ -z "${ACTRA_CONFORMANCE:-}" ]; then
    need_rust
    export ACTRA_CONFORMANCE="$CARGO_TARGET_DIR/conformance.json"
    cargo run --quiet --locked -p xtask -- conformance --json "$ACTRA_CONFORMANCE" >/dev/null
fi
ACTRA_CONFORMANCE="$(realpath "$ACTRA_CONFORMANCE")"
export ACTRA_CONFORMANCE

# Python keeps what it allocates until it ends: leaks are counted by tests/test_leaks.py.
export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1:allocator_may_return_null=1"
export PYTHONMALLOC=malloc
preload="$(cc -print-file-name=libasan.so):$(cc -print-file-name=libubsan.so)"
cd bindings/python
tests="tests/test_values.py tests/test_hostile.py tests/test_properties.py tests/test_wire.py
    tests/test_policy.py tests/test_many.py tests/test_corpus.py tests/test_table.py
    tests/test_decision_log.py tests/test_analysis.py"
for path in accelerator cffi; do
    say "under AddressSanitizer and UBSan, by way of $path"
    # shellcheck disable=SC2086 # a list
    ACTRA_PYTHON_PATH="$path" LD_PRELOAD="$preload" \
        "$venv/bin/python" -X dev -m pytest -q -p no:cacheprovider $tests "$@"
done
