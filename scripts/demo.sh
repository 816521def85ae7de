#!/usr/bin/env bash
# The refund example from YAML to decisions, with the `actra` command as a user has it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_rust
target="${CARGO_TARGET_DIR:-target}"
example="examples/refund"
artifact="$target/demo/refund.actra"
mkdir -p "$target/demo"

say "building the actra command and the timer (release; the first time takes a few minutes)"
cargo build --release --locked -p actra-cli -p xtask
actra="$target/release/actra"

show() {
    printf '$ actra %s\n' "$*"
    "$actra" "$@"
}

# decide INPUT WHAT IT SHOWS
decide() {
    printf '\n# %s\n' "$2"
    show eval "$artifact" --input "$example/inputs/$1.json"
}

say "1. check: $example/schema.yaml says what may be asked about, policy.yaml decides"
show check "$example"

say "2. compile: the same documents give the same bytes on any machine"
show compile "$example" --output "$artifact"

say "3. decide: from the compiled file alone; the YAML is no longer needed"
decide small_refund "nothing stands against it, and a rule allows it"
decide large_refund "two rules ask for approval, and neither hides the other"
decide fraud "a block comes before everything else"
decide nobody_looked "nobody said whether there is fraud: what is not known counts against it"
decide watched_limit "a rule in shadow mode only tells what it would have done"
# An input error is no decision, and the command says so by its status.
decide wrong_amount "the amount is a string: an error, never an allow" && fail "a string passed for a number"

say "4. size and time"
"$target/release/xtask" time "$artifact" "$example"/inputs/*.json
