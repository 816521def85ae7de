#!/usr/bin/env bash
# The ABI of libactra: what the header declares, held against what the library exports and against a
# description that is kept.
#
#   scripts/abi.sh check               say what differs, and fail (the default)
#   scripts/abi.sh self-test           break the ABI in every way that matters, and see it found
#   scripts/abi.sh update [--breaking] keep today's ABI
#
# crates/actra-ffi/abi/libactra.abi describes functions and types as abidw reads them from debug
# information, and constants.txt the constants, which leave none: they are macros. The debug
# information is that of a C library made from the header, every function of which does nothing. That
# of the Rust library says more than the ABI (the types behind the handles, and the standard library's
# in turn: 10,000 lines that change with each compiler), and it says so in Rust's words. That the
# header is what the Rust sources give, `cargo run -p xtask -- header --check` makes sure.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

kept=crates/actra-ffi/abi

# functions HEADER: declarations of functions, each as one line without its semicolon.
functions() {
    cc -std=c11 -E -P "$1" | awk 'BEGIN { RS = ";" }
        { gsub(/[ \n]+/, " "); sub(/^ /, "") }
        /actra_[a-z0-9_]+\(.*\)$/ && !/[{}=]/ && !/^(typedef|static) / { print }'
}

# names HEADER: the functions by their names.
names() { functions "$1" | sed 's/.*\(actra_[a-z0-9_]*\)(.*/\1/' | sort; }

# stub HEADER LIBRARY: a library that has the header's functions and types.
stub() {
    {
        echo "#include \"$(realpath "$1")\""
        functions "$1" | sed 's/$/ { __builtin_trap(); }/'
    } >"$work/stub.c"
    # As the header is read: types alone, whatever the compiler makes of the functions.
    cc -w -std=c11 -g -O0 -fPIC -shared -fno-eliminate-unused-debug-types -Wl,-soname,"$soname" \
        "$work/stub.c" -o "$2" || fail "no library can be made of the functions in $1"
}

# describe HEADER FILE
describe() {
    stub "$1" "$work/libactra.so"
    abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --no-architecture \
        --type-id-style hash "$work/libactra.so" >"$2"
}

# constants HEADER: every constant with its value, sorted.
constants() {
    {
        echo "#include <stdio.h>"
        echo "#include \"$(realpath "$1")\""
        echo "int main(void) {"
        cc -std=c11 -E -dM "$1" 2>/dev/null | sed -n 's/^#define \(ACTRA_[A-Z0-9_]*\) [^ ].*/\1/p' |
            sed 's/.*/    printf("%s %lld\\n", "&", (long long)(&));/'
        echo "}"
    } >"$work/constants.c"
    # The library is not there to be linked.
    cc -w -std=c11 -DACTRA_NO_LINK_CHECK "$work/constants.c" -o "$work/constants" ||
        fail "a constant of $1 is no number"
    "$work/constants" | LC_ALL=C sort
}

# constants_differ OLD NEW: what is wrong, in words; nothing where nothing is.
constants_differ() {
    awk 'NR == FNR { old[$1] = $2; next }
        { new[$1] = $2 }
        !($1 in old) { print "  added constant   " $1 " = " $2 }
        ($1 in old) && old[$1] != $2 { print "  changed constant " $1 ": was " old[$1] ", is " $2 }
        END { for (name in old) if (!(name in new)) print "  removed constant " name " = " old[name] }' \
        "$1" "$2" | LC_ALL=C sort
}

# differences HEADER: everything that is not as it is kept, in words.
differences() {
    stub "$1" "$work/libactra.so"
    local code=0
    abidiff --harmless --no-corpus-path --no-show-locs --no-architecture --no-unreferenced-symbols \
        "$kept/libactra.abi" "$work/libactra.so" >"$work/report" 2>&1 || code=$?
    # Bits of abidiff's status: 1 and 2 are its own failures.
    [ $((code & 3)) = 0 ] || fail "abidiff: $(cat "$work/report")"
    [ $code = 0 ] || cat "$work/report"
    constants "$1" >"$work/constants.txt"
    constants_differ "$kept/constants.txt" "$work/constants.txt"
}

