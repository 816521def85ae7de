#!/usr/bin/env bash
# Fails where a workspace beside the main one depends on what its lock file does not have: they are built
# by targets of their own, which would be the first to notice.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_rust
for workspace in benches/peers examples/datafusion fuzz mutants; do
    cargo update --quiet --workspace --locked --manifest-path "$workspace/Cargo.toml" ||
        fail "run \`cargo update --workspace --manifest-path $workspace/Cargo.toml\`"
done
