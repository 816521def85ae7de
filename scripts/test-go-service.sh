#!/usr/bin/env bash
# Tests examples/go-service: its parts, and the program itself, started on loopback.
#
#   scripts/test-go-service.sh [ARGUMENT...]   arguments are those of `go test`
#
# It needs Go, a C compiler, and the library in bindings/go: scripts/go-lib.sh puts it there.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

command -v go >/dev/null || fail "go is missing: install Go 1.24 or later (https://go.dev/dl)"
command -v cc >/dev/null || install_packages gcc libc6-dev
library=bindings/go/libactra_$(go env GOOS)_$(go env GOARCH).a
[ -f "$library" ] || fail "there is no $library: run scripts/go-lib.sh"

cd examples/go-service
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || fail "run gofmt -w in examples/go-service: $unformatted"
# The module file names exactly what is used.
go mod tidy -diff || fail "run go mod tidy in examples/go-service"
go vet ./...
go test -race -timeout 300s "$@" ./...