# is_breaking HEADER: whether there is anything but additions.
is_breaking() {
    stub "$1" "$work/libactra.so"
    constants "$1" >"$work/constants.txt"
    ! abidiff --harmless --no-added-syms --no-show-locs --no-architecture "$kept/libactra.abi" "$work/libactra.so" \
        >/dev/null || constants_differ "$kept/constants.txt" "$work/constants.txt" | grep -qv " added "
}

check_symbols() {
    names include/actra.h >"$work/declared"
    [ -s "$work/declared" ] || fail "no functions were found in include/actra.h"
    local file what
    nm -D --defined-only "$lib/libactra.so" | awk '{ print $NF }' | sort >"$work/exported.so"
    # The archive has names of Rust's own, too.
    nm -g --defined-only "$lib/libactra.a" 2>/dev/null | awk '$2 == "T" && $3 ~ /^actra_/ { print $3 }' | sort -u >"$work/exported.a"
    for what in so a; do
        diff "$work/declared" "$work/exported.$what" >"$work/symbols" ||
            fail "libactra.$what does not export what include/actra.h declares:
$(sed -n 's/^< /  only declared  /p; s/^> /  only exported  /p' "$work/symbols")"
    done
    echo "libactra.so exports the $(wc -l <"$work/declared") functions of include/actra.h, and nothing else"
    file="$(readelf -d "$lib/libactra.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')"
    [ "$file" = "$soname" ] || fail "the library's SONAME is $file, and build.rs says $soname"
}

