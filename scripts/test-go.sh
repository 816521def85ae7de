#!/usr/bin/env bash
# Tests the Go binding: format, vet, staticcheck, tests under the race detector and without it, the
# conformance cases, and how programs link it: vendored, shared, static in whole.
#
#   scripts/test-go.sh                   everything
#   scripts/test-go.sh leaks [CYCLES]    loading, deciding and freeing a million times, by memory
#
# ACTRA_LIB names a folder with libactra.a and libactra.so, ACTRA_CONFORMANCE the conformance cases
# as JSON; both are built where they are not named.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

staticcheck_version=v0.8.2

need_go
export GOFLAGS=-buildvcs=false
need_libactra
export ACTRA_LIB="$lib"
scripts/go-lib.sh --check
scripts/go-lib.sh

if [ "${1:-}" = leaks ]; then
    cd bindings/go
    ACTRA_CYCLES="${2:-1000000}" go test -count=1 -timeout 60m -v -run 'Leak' .
    exit
fi

if [ -z "${ACTRA_CONFORMANCE:-}" ]; then
    ACTRA_CONFORMANCE="$PWD/${CARGO_TARGET_DIR:-target}/conformance.json"
    cargo run --quiet --release --locked -p xtask -- conformance --json "$ACTRA_CONFORMANCE"
fi
ACTRA_CONFORMANCE="$(realpath "$ACTRA_CONFORMANCE")"
export ACTRA_CONFORMANCE

staticcheck="$PWD/.tools/bin/staticcheck"
"$staticcheck" -version 2>/dev/null | grep -qF "(${staticcheck_version#v})" ||
    GOBIN="$PWD/.tools/bin" go install "honnef.co/go/tools/cmd/staticcheck@$staticcheck_version"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
root="$PWD"
package="$root/bindings/go"
cd "$package"

say "format, vet, staticcheck"
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || fail "run gofmt -w in bindings/go: $unformatted"
# The package needs nothing but Go.
[ "$(go list -m all)" = actra ] || fail "bindings/go depends on other modules: $(go list -m all)"
go vet ./...
"$staticcheck" ./...

say "tests under the race detector"
# What runs on one goroutine, and long, is left to the run without it.
ACTRA_CASES=100 go test -race -timeout 300s -skip 'Conformance|LimitsAre|HoldsItself' ./...
say "tests without it: the conformance cases, what allocates, more inputs"
go test -timeout 300s ./...

say "a program that vendors the package"
mkdir "$work/program"
cd "$work/program"
cat >main.go <<'GO'
package main

import (
	"fmt"

	"actra"
)

func main() {
	policy, err := actra.Compile(actra.Sources{
		Schema: "version: 1\nactions: {refund: {fields: {amount: number}}}\n",
		Policy: "version: 2\nrules: [{id: small, scope: {action: refund}, when: action.amount <= 100, effect: allow}]\n",
	})
	if err != nil {
		panic(err)
	}
	defer policy.Close()
	fmt.Println(policy.Evaluate(actra.Input{Action: map[string]any{"type": "refund", "amount": 20}}))
}
GO
cat >go.mod <<MOD
module program

go 1.24

require actra v0.0.0

replace actra => $package
MOD
runs() { [ "$("$@")" = "allow by small <nil>" ] || fail "\`$*\` does not allow it"; }
go mod vendor
for file in actra.h "libactra_$(go env GOOS)_$(go env GOARCH).a"; do
    [ -f "vendor/actra/$file" ] || fail "go mod vendor leaves $file behind"
done
go build -mod=vendor -o vendored .
runs ./vendored
rm -rf vendor

say "the same, linked against the shared library"
command -v pkg-config >/dev/null || install_packages pkg-config
shared="${CARGO_TARGET_DIR:-$root/target}/go-shared"
mkdir -p "$shared"
ln -sf "$lib/libactra.so" "$shared/libactra.so"
ln -sf "$lib/libactra.so" "$shared/libactra.so.0"
cat >"$shared/actra.pc" <<PC
Name: actra
Description: libactra
Version: 0
Libs: -L$shared -lactra
PC
# Go's build cache keeps what pkg-config once said, unless the flags change.
export PKG_CONFIG_PATH="$shared" CGO_LDFLAGS="-O2 -g -L$shared"
go vet -tags actra_dynamic actra
go build -tags actra_dynamic -o shared .
LD_LIBRARY_PATH="$shared" runs ./shared
# Not through a pipe: `grep -q` would end it early, and that would be a failure.
needed="$(LD_LIBRARY_PATH="$shared" ldd shared)"
case "$needed" in
    *libactra.so.0*) ;;
    *) fail "the program does not name libactra.so.0: $needed" ;;
esac

unset CGO_LDFLAGS
say "the same, static in whole"
go build -ldflags '-linkmode external -extldflags "-static"' -o static . 2>"$work/warnings" || {
    cat "$work/warnings"
    fail "the program does not link statically"
}
runs env -i ./static
! ldd static >/dev/null 2>&1 || fail "the program is not static"
say "all good, after $SECONDS s"
