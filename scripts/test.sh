#!/usr/bin/env bash
# Everything that has to hold, in the order in which it fails soonest: see `make help`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

step() {
    say "$1"
    shift
    local start=$SECONDS
    "$@"
    printf '    %s s\n' "$((SECONDS - start))"
}

need_rust
need_python

step "format" cargo fmt --all --check
step "tests" cargo test --workspace --locked
# The tests of xtask have built it.
step "decisions of actra 0.7.8" "${CARGO_TARGET_DIR:-target}/debug/xtask" compat
step "examples need each of their rules" "${CARGO_TARGET_DIR:-target}/debug/xtask" needed
step "examples' pages" "${CARGO_TARGET_DIR:-target}/debug/xtask" readme-check
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --lib --no-deps --locked
say "all good, after $SECONDS s"
