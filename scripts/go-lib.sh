#!/usr/bin/env bash
# Puts libactra into the Go package's own folder: the static library, which is not committed, and a
# copy of the header, which is.
#
#   scripts/go-lib.sh [PREFIX]           from PREFIX/include/actra.h and PREFIX/lib/libactra.a, as
#                                        `make install` lays them out; without PREFIX from include/
#                                        and from what cargo has built
#   scripts/go-lib.sh --check            fails where the header's copy is not the header
#
# GOOS and GOARCH name the platform that the library is for: by default this machine's.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

package=bindings/go

check_header() {
    cmp -s include/actra.h "$package/actra.h" ||
        fail "$package/actra.h is not include/actra.h: run scripts/go-lib.sh, and commit the copy"
}

if [ "${1:-}" = --check ]; then
    check_header
    exit
fi

if [ $# -gt 0 ]; then
    header=$1/include/actra.h
    library=$1/lib/libactra.a
else
    header=include/actra.h
    library=${CARGO_TARGET_DIR:-target}/release/libactra.a
    [ -f "$library" ] || cargo build --release --locked -p actra-ffi
fi
[ -f "$header" ] || fail "there is no $header"
[ -f "$library" ] || fail "there is no $library"

name=libactra_$(go env GOOS)_$(go env GOARCH).a
# Beside it first and then in its place: a build that runs meanwhile links the old one or the new.
cp "$header" "$package/.actra.h.tmp"
cp "$library" "$package/.$name.tmp"
# What is left without debug information is a fraction of it.
strip --strip-debug "$package/.$name.tmp" 2>/dev/null || true
mv "$package/.actra.h.tmp" "$package/actra.h"
mv "$package/.$name.tmp" "$package/$name"
