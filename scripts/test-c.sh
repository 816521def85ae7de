#!/usr/bin/env bash
# libactra under callers who mean no good, threads and counted allocations: bindings/c/tests.
#
#   scripts/test-c.sh              as C11 and as C++17, under AddressSanitizer and UBSan, under Valgrind
#   scripts/test-c.sh sanitizers   with the library's Rust side instrumented, too (minutes)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

need_c
tests=bindings/c/tests
hostile="hostile_slots hostile_calls hostile_text hostile_artifacts hostile_signing hostile_documents
hostile_programs hostile_arrow hostile_store hostile_log hostile_ask"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
c="${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror -Iinclude"
cxx="${CXX:-c++} -std=c++17 -x c++ -Wall -Wextra -Wpedantic -Werror -Iinclude"

# build OUT SOURCE LIBRARY FLAGS...: a test as C11.
build() {
    local out="$work/$1" source="$tests/$2.c" library="$3"
    shift 3
    $c "$@" "$source" $library $static_libs -o "$out"
}

# run PROGRAM [WORDS...]: from a folder of its own to write to; told with its name where it fails.
run() {
    local program="$1"
    shift
    rm -rf "$work/scratch"
    mkdir "$work/scratch"
    "$work/$program" "$tests" "$work/scratch" "$@" || fail "$program: see above"
}

# In Valgrind's eyes: no error, no leak.
watched() {
    local program="$1"
    shift
    rm -rf "$work/scratch"
    mkdir "$work/scratch"
    valgrind -q --error-exitcode=3 --leak-check=full --show-leak-kinds=definite,possible \
        --errors-for-leak-kinds=definite,possible --suppressions=$tests/valgrind.supp \
        "$work/$program" "$tests" "$work/scratch" "$@" || fail "$program under valgrind: see above"
}

# Every function that the library exports is called by a hostile test.
all_are_tested() {
    local function missing=""
    for function in $(nm -D --defined-only "$lib/libactra.so" | sed -n 's/.* T \(actra_.*\)/\1/p'); do
        grep -qw "$function" $tests/hostile_*.c || missing+=" $function"
    done
    [ -z "$missing" ] || fail "no hostile test calls$missing"
}

usual() {
    command -v valgrind >/dev/null || install_packages valgrind
    command -v nm >/dev/null || install_packages binutils
    need_libactra
    library="$lib/libactra.a"
    all_are_tested
    say "hostile callers, under AddressSanitizer and UBSan"
    for name in $hostile threads; do
        build "$name" "$name" "$library" $sanitizers
        run "$name"
    done
    say "decision logs are written as by every other door"
    $c $sanitizers $tests/decision_log.c $tests/json.c "$library" $static_libs -lm -o "$work/decision_log"
    run decision_log
    # AddressSanitizer keeps what is freed: memory is measured without it.
    build limits limits "$library" $sanitizers
    run limits short
    build limits limits "$library" -O2
    run limits
    say "the same sources are C++17"
    for name in $hostile limits threads crowd allocations; do
        $cxx -fsyntax-only $tests/$name.c
    done
    $cxx $sanitizers $tests/hostile_slots.c -x none "$library" $static_libs -o "$work/cpp"
    run cpp short
    ln -s "$lib/libactra.so" "$work/libactra.so.0"
    say "threads, forks, small stacks, a library that is loaded at run time"
    for name in crowd odd_hosts; do
        build "$name" "$name" "$library" -O2
        LD_LIBRARY_PATH="$work" run "$name" short
    done
    say "the hot path allocates nothing"
    build allocations allocations "$library" -O2
    run allocations
    say "under Valgrind"
    for name in hostile_slots hostile_text hostile_arrow; do
        build "$name" "$name" "$library" -g -O1
        watched "$name" short
    done
    # What it counts is the same for any number of decisions.
    build uncounted allocations "$library" -g -O1 -DUNCOUNTED
    few="$(heap_usage 2)"
    many="$(heap_usage 40)"
    [ -n "$few" ] && [ "$few" = "$many" ] || fail "valgrind counts '$few' for few decisions, '$many' for many"
    printf 'valgrind: %s for few and for many decisions\n' "$few"
}

