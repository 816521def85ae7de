#!/usr/bin/env bash
# The programs of docs/c.md: compiled, run under AddressSanitizer and UBSan, and their output compared
# with the page's. UPDATE=1 writes it into the page.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

need_c
need_libactra
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
page=docs/c.md

# Blocks with `program=`, `document=` and `output=` in their info strings become files.
mkdir -p "$work/files/refund" "$work/outputs"
awk -v work="$work" '
    /^```/ && file != "" { close(file); file = ""; next }
    /^```(c|cpp|yaml) (program|document)=/ { sub(/.*=/, ""); file = work "/files/" $0; next }
    /^```text output=/ { sub(/.*=/, ""); file = work "/outputs/" $0; printf "" >file; next }
    file != "" { print >file }' $page

passed=0
for source in "$work"/files/*.c "$work"/files/*.cpp; do
    name="$(basename "$source")"
    [ -f "$work/outputs/$name" ] || fail "$page shows $name without its output"
    case "$name" in
        *.c) cc $c_warnings $sanitizers -Iinclude "$source" "$lib/libactra.a" $static_libs -o "$work/program" ;;
        *.cpp) c++ $cxx_warnings $sanitizers -Iinclude "$source" "$lib/libactra.a" $static_libs -o "$work/program" ;;
    esac
    (cd "$work/files" && "$work/program") >"$work/found" || fail "$name of $page fails"
    if [ -n "${UPDATE:-}" ]; then
        awk -v name="$name" -v found="$work/found" '
            skipping && /^```/ { skipping = 0 }
            !skipping { print }
            $0 == "```text output=" name { while ((getline line <found) > 0) print line; skipping = 1 }' \
            $page >"$work/page"
        cp "$work/page" $page
    else
        diff -u "$work/outputs/$name" "$work/found" || fail "$name of $page puts out something else"
    fi
    passed=$((passed + 1))
done
[ $passed -ge 6 ] || fail "$page shows $passed programs: some are not found"
echo "programs of $page: $passed passed, 0 failed"
