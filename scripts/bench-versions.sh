#!/usr/bin/env bash
# Versions of what is measured, for the results: lines of a name, a tab and a version.
set -euo pipefail
cd "$(dirname "$0")/.."

line() { printf '%s\t%s\n' "$1" "$2"; }

line actra "$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)"
line rustc "$(rustc --version | cut -d ' ' -f 2)"
line cc "$(cc --version | head -n 1 | sed 's/^cc //')"
# The peers of Rust and of Go, as their packages pin them.
for name in cedar-policy regorus cel casbin zen-engine; do
    line "$name" "$(grep -A 1 -x "name = \"$name\"" benches/peers/Cargo.lock | sed -n 's/^version = "\(.*\)"/\1/p')"
done
if command -v go >/dev/null; then
    line go "$(go env GOVERSION | sed 's/^go//')"
    awk '$1 ~ /\/(cedar-go|opa|cel-go|casbin\/v[0-9]+)$/ { print $1 "\t" $2 }' benches/doors/go/go.mod
fi
# Python and its engines, as their environments have them.
if command -v python3 >/dev/null; then
    line python "$(python3 -c 'import platform; print(platform.python_version())')"
    for name in cedarpy cel-python pycasbin; do
        line "$name" "$(sed -n "s/^$name==//p" benches/doors/python/requirements/*.txt)"
    done
fi
