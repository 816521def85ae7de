#!/usr/bin/env bash
# The conformance cases through the C ABI, under AddressSanitizer and UBSan. `UPDATE=1` keeps how many
# comparisons there were: read the difference.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

need_c
need_libactra
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
tests=bindings/c/tests
counts=$tests/conformance.counts

# `CORPUS` names a corpus that has been written already.
corpus="${CORPUS:-$work/corpus.json}"
if [ -z "${CORPUS:-}" ]; then
    need_rust
    cargo run --quiet --locked -p xtask -- conformance --json "$corpus" >/dev/null
fi
cc $c_warnings $sanitizers -Iinclude $tests/conformance.c $tests/json.c $tests/outcome.c $tests/walker.c \
    "$lib/libactra.a" $static_libs -o "$work/conformance"
mkdir "$work/documents"
"$work/conformance" "$corpus" $counts "$work/documents" ${UPDATE:+--write}
cc $c_warnings $sanitizers -Iinclude $tests/signing.c $tests/json.c "$lib/libactra.a" $static_libs -o "$work/signing"
"$work/signing" conformance/signing
