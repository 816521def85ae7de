#!/usr/bin/env bash
# What `make install` puts in place: the examples are built against it from an empty folder, through
# pkg-config and through CMake, shared and static, and they run.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

need_c
for tool in cmake pkg-config make readelf; do
    command -v $tool >/dev/null || install_packages cmake pkg-config make binutils
done
need_libactra
export ACTRA_LIB="$lib"
root="$PWD"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
checks=0

# is WHAT FOUND EXPECTED
is() {
    [ "$2" = "$3" ] || fail "$1: expected \`$3\`, got \`$2\`"
    checks=$((checks + 1))
}

quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*"; }; }

install_to() { PREFIX="$1" quietly scripts/install.sh; }

# needs PROGRAM: whether the loader has to find libactra.
needs() { readelf -d "$1" | grep -o 'libactra\.so[^]]*' || echo nothing; }

# An empty folder with nothing but the examples.
folder() {
    rm -rf "$work/program"
    mkdir "$work/program"
    cp "$root"/examples/c/*.c "$root"/examples/c/*.h "$root"/examples/c/*.cpp \
        "$root"/examples/c/Makefile "$root"/examples/c/CMakeLists.txt "$work/program/"
}

# runs WHAT FOLDER LIBRARY-PATH: the programs print what they should.
runs() {
    local path="$3"
    diff -u examples/c/expected/decide.jsonl \
        <(LD_LIBRARY_PATH="$path" "$2/decide" "$work/refund.actra" <examples/c/inputs.jsonl 2>"$work/log") ||
        { cat "$work/log" >&2; fail "$1: decide"; }
    diff -u examples/c/expected/hotpath.txt <(LD_LIBRARY_PATH="$path" "$2/hotpath" "$work/refund.actra") ||
        fail "$1: hotpath"
    diff -u <(cat examples/c/expected/hotpath.txt examples/c/expected/swaps.txt) \
        <(LD_LIBRARY_PATH="$path" "$2/hotpath_cpp" "$work/refund.actra") || fail "$1: hotpath_cpp"
    checks=$((checks + 3))
}

by_pkg_config() {
    export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
    folder
    # As the examples' page has it: the path as a variable of Make's.
    quietly env -u PKG_CONFIG_PATH make -s -C "$work/program" PKG_CONFIG_PATH="$PKG_CONFIG_PATH"
    runs "pkg-config, shared" "$work/program" "$prefix/lib"
    is "what the program needs" "$(needs "$work/program/decide")" libactra.so.0
    quietly make -s -C "$work/program" clean
    quietly make -s -C "$work/program" STATIC=1
    runs "pkg-config, libactra linked in" "$work/program" /nowhere
    is "what the program needs" "$(needs "$work/program/decide")" nothing
    # All of it static, libc too.
    quietly cc -std=c11 -static "$work/program/hotpath.c" $(pkg-config --static --cflags --libs actra) -o "$work/static"
    is "all static" "$("$work/static" "$work/refund.actra" | head -1)" "allow by refund_by_support"
    is "version" "$(pkg-config --modversion actra)" "$version"
    quietly pkg-config --validate actra
    unset PKG_CONFIG_PATH
}

# by_cmake WHAT PREFIX ON|OFF
by_cmake() {
    folder
    quietly cmake -S "$work/program" -B "$work/program/build" -DCMAKE_PREFIX_PATH="$2" -DACTRA_STATIC="$3"
    quietly cmake --build "$work/program/build"
    # Nothing but what CMake links in tells where the library is.
    runs "CMake, $1" "$work/program/build" /nowhere
}

# finds VERSION: whether CMake takes what is installed for that version.
finds() {
    mkdir -p "$work/finds"
    printf 'cmake_minimum_required(VERSION 3.16)\nproject(p C)\nfind_package(actra %s QUIET)\nmessage(STATUS "found: ${actra_FOUND}")\n' "$1" >"$work/finds/CMakeLists.txt"
    rm -rf "$work/finds/build"
    cmake -S "$work/finds" -B "$work/finds/build" -DCMAKE_PREFIX_PATH="$prefix" | grep -o 'found: .*'
}

versions_in_cmake() {
    is "this version" "$(finds "$version")" "found: 1"
    is "this version alone" "$(finds "$version EXACT")" "found: 1"
    is "any version" "$(finds "")" "found: 1"
    is "an ABI before this one" "$(finds 0.7)" "found: 0"
    is "a version to come" "$(finds 99.0)" "found: 0"
    mv "$prefix/lib/libactra.a" "$work/taken.a"
    is "an installation with a part missing" "$(finds "")" "found: 0"
    mv "$work/taken.a" "$prefix/lib/libactra.a"
}

# A program of another ABI version does not link.
other_abi() {
    mkdir -p "$work/other"
    sed 's/actra_abi_version_1/actra_abi_version_2/' "$prefix/include/actra.h" >"$work/other/actra.h"
    local with
    for with in "-L$prefix/lib -lactra" "$prefix/lib/libactra.a $static_libs"; do
        if cc -I"$work/other" examples/c/hotpath.c $with -o "$work/other/program" 2>"$work/log"; then
            fail "a program of another ABI version links with $with"
        fi
        grep -q "actra_abi_version_2" "$work/log" || fail "another reason: $(cat "$work/log")"
        checks=$((checks + 1))
    done
}

files_of() { (cd "$1" && find . ! -type d | sort | tr '\n' ' '); }

places() {
    local arch
    arch="$(cc -dumpmachine)"
    # For packages: in another root, with paths of the place where it will be.
    DESTDIR="$work/root" PREFIX=/usr LIBDIR="lib/$arch" quietly scripts/install.sh
    is "files below DESTDIR" "$(files_of "$work/root")" "./usr/include/actra.h ./usr/include/actra.hpp ./usr/lib/$arch/cmake/actra/actraConfig.cmake ./usr/lib/$arch/cmake/actra/actraConfigVersion.cmake ./usr/lib/$arch/libactra.a ./usr/lib/$arch/libactra.so ./usr/lib/$arch/libactra.so.0 ./usr/lib/$arch/libactra.so.$version ./usr/lib/$arch/pkgconfig/actra.pc "
    if grep -r "$work" "$work/root" --include='*.pc' --include='*.cmake'; then
        fail "DESTDIR is written into a file"
    fi
    by_cmake "below DESTDIR" "$work/root/usr" OFF
    DESTDIR="$work/root" PREFIX=/usr LIBDIR="lib/$arch" quietly scripts/install.sh uninstall
    is "what uninstalling leaves" "$(files_of "$work/root")" ""
    # Moved as a whole.
    mv "$prefix" "$work/moved"
    by_cmake "moved, static" "$work/moved" ON
    mv "$work/moved" "$prefix"
    # Beside files of others, and twice.
    echo mine >"$prefix/lib/pkgconfig/other.pc"
    install_to "$prefix"
    PREFIX="$prefix" quietly scripts/install.sh uninstall
    is "files of others" "$(files_of "$prefix")" "./lib/pkgconfig/other.pc "
    is "a relative prefix" "$(PREFIX=here scripts/install.sh 2>&1 || true)" 'error: PREFIX is `here`, and has to be absolute'
}

version="$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
prefix="$work/prefix"
install_to "$prefix"
cc $c_warnings -I"$prefix/include" bindings/c/tests/compile.c -L"$prefix/lib" -lactra -Wl,-rpath,"$prefix/lib" -o "$work/compile"
"$work/compile" examples/refund "$work/refund.actra"
is "SONAME" "$(readelf -d "$prefix/lib/libactra.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')" libactra.so.0
by_pkg_config
by_cmake "shared" "$prefix" OFF
is "what the program needs" "$(needs "$work/program/build/decide")" libactra.so.0
is "the library's version" "$("$work/program/build/decide" --version)" "libactra $version, with compiler"
by_cmake "static" "$prefix" ON
is "what the program needs" "$(needs "$work/program/build/decide")" nothing
versions_in_cmake
other_abi
places
echo "installing libactra: $checks passed, 0 failed"
