#!/usr/bin/env bash
# What is counted rather than timed, as lines of `benches/src/figures.rs`: sizes of libactra, memory and
# allocations. `scripts/bench-figures.sh [FOLDER]`: the folder is that of the doors of scripts/bench.sh,
# of which C's is watched by Valgrind and Rust's peers are counted where they were built.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

# What is printed is for scripts; what is said, for people.
exec 3>&1 1>&2

need_rust
target="${CARGO_TARGET_DIR:-target}"
doors="${1:-$target/doors}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# figure WHAT VALUE UNIT MOST COMMAND
figure() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >&3; }

stripped() {
    cp "$1" "$work/stripped"
    strip --strip-unneeded "$work/stripped"
    stat -c %s "$work/stripped"
}

say "counting sizes"
command -v strip >/dev/null || install_packages binutils
need_libactra
figure "libactra.so, stripped" "$(stripped "$lib/libactra.so")" bytes - "scripts/install.sh install"
need_runtime_only_libactra
figure "libactra.so, runtime-only, stripped" "$(stripped "$lib/libactra.so")" bytes - \
    "RUNTIME_ONLY=1 scripts/install.sh install"

say "counting memory and allocations"
cargo build --release --locked -p actra-benches --bin counted --bin workload
"$target/release/counted" >&3
for workload in guard roles-1000; do
    "$target/release/workload" "$workload" "$work/$workload"
done
peers="$target/peers/release/actra-bench-peers-counted"
if [ -x "$peers" ]; then
    "$peers" "$work/guard" "$work/roles-1000" >&3
fi

# Allocations that Valgrind sees in a run of the C door of so many decisions.
seen() {
    printf 'run %s %s\n' "$1" "$2" |
        valgrind --error-exitcode=3 "$doors/c" "$work/guard" 2>&1 >/dev/null |
        sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' | tr -d ,
}
if [ -x "$doors/c" ] && command -v valgrind >/dev/null; then
    # Each input is decided once before, and then once more.
    for operation in slots json; do
        few="$(seen $operation 1024)" many="$(seen $operation 2048)"
        [ -n "$few" ] && [ -n "$many" ] || fail "valgrind counts nothing of the C door"
        figure "W1 guard, C: $operation, in Valgrind's eyes" \
            "$(awk -v few="$few" -v many="$many" 'BEGIN { print (many - few) / 1024 }')" \
            allocations 0 "scripts/bench-figures.sh"
    done
else
    say "no figures of the C door: it is not built, or there is no valgrind"
fi
