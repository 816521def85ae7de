#!/usr/bin/env bash
# Builds the doors that this machine can build and measures everything in one run: see `make help`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_rust
target="${CARGO_TARGET_DIR:-target}"
doors="$target/doors"
mkdir -p "$doors"
arguments=()

say "building libactra and the benchmarks"
cargo build --release --locked -p actra-ffi
cargo build --release --locked -p actra-benches --bin ratios

say "building the C door"
cc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude benches/doors/c/door.c \
    "$target/release/libactra.a" -lm -lpthread -ldl -lgcc_s -o "$doors/c"
arguments+=(--door "c=$doors/c")

"$target/release/ratios" "${arguments[@]}" "$@"
