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
# The same profile as the tests, so that nothing is compiled twice.
step "decisions of actra 0.7.8" \
    cargo run --quiet --locked --profile test -p xtask -- compat --cases 300 --inputs 20
step "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
say "all good, after $SECONDS s"
