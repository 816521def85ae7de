#!/usr/bin/env bash
# Changes the machine, the verifier and lowering in one place after the other and runs the tests each
# time: docs/mutation-testing.md. Arguments are those of the program in mutants/.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_rust
command -v git >/dev/null || install_packages git
cargo build --release --locked --manifest-path mutants/Cargo.toml
exec mutants/target/release/actra-mutants "$@"