check() {
    check_symbols
    local found
    found="$(differences include/actra.h)"
    [ -z "$found" ] || fail "the ABI is not the one that is kept in $kept:
$found
An addition is kept by \`scripts/abi.sh update\`. What breaks programs that exist needs a new
ACTRA_ABI_VERSION and a new SONAME (crates/actra-ffi/build.rs, and the number in the name of
actra_abi_version_N), and oldest_of_this_abi in scripts/install.sh."
    echo "functions, types and $(wc -l <"$kept/constants.txt") constants are those that are kept"
}

# finds WHAT EXPRESSION WORDS: the header, changed by sed, differs from what is kept in these words.
finds() {
    sed -E "$2" include/actra.h >"$work/changed.h"
    ! cmp -s include/actra.h "$work/changed.h" || fail "self-test, $1: the change changes nothing"
    differences "$work/changed.h" >"$work/found"
    grep -qE -- "$3" "$work/found" || fail "self-test, $1: not found. Told was:
$(cat "$work/found")"
    passed=$((passed + 1))
}

# breaks yes|no EXPRESSION
breaks() {
    sed -E "$2" include/actra.h >"$work/changed.h"
    local answer=no
    ! is_breaking "$work/changed.h" || answer=yes
    [ "$answer" = "$1" ] || fail "self-test: whether \`$2\` breaks programs is told as $answer"
    passed=$((passed + 1))
}

self_test() {
    passed=0
    local told
    told="$(differences include/actra.h)"
    [ -z "$told" ] || fail "self-test: the ABI has changed; see \`scripts/abi.sh check\`"
    finds "a member of another type" 's/uint32_t shadow_rule;/uint64_t shadow_rule;/' "type of 'uint32_t shadow_rule' changed"
    finds "a member that is gone" '/^    uint32_t input_error;/d' "data member deletion"
    finds "a member more" 's/^    size_t field_len;/&\n    size_t field_more;/' "data member insertion"
    finds "members that changed places" 's/^    uint32_t effect;/    uint32_t was_effect;/; s/^    uint32_t flags;/    uint32_t effect;/; s/was_effect/flags/' "effect.* offset changed"
    finds "a member of the union" 's/^    double f;/    float f;/' "type of 'double f' changed"
    finds "a function that is gone" '/^size_t actra_buffer_len\(/d' "function size_t actra_buffer_len"
    finds "a function more" 's/^size_t actra_buffer_len\(/size_t actra_buffer_more(void);\n&/' "actra_buffer_more"
    finds "a parameter more" 's/^void actra_buffer_free\(actra_buffer \*buffer\)/void actra_buffer_free(actra_buffer *buffer, int how)/' "parameter 2 of type 'int' was added"
    finds "a parameter of another type" 's/^(uint32_t actra_error_line\()const actra_error/\1const actra_policy/' "parameter 1 of type 'const actra_error\*' changed"
    finds "a parameter that is no longer constant" 's/^(uint32_t actra_error_line\()const actra_error/\1actra_error/' "parameter 1 of type 'const actra_error\*' changed"
    finds "a result of another type" 's/^uint32_t actra_error_line/uint64_t actra_error_line/' "return type changed"
    finds "a status of another size" 's/^typedef uint32_t actra_status/typedef uint16_t actra_status/' "actra_status"
    finds "a constant of another value" 's/^#define ACTRA_EFFECT_ALLOW 1$/#define ACTRA_EFFECT_ALLOW 3/' "changed constant ACTRA_EFFECT_ALLOW: was 1, is 3"
    finds "a constant that is gone" '/^#define ACTRA_TAG_OBJECT/d' "removed constant ACTRA_TAG_OBJECT = 13"
    finds "a constant more" 's/^#define ACTRA_TAG_OBJECT 13/&\n#define ACTRA_TAG_MORE 14/' "added constant   ACTRA_TAG_MORE = 14"
    breaks no 's/^size_t actra_buffer_len\(/size_t actra_buffer_more(void);\n&/; s/^#define ACTRA_TAG_OBJECT 13/&\n#define ACTRA_TAG_MORE 14/'
    breaks yes '/^size_t actra_buffer_len\(/d'
    breaks yes 's/uint32_t shadow_rule;/uint64_t shadow_rule;/'
    breaks yes 's/^#define ACTRA_EFFECT_ALLOW 1$/#define ACTRA_EFFECT_ALLOW 3/'
    # What is no part of it changes nothing.
    sed 's/ \* Frees a buffer/ * Frees any buffer/; s/actra_buffer_len(const actra_buffer \*buffer)/actra_buffer_len(const actra_buffer *bytes)/' include/actra.h >"$work/changed.h"
    told="$(differences "$work/changed.h")"
    ! cmp -s include/actra.h "$work/changed.h" && [ -z "$told" ] || fail "self-test: a comment counts"
    passed=$((passed + 1))
    # Symbols.
    mkdir "$work/wrong"
    local flags="-shared -fPIC -Wl,-soname,$soname"
    functions include/actra.h | grep -v actra_buffer_len >"$work/fewer"
    {
        echo '#include "actra.h"'
        sed 's/$/ { __builtin_trap(); }/' "$work/fewer"
        echo 'void actra_secret(void); void actra_secret(void) {}'
    } >"$work/wrong.c"
    cc -std=c11 -Iinclude $flags "$work/wrong.c" -o "$work/wrong/libactra.so"
    cp "$lib/libactra.a" "$work/wrong/"
    told="$(lib="$work/wrong"; check_symbols 2>&1)" && fail "self-test: wrong symbols are not found"
    grep -q "only declared  actra_buffer_len" <<<"$told" && grep -q "only exported  actra_secret" <<<"$told" ||
        fail "self-test, symbols: told was $told"
    passed=$((passed + 1))
    echo "changes of the ABI: $passed passed, 0 failed"
}

update() {
    if [ -f "$kept/libactra.abi" ] && [ "${1:-}" != --breaking ] && is_breaking include/actra.h; then
        local version
        version="$(sed -n 's/^ACTRA_ABI_VERSION //p' "$kept/constants.txt")"
        [ "$version" != "$(sed -n 's/^ACTRA_ABI_VERSION //p' "$work/constants.txt")" ] ||
            fail "programs that exist would break, and ACTRA_ABI_VERSION is still $version: raise it, or say --breaking while there is no release with it"
    fi
    mkdir -p "$kept"
    describe include/actra.h "$kept/libactra.abi"
    # Where the C library was made is nobody's business.
    sed -i "s#path='[^']*/stub.c'#path='stub.c'#" "$kept/libactra.abi"
    constants include/actra.h >"$kept/constants.txt"
}

need_c
command -v abidiff >/dev/null && command -v abidw >/dev/null || install_packages abigail-tools
command -v readelf >/dev/null || install_packages binutils
soname="$(sed -n 's/.*-soname,\(libactra\.so\.[0-9]*\).*/\1/p' crates/actra-ffi/build.rs)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
case "${1:-check}" in
    check) need_libactra; check ;;
    self-test) need_libactra; self_test ;;
    update) update "${2:-}" ;;
    *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' scripts/abi.sh >&2; exit 2 ;;
esac
