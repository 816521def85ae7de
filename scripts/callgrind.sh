#!/usr/bin/env bash
# Instructions per decision of the guard (W1), counted by callgrind, held against those kept in
# bindings/c/bench/instructions.txt: more than 5 % above fails.
#
#   scripts/callgrind.sh           counts and compares
#   scripts/callgrind.sh update    counts and keeps
#
# Counts depend on the compilers, whose versions are kept, too; they hardly depend on the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

case "${1:-check}" in
    check | update) mode="${1:-check}" ;;
    *) fail "usage: scripts/callgrind.sh [update]" ;;
esac

need_rust
need_c
command -v valgrind >/dev/null || install_packages valgrind
kept=bindings/c/bench/instructions.txt
turns=10000
most_percent_above=5
target="${CARGO_TARGET_DIR:-target}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

say "building libactra, the driver in C and the one in Rust"
need_libactra
cargo build --quiet --release --locked -p actra-benches --bin drive
cc $c_warnings -O2 -Iinclude bindings/c/bench/guard.c "$lib/libactra.a" $static_libs -o "$work/guard"
"$work/guard" compile benches/src/guard "$work/guard.actra"

# collected PROGRAM WORDS...: all instructions of a run.
collected() {
    local count
    count="$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p')"
    [ -n "$count" ] || fail "callgrind counts nothing for $*"
    printf '%s' "$count"
}

# per_turn PROGRAM WORDS...: what twice as many turns take more, for each. What comes before and
# after them is the same in both runs.
per_turn() {
    local once twice
    once="$(collected "$@" "$turns")"
    twice="$(collected "$@" "$((2 * turns))")"
    printf '%s' "$(((twice - once) / turns))"
}

count_all() {
    printf '# rustc %s, cc %s\n' "$(rustc --version | cut -d' ' -f2)" "$(cc -dumpfullversion 2>/dev/null || cc -dumpversion)"
    printf 'rust-frame %s\n' "$(per_turn "$target/release/drive" guard-exported)"
    printf 'rust-json %s\n' "$(per_turn "$target/release/drive" guard-json-exported)"
    printf 'c-slots %s\n' "$(per_turn "$work/guard" slots "$work/guard.actra")"
    printf 'c-arena %s\n' "$(per_turn "$work/guard" arena "$work/guard.actra")"
    printf 'c-json %s\n' "$(per_turn "$work/guard" json "$work/guard.actra")"
}

say "counting instructions per decision, over $turns decisions"
count_all >"$work/counted"
if [ "$mode" = update ]; then
    {
        printf '# Instructions per decision of the guard (W1): scripts/callgrind.sh update\n'
        cat "$work/counted"
    } >"$kept"
    cat "$kept"
    exit 0
fi

[ -f "$kept" ] || fail "$kept is missing: scripts/callgrind.sh update"
versions="$(sed -n '1p' "$work/counted")"
grep -qxF "$versions" "$kept" || printf 'counts were kept with other compilers: now %s\n' "${versions#\# }"
above=""
printf '%-12s %8s %8s\n' "" kept now
while read -r name now; do
    [ "$name" != "#" ] || continue
    before="$(sed -n "s/^$name \([0-9]*\)$/\1/p" "$kept")"
    [ -n "$before" ] || fail "$kept has no $name: scripts/callgrind.sh update"
    awk -v name="$name" -v before="$before" -v now="$now" \
        'BEGIN { printf "%-12s %8d %8d  %+.1f %%\n", name, before, now, (now / before - 1) * 100 }'
    [ "$((now * 100))" -le "$((before * (100 + most_percent_above)))" ] || above+=" $name"
done <"$work/counted"
[ "$(grep -c '^[a-z]' "$kept")" = "$(grep -c '^[a-z]' "$work/counted")" ] || fail "$kept holds names that are not counted"
[ -z "$above" ] || fail "more than $most_percent_above % above what was kept:$above. If it is worth that: scripts/callgrind.sh update"
