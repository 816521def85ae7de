#!/usr/bin/env bash
# Puts libactra into the Go package's own folder: the static library, which is not committed, and a
# copy of the header, which is.
#
#   scripts/go-lib.sh           builds the library, unless ACTRA_LIB names a folder that has one
#   scripts/go-lib.sh --check   fails where the header's copy is not the header
#
# GOOS and GOARCH name the platform that the library in ACTRA_LIB is for: this machine's by default.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

package=bindings/go

if [ "${1:-}" = --check ]; then
    cmp -s include/actra.h "$package/actra.h" ||
        fail "$package/actra.h is not include/actra.h: run scripts/go-lib.sh, and commit the copy"
    exit
fi

need_go
need_libactra
name=libactra_$(go env GOOS)_$(go env GOARCH).a
# Beside it first and then in its place: a build that runs meanwhile links the old one or the new.
cp "$lib/libactra.a" "$package/.$name.tmp"
# What is left without debug information is two thirds of it.
strip --strip-debug "$package/.$name.tmp" 2>/dev/null || true
mv "$package/.$name.tmp" "$package/$name"
cmp -s include/actra.h "$package/actra.h" || cp include/actra.h "$package/actra.h"
