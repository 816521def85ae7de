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
    printf '\n$ actra %s\n' "$*"
    "$actra" "$@" || true
}

say "1. check: $example/schema.yaml says what may be asked about, policy.yaml decides"
show check "$example"

say "2. compile: the same documents give the same bytes on any machine"
show compile "$example" --output "$artifact"

say "3. decide: from the compiled file alone; the YAML is no longer needed"
for input in small_refund large_refund fraud nobody_looked watched_limit wrong_amount; do
    show eval "$artifact" --input "$example/inputs/$input.json"
done
echo
echo "Why each came out as it did: $example/README.md"

say "4. size and time"
"$target/release/xtask" time "$artifact" "$example"/inputs/*.json
