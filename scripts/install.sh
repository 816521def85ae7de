#!/usr/bin/env bash
# Installs libactra for C and C++: headers, shared and static library, files for pkg-config and CMake.
#
#   scripts/install.sh [install|uninstall]
#
# PREFIX      where to (default /usr/local)
# LIBDIR      folder of the libraries: absolute, or below PREFIX (default lib)
# INCLUDEDIR  folder of the headers, likewise (default include)
# DESTDIR     put in front of all of them, and into no file: for building packages
# RUNTIME_ONLY=1  the build without compiler and YAML, which loads `.actra` files only
# ACTRA_LIB   folder with the libactra.a and libactra.so to install; without it cargo builds them
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' scripts/install.sh; }

[ "$(uname -s)" = Linux ] || fail "libactra installs on Linux so far, and this is $(uname -s)"

version="$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)"
soname="$(sed -n 's/.*-soname,\(libactra\.so\.[0-9]*\).*/\1/p' crates/actra-ffi/build.rs)"
oldest_of_this_abi=0.8.0
[ -n "$version" ] && [ -n "$soname" ] || fail "no version in Cargo.toml, or no SONAME in build.rs"

# below FOLDER: absolute as it is, else below the prefix.
below() {
    case "$1" in
        /*) printf '%s' "$1" ;;
        *) printf '%s' "$prefix/$1" ;;
    esac
}

prefix="${PREFIX:-/usr/local}"
case "$prefix" in
    /*) ;;
    *) fail "PREFIX is \`$prefix\`, and has to be absolute" ;;
esac
[ "$prefix" = / ] || prefix="${prefix%/}"
libdir="$(below "${LIBDIR:-lib}")"
includedir="$(below "${INCLUDEDIR:-include}")"
destdir="${DESTDIR:-}"
cmakedir="$libdir/cmake/actra"
pcdir="$libdir/pkgconfig"

files=(
    "$includedir/actra.h"
    "$includedir/actra.hpp"
    "$libdir/libactra.a"
    "$libdir/libactra.so.$version"
    "$libdir/$soname"
    "$libdir/libactra.so"
    "$pcdir/actra.pc"
    "$cmakedir/actraConfig.cmake"
    "$cmakedir/actraConfigVersion.cmake"
)

# in_file TEMPLATE NAME=VALUE...: the template with its @NAMES@ replaced.
in_file() {
    local text name pair
    text="$(cat "$1")"
    shift
    for pair in "$@"; do
        name="${pair%%=*}"
        text="${text//@$name@/"${pair#*=}"}"
    done
    printf '%s\n' "$text"
}

# from_prefix VARIABLE FOLDER: by the variable where the folder is below the prefix, so that what is
# installed can be moved.
from_prefix() {
    case "$2" in
        "$prefix"/*) printf '${%s}/%s' "$1" "${2#"$prefix"/}" ;;
        *) printf '%s' "$2" ;;
    esac
}

# put MODE FILE: standard input into a file that is installed.
put() {
    local to="$destdir$2"
    rm -f "$to"
    cat >"$to"
    chmod "$1" "$to"
}

install_all() {
    local built="${CARGO_TARGET_DIR:-target}"
    if [ -n "${RUNTIME_ONLY:-}" ]; then
        built="$built/runtime-only"
    fi
    # Root installs what somebody else has built, and need not have Rust.
    if [ -z "${ACTRA_LIB:-}" ] && ! command -v cargo >/dev/null && [ -f "$built/release/libactra.so" ]; then
        ACTRA_LIB="$built/release"
    fi
    if [ -n "${RUNTIME_ONLY:-}" ] && [ -z "${ACTRA_LIB:-}" ]; then
        need_runtime_only_libactra
    else
        need_libactra
    fi
    install -d "$destdir$includedir" "$destdir$libdir" "$destdir$pcdir" "$destdir$cmakedir"
    install -m 644 include/actra.h include/actra.hpp "$destdir$includedir/"
    # Only what debuggers of Rust would read goes.
    put 644 "$libdir/libactra.a" <"$lib/libactra.a"
    strip --strip-debug "$destdir$libdir/libactra.a"
    put 755 "$libdir/libactra.so.$version" <"$lib/libactra.so"
    strip --strip-unneeded "$destdir$libdir/libactra.so.$version"
    ln -sfn "libactra.so.$version" "$destdir$libdir/$soname"
    ln -sfn "$soname" "$destdir$libdir/libactra.so"
    in_file bindings/c/package/actra.pc.in \
        "PREFIX=$prefix" "VERSION=$version" "STATIC_LIBS=$static_libs" \
        "INCLUDEDIR=$(from_prefix prefix "$includedir")" "LIBDIR=$(from_prefix prefix "$libdir")" |
        put 644 "$pcdir/actra.pc"
    in_file bindings/c/package/actraConfig.cmake.in \
        "VERSION=$version" "SONAME=$soname" \
        "CMAKE_TO_PREFIX=$(realpath -m --relative-to="$cmakedir" "$prefix")" \
        "CMAKE_STATIC_LIBS=$(sed 's/-l//g; s/ /;/g' <<<"$static_libs")" \
        "CMAKE_INCLUDEDIR=$(from_prefix _actra_prefix "$includedir")" \
        "CMAKE_LIBDIR=$(from_prefix _actra_prefix "$libdir")" |
        put 644 "$cmakedir/actraConfig.cmake"
    in_file bindings/c/package/actraConfigVersion.cmake.in \
        "VERSION=$version" "OLDEST_OF_THIS_ABI=$oldest_of_this_abi" |
        put 644 "$cmakedir/actraConfigVersion.cmake"
    say "installed libactra $version"
    printf '%s\n' "${files[@]/#/$destdir}"
}

# The files, and the folders that nothing but them was in.
uninstall_all() {
    local file folder
    for file in "${files[@]}"; do
        rm -f "$destdir$file"
    done
    for folder in "$cmakedir" "$libdir/cmake" "$pcdir" "$libdir" "$includedir"; do
        rmdir "$destdir$folder" 2>/dev/null || true
    done
    say "uninstalled libactra $version"
}

case "${1:-install}" in
    install) install_all ;;
    uninstall) uninstall_all ;;
    -h | --help | help) usage ;;
    *) usage >&2; exit 2 ;;
esac
