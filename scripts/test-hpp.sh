#!/usr/bin/env bash
# include/actra.hpp: with and without exceptions, optimized (where allocations are counted) and under
# AddressSanitizer and UBSan, against static and shared libraries.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

need_c
need_libactra
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
tests=bindings/c/tests
cxx="${CXX:-c++} $cxx_warnings -Iinclude"

# Every standard that the header is for, alone in its file.
for standard in c++17 c++20; do
    printf '#include "actra.hpp"\nint main() { return actra::abi_matches() ? 0 : 1; }\n' >"$work/alone.cpp"
    $cxx -std=$standard -Wuseless-cast -c "$work/alone.cpp" -o "$work/alone.o"
    $cxx -std=$standard -fno-exceptions -fno-rtti -c "$work/alone.cpp" -o "$work/alone.o"
done

# build NAME FLAGS...: the tests, against the static library.
build() {
    local name="$1"
    shift
    $cxx "$@" -fno-exceptions -fno-rtti -c $tests/hpp_no_exceptions.cpp -o "$work/no_exceptions.o"
    $cxx "$@" $tests/hpp.cpp "$work/no_exceptions.o" "$lib/libactra.a" $static_libs -o "$work/$name"
}

build sanitized $sanitizers
"$work/sanitized" "$work"
build optimized -O2
"$work/optimized" "$work"

# Found at run time by its SONAME.
ln -s "$lib/libactra.so" "$work/libactra.so.0"
$cxx -O1 $tests/hpp_abi_mismatch.cpp "$lib/libactra.so" -Wl,-rpath,"$work" -o "$work/mismatch"
"$work/mismatch"
