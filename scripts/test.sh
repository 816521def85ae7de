#!/usr/bin/env bash
# Everything that has to hold, in the order in which it fails soonest: see `make help`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

step() {
    say "$1"
    shift
    local start=$SECONDS
    "$@"
    printf '    %s s\n' "$((SECONDS - start))"
}

need_rust
need_python
need_c
need_go
target="${CARGO_TARGET_DIR:-target}"
xtask="$target/debug/xtask"

step "format" cargo fmt --all --check
step "tests" cargo test --workspace --locked
# The tests of xtask have built it.
step "decisions of actra 0.7.8" "$xtask" compat
step "examples need each of their rules" "$xtask" needed
step "examples' pages" "$xtask" readme-check
step "the C header" "$xtask" header --check
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
step "lints without the compiler" \
    cargo clippy -p actra -p actra-ffi --no-default-features --locked -- -D warnings
step "replay of Parquet" cargo test -p actra-cli --features parquet --locked replay
step "lints with Parquet" \
    cargo clippy -p actra-cli --features parquet --all-targets --locked -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" \
    cargo doc --workspace --exclude actra-ffi --lib --no-deps --locked

step "lock files of the workspaces beside" bash scripts/locks.sh
step "libactra" need_libactra
export ACTRA_LIB="$lib"
"$xtask" conformance --json "$target/conformance.json" >/dev/null
export ACTRA_CONFORMANCE="$target/conformance.json"
step "libactra: symbols and ABI" bash scripts/abi.sh check
step "libactra: changes of the ABI are found" bash scripts/abi.sh self-test
step "libactra: hostile callers, threads, allocations" bash scripts/test-c.sh
step "libactra: actra.hpp" bash scripts/test-hpp.sh
step "libactra: conformance cases from C" \
    env CORPUS="$ACTRA_CONFORMANCE" bash scripts/test-conformance-c.sh
step "libactra: examples in C and C++" bash scripts/test-examples-c.sh
step "libactra: the guide for C and C++" bash scripts/test-docs-c.sh
step "libactra: runtime-only" bash scripts/test-runtime-only.sh
step "libactra: installed" bash scripts/test-install.sh
step "Go" bash scripts/test-go.sh
step "Go service" bash scripts/test-go-service.sh
step "Python" env ACTRA_LIB_DIR="$lib" bash scripts/test-python.sh
step "instructions per decision" bash scripts/callgrind.sh
say "all good, after $SECONDS s"
