#!/usr/bin/env bash
# Policies inside of data engines: the example for DataFusion, which takes minutes to build.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_rust
say "DataFusion"
cargo test --locked --manifest-path examples/datafusion/Cargo.toml \
    --target-dir "${CARGO_TARGET_DIR:-target}/datafusion"
