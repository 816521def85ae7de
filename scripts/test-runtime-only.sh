#!/usr/bin/env bash
# The runtime-only build of libactra: there is no compiler and no YAML in it, it decides as the full one
# does, and the sizes of both are those that docs/c.md tells. UPDATE=1 writes them there.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

need_c
command -v strip >/dev/null || install_packages binutils
need_libactra
full="$lib"
need_runtime_only_libactra
runtime_only="$lib"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
page=docs/c.md
passed=0

# is WHAT FOUND EXPECTED
is() {
    [ "$2" = "$3" ] || fail "$1: expected \`$3\`, got \`$2\`"
    passed=$((passed + 1))
}

# What is not to be in it, by the names of crates.
compiling='actra-compiler|.*yaml.*|saphyr.*|regex.*|strsim|unicode-width'
crates() { cargo tree --locked -p actra-ffi -e normal --prefix none "$@" | sed 's/ .*//' | sort -u; }
crates >"$work/full"
crates --no-default-features >"$work/runtime_only"
# The words are those of crates that the full build has.
is "crates that compile, in the full build" "$(grep -cxE "$compiling" "$work/full" | sed 's/[1-9].*/some/')" some
is "crates that compile, in the runtime-only build" "$(grep -xE "$compiling" "$work/runtime_only" || true)" ""
for word in yaml saphyr regex_syntax actra_compiler; do
    is "$word in the full build" "$(nm "$full/libactra.a" 2>/dev/null | grep -c $word | sed 's/[1-9].*/some/')" some
    is "$word in the runtime-only build" "$(nm "$runtime_only/libactra.a" 2>/dev/null | grep -c $word || true)" 0
done

# The same symbols, and the same decisions.
exported() { nm -D --defined-only "$1/libactra.so" | awk '{ print $NF }' | sort; }
is "exported symbols" "$(exported "$runtime_only")" "$(exported "$full")"
examples=examples/c
for kind in full runtime_only; do
    cc $c_warnings -O1 -Iinclude bindings/c/tests/compile.c "${!kind}/libactra.a" $static_libs -o "$work/compile_$kind"
    cc $c_warnings -O1 -Iinclude bindings/c/tests/ask.c "${!kind}/libactra.a" $static_libs -o "$work/ask_$kind"
    cc $c_warnings -O1 -Iinclude $examples/decide.c $examples/lines.c "${!kind}/libactra.a" $static_libs -o "$work/decide_$kind"
done
"$work/compile_full" examples/refund "$work/refund.actra"
for kind in full runtime_only; do
    "$work/decide_$kind" "$work/refund.actra" <$examples/inputs.jsonl 2>/dev/null >"$work/out" || true
    diff -u $examples/expected/decide.jsonl "$work/out" || fail "the $kind build decides otherwise"
    passed=$((passed + 1))
done
is "compiling, runtime-only" "$("$work/compile_runtime_only" examples/refund "$work/x.actra" 2>&1)" \
    'error[not_supported]: this is a runtime-only build of libactra: it loads `.actra` files only'
never='{"question": "never allow"}'
is "a question, full" "$("$work/ask_full" examples/refund "$never" | cut -c1-26)" '{"question":"never allow",'
is "a question of an artifact, full" "$("$work/ask_full" "$work/refund.actra" "$never")" "no_answer no_documents"
is "a question, runtime-only" "$("$work/ask_runtime_only" "$work/refund.actra" "$never")" "not_supported "
is "no question, runtime-only" "$("$work/ask_runtime_only" "$work/refund.actra" '{')" "not_supported "
is "a directory, runtime-only" "$("$work/decide_runtime_only" examples/refund </dev/null 2>&1 | grep -o '"code":"[a-z_]*"')" '"code":"not_supported"'
is "--version, runtime-only" "$("$work/decide_runtime_only" --version | sed 's/.*, //')" "runtime only"
(unset ACTRA_LIB; RUNTIME_ONLY=1 PREFIX="$work/prefix" scripts/install.sh >/dev/null)
is "what is installed" "$(nm -D "$work/prefix/lib/libactra.so" | grep -c ' T actra_')" "$(exported "$full" | wc -l)"
cc $c_warnings -I"$work/prefix/include" bindings/c/tests/compile.c -L"$work/prefix/lib" -lactra -Wl,-rpath,"$work/prefix/lib" -o "$work/installed"
is "compiling, installed runtime-only" "$("$work/installed" examples/refund "$work/x.actra" 2>&1 | cut -c1-20)" 'error[not_supported]'

# Sizes, as installed.
size() {
    cp "$1" "$work/sized"
    chmod u+w "$work/sized"
    strip "$2" "$work/sized"
    stat -c %s "$work/sized"
}
megabytes() { awk -v bytes="$1" 'BEGIN { printf "%.1f MB", bytes / 1000000 }'; }
row() { printf '| %s | %s | %s |\n' "$1" "$(megabytes "$2")" "$(megabytes "$3")"; }
{
    echo "| | full | runtime-only |"
    echo "|---|---|---|"
    row '`libactra.so`' "$(size "$full/libactra.so" --strip-unneeded)" "$(size "$runtime_only/libactra.so" --strip-unneeded)"
    row '`libactra.so` with its symbol table' "$(stat -c %s "$full/libactra.so")" "$(stat -c %s "$runtime_only/libactra.so")"
    row '`libactra.a`' "$(size "$full/libactra.a" --strip-debug)" "$(size "$runtime_only/libactra.a" --strip-debug)"
    row 'a program with libactra linked in (`decide`, stripped)' "$(size "$work/decide_full" --strip-all)" "$(size "$work/decide_runtime_only" --strip-all)"
} >"$work/table"
told() { sed -n '/^<!-- sizes:/,/^<!-- \/sizes/p' $page | grep '^|'; }
if [ -n "${UPDATE:-}" ]; then
    awk -v table="$work/table" '
        /^<!-- \/sizes/ { skipping = 0 }
        !skipping { print }
        /^<!-- sizes:/ { print ""; while ((getline line <table) > 0) print line; print ""; skipping = 1 }' \
        $page >"$work/page"
    cp "$work/page" $page
fi
# Compilers differ a little: a tenth is let pass, and no row may be missing.
told >"$work/told" || true
is "rows of sizes in $page" "$(sed 's/ [0-9.]* MB//g' "$work/told")" "$(sed 's/ [0-9.]* MB//g' "$work/table")"
paste -d' ' <(grep -o '[0-9.]* MB' "$work/told") <(grep -o '[0-9.]* MB' "$work/table") |
    awk '{ if ($3 > $1 * 1.1 + 0.05 || $3 < $1 * 0.9 - 0.05) { print "  told " $1 " MB, is " $3 " MB"; bad = 1 } } END { exit bad }' ||
    fail "sizes in $page are not today's: UPDATE=1 scripts/test-runtime-only.sh writes them"
passed=$((passed + 1))
cat "$work/table"
echo "the runtime-only build: $passed passed, 0 failed"