heap_usage() {
    rm -rf "$work/scratch"
    mkdir "$work/scratch"
    valgrind --error-exitcode=3 "$work/uncounted" "$tests" "$work/scratch" "$1" 2>&1 >/dev/null |
        sed -n 's/.*total heap usage: \([0-9,]* allocs\).*/\1/p'
}

# A panic inside is forced in a build of its own; AddressSanitizer watches the Rust side as well.
instrumented() {
    need_rust
    local host target
    host="$(rustc -vV | sed -n 's/^host: //p')"
    target="${CARGO_TARGET_DIR:-target}/sanitized"
    say "libactra that panics where it is told to"
    cargo build --quiet --locked -p actra-ffi --features panic-for-tests --target-dir "$target/panics"
    library="$target/panics/debug/libactra.a"
    build panics panics "$library" $sanitizers
    run panics short 2>"$work/told"
    build slots_panic hostile_slots "$library" $sanitizers -DEXPECT_PANICS
    run slots_panic short 2>"$work/told"
    # The same build checks its arithmetic, too.
    for name in $hostile limits threads crowd; do
        build "$name" "$name" "$library" $sanitizers -DEXPECT_PANICS
        run "$name" short 2>"$work/told"
    done
    ln -sf "$PWD/$target/panics/debug/libactra.so" "$work/libactra.so.0"
    build odd_hosts odd_hosts "$library" -O1 -DNOT_OPTIMIZED
    LD_LIBRARY_PATH="$work" run odd_hosts short
    build panics panics "$library" -g -O1
    command -v valgrind >/dev/null || install_packages valgrind
    watched panics short 2>"$work/told"
    say "AddressSanitizer in Rust, too"
    RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" cargo build --quiet --locked -p actra-ffi \
        --target "$host" --target-dir "$target/address"
    # Its run time is GCC's, which both sides then share.
    for name in $hostile limits threads; do
        build "$name" "$name" "$target/address/$host/debug/libactra.a" $sanitizers
        run "$name" short
    done
    watch_threads
}

# ThreadSanitizer must see the standard library's code, too, which is then built from its source, by
# the compiler that Debian packages beside that source. Its run time is GCC's. (Helgrind and DRD
# would need neither, but do not know what atomic operations order, so that they report every
# evaluator that one thread leaves to another.)
watch_threads() {
    local host target rustc=/usr/bin/rustc
    say "ThreadSanitizer in Rust, its standard library, and C"
    if ! { [ -x "$rustc" ] && [ -d "$("$rustc" --print sysroot)/lib/rustlib/src/rust/library" ]; }; then
        install_packages rustc-web rust-web-src
    fi
    host="$("$rustc" -vV | sed -n 's/^host: //p')"
    target="${CARGO_TARGET_DIR:-target}/sanitized/thread"
    RUSTC="$rustc" RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=thread -Zexternal-clangrt" \
        cargo build --quiet --locked -p actra-ffi -Zbuild-std=std,panic_unwind --target "$host" \
        --features panic-for-tests --target-dir "$target"
    export TSAN_OPTIONS="halt_on_error=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
    for name in threads crowd panics hostile_log hostile_ask hostile_store; do
        $c -g -O1 -fsanitize=thread -fno-builtin $tests/$name.c $tests/tsan_names.c \
            "$target/$host/debug/libactra.a" $static_libs -o "$work/$name"
        run "$name" short
    done
}

case "${1:-}" in
    "") usual ;;
    sanitizers) instrumented ;;
    *) fail "usage: scripts/test-c.sh [sanitizers]" ;;
esac
say "all good, after $SECONDS s"
