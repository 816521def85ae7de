#!/usr/bin/env bash
# Builds the doors that this machine can build and measures everything in one run: see `make help`.
# `--peers` builds other engines of the Rust world, too (benches/peers: some 440 packages, minutes);
# where they are built already, they are measured without being asked for. `--quick` takes a few
# minutes and writes nothing, unless `--out FOLDER` names a folder. What else is said goes to the
# program that measures (benches/src/bin/ratios).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_rust
target="${CARGO_TARGET_DIR:-target}"
doors="$target/doors"
mkdir -p "$doors"
arguments=()
peers=no
if [ "${1:-}" = --peers ]; then
    peers=yes
    shift
fi

say "building libactra and the benchmarks"
cargo build --release --locked -p actra-ffi
cargo build --release --locked -p actra-cli
cargo build --release --locked -p actra-benches --bin ratios
arguments+=(--program "actra=$target/release/actra")

say "building the C door"
cc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude benches/doors/c/door.c \
    "$target/release/libactra.a" -lm -lpthread -ldl -lgcc_s -o "$doors/c"
arguments+=(--door "c=$doors/c")
printf 'int main(void) { return 0; }\n' | cc -O2 -x c -o "$doors/empty" -
arguments+=(--program "empty=$doors/empty")

# Go's modules are all that is fetched here. Where they, or a Go that is new enough for them, cannot
# be had, the table says that the door is left out; a door that does not build is an error.
if ! command -v go >/dev/null; then
    say "no Go door: there is no go"
elif ! (cd benches/doors/go && go mod download); then
    say "no Go door: its modules cannot be had"
else
    say "building the Go door"
    scripts/go-lib.sh
    go build -C benches/doors/go -buildvcs=false -o "$(realpath "$doors")/go" .
    arguments+=(--door "go=$doors/go")
fi

# Python's environments are of packages by name and version; what cannot be had is left out.
python_doors="$(ACTRA_LIB_DIR="$(realpath "$target/release")" bash scripts/bench-python.sh "$doors")"
while read -r named; do
    [ -z "$named" ] || arguments+=(--door "$named")
done <<<"$python_doors"

# Built once by --peers, and then kept up with Actra, which is in the same binary.
peers_target="$target/peers"
if [ "$peers" = yes ] || [ -x "$peers_target/release/actra-bench-peers" ]; then
    say "building the Rust peers"
    cargo build --release --locked --manifest-path benches/peers/Cargo.toml --target-dir "$peers_target"
    arguments+=(--door "rust=$peers_target/release/actra-bench-peers")
else
    say "no Rust peers: scripts/bench.sh --peers builds them"
fi

versions="$target/bench-versions.tsv"
bash scripts/bench-versions.sh >"$versions"
arguments+=(--versions "$versions")
figures="$target/bench-figures.tsv"
bash scripts/bench-figures.sh "$doors" >"$figures"
arguments+=(--figures "$figures")

say "measuring"
"$target/release/ratios" "${arguments[@]}" "$@"
say "measured, after $SECONDS s"
