#!/usr/bin/env bash
# The programs of docs/c.md and docs/decision-log.md: compiled, run under AddressSanitizer and UBSan, and their output compared
# with the pages'. UPDATE=1 writes it into them.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

need_c
need_libactra
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
pages="docs/c.md docs/decision-log.md"

# Blocks with `program=`, `document=` and `output=` in their info strings become files.
mkdir -p "$work/files/refund" "$work/outputs"
awk -v work="$work" '
    /^```/ && file != "" { close(file); file = ""; next }
    /^```(c|cpp|yaml) (program|document)=/ { sub(/.*=/, ""); file = work "/files/" $0; next }
    /^```text output=/ { sub(/.*=/, ""); file = work "/outputs/" $0; printf "" >file; next }
    file != "" { print >file }' $pages

passed=0
for source in "$work"/files/*.c "$work"/files/*.cpp; do
    name="$(basename "$source")"
    [ -f "$work/outputs/$name" ] || fail "$pages: $name has no output"
    case "$name" in
        *.c) cc $c_warnings $sanitizers -Iinclude "$source" "$lib/libactra.a" $static_libs -o "$work/program" ;;
        *.cpp) c++ $cxx_warnings $sanitizers -Iinclude "$source" "$lib/libactra.a" $static_libs -o "$work/program" ;;
    esac
    (cd "$work/files" && "$work/program") >"$work/found" || fail "$name of $pages fails"
    if [ -n "${UPDATE:-}" ]; then
        for page in $pages; do
            awk -v name="$name" -v found="$work/found" '
                skipping && /^```/ { skipping = 0 }
                !skipping { print }
                $0 == "```text output=" name { while ((getline line <found) > 0) print line; skipping = 1 }' \
                $page >"$work/page"
            cp "$work/page" $page
        done
    else
        diff -u "$work/outputs/$name" "$work/found" || fail "$name of $pages puts out something else"
    fi
    passed=$((passed + 1))
done
[ $passed -ge 7 ] || fail "$pages show $passed programs: some are not found"
echo "programs of $pages: $passed passed, 0 failed"
