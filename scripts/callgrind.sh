#!/usr/bin/env bash
# Counts the instructions of one decision and compares them with those kept in
# benches/instructions.tsv: more than 5 % up fails. `--keep` writes what was counted instead.
#
# What is counted is the function `counted` of benches/src/bin/drive.rs and of
# bindings/c/bench/*.c, and what it calls: noise does not touch it. Another compiler, or another
# processor for which the C library picks other copies of `memcpy`, may move it a little.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

kept=benches/instructions.tsv
most=5

keep=no
case "${1:-}" in
    "") ;;
    --keep) keep=yes ;;
    *) fail "usage: scripts/callgrind.sh [--keep]" ;;
esac
command -v valgrind >/dev/null || install_packages valgrind
need_c
need_rust

say "building libactra and the drivers"
cargo build --release --locked -p actra-benches --bin drive --bin workload
need_libactra
target="${CARGO_TARGET_DIR:-target}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for driver in guard roles; do
    # shellcheck disable=SC2086 # lists of options
    cc -O2 $c_warnings -Iinclude "bindings/c/bench/$driver.c" "$lib/libactra.a" $static_libs \
        -o "$work/$driver"
done
sizes="10 1000 10000"
"$target/release/workload" guard "$work/workload-guard"
for size in $sizes; do
    "$target/release/workload" "roles-$size" "$work/workload-roles-$size"
done

# count NAME TURNS COMMAND...: a line of the table. The command is given the turns last.
count() {
    local name="$1" turns="$2" out
    shift 2
    out="$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
        --toggle-collect='drive::counted*' --toggle-collect='counted*' "$@" "$turns" 2>&1)" ||
        fail "$name: $out"
    local counted
    counted="$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' <<<"$out")"
    [ "${counted:-0}" -gt "$turns" ] || fail "$name: callgrind counted nothing: $out"
    printf '%s\t%s\n' "$name" "$((counted / turns))" | tee -a "$work/counted"
}

say "counting"
# Turns are a multiple of the inputs.
drive="$target/release/drive"
count "rust guard" 2048 "$drive" guard
count "rust guard-json" 2048 "$drive" guard-json
for size in $sizes; do
    count "rust roles-$size" 2304 "$drive" "roles-$size"
done
count "c guard slots" 2048 "$work/guard" slots "$work/workload-guard/policy.actra"
count "c guard json" 2048 "$work/guard" json "$work/workload-guard/policy.actra"
for size in $sizes; do
    count "c roles-$size slots" 2304 "$work/roles" "$work/workload-roles-$size/policy.actra" "$size"
done

if [ "$keep" = yes ]; then
    {
        echo "# Instructions of one decision, as scripts/callgrind.sh counts them (--keep writes this)."
        printf '# %s; %s\n' "$(rustc --version)" "$(cc --version | head -n 1)"
        cat "$work/counted"
    } >"$kept"
    say "kept in $kept"
    exit
fi

say "comparing with $kept"
awk -F '\t' -v most="$most" '
    /^(#|$)/ { next }
    NR == FNR { kept[$1] = $2; next }
    !($1 in kept) { printf "error: %s is not kept: run scripts/callgrind.sh --keep\n", $1; bad = 1; next }
    {
        change = ($2 / kept[$1] - 1) * 100
        printf "%-24s %8d, kept %8d, %+.1f %%\n", $1, $2, kept[$1], change
        if (change > most) { printf "error: %s: more than %d %% up\n", $1, most; bad = 1 }
        if (change < -most) printf "       %s: fewer by more than %d %%: keep that\n", $1, most
        seen[$1] = 1
    }
    END {
        for (name in kept) if (!(name in seen)) { printf "error: %s is kept but was not counted\n", name; bad = 1 }
        exit bad
    }
' "$kept" "$work/counted"
