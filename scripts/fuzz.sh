#!/usr/bin/env bash
# Fuzzes each target for so many seconds: scripts/fuzz.sh SECONDS [TARGET...]. What fails is kept in
# fuzz/artifacts, what covers more in fuzz/corpus; neither is committed. fuzz/seeds is, and runs in
# every `make test`: what was found goes there.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

cargo_fuzz_version=0.13.2
seconds="${1:?how many seconds?}"
shift

need_rust
command -v c++ >/dev/null || install_packages g++
fuzz="$PWD/.tools/bin/cargo-fuzz"
"$fuzz" --version 2>/dev/null | grep -qF " $cargo_fuzz_version" ||
    cargo install --locked --root .tools --version "$cargo_fuzz_version" cargo-fuzz
# Instrumentation is not stable yet: a nightly toolchain has it, and so has a stable one that is asked.
export RUSTC_BOOTSTRAP=1
cd fuzz
[ $# -gt 0 ] || set -- documents generated input artifact program abi arrow
"$fuzz" build
for target in "$@"; do
    say "fuzzing $target for $seconds s"
    dictionary=()
    [ "$target" = documents ] && dictionary=(-dict=dict/yaml.dict)
    mkdir -p "corpus/$target"
    "$fuzz" run "$target" "corpus/$target" "seeds/$target" -- -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
        "${dictionary[@]}" -print_final_stats=1
done
say "all good, after $SECONDS s"
