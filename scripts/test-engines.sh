#!/usr/bin/env bash
# Policies inside of data engines: the example for DataFusion, which takes minutes to build, and that
# for Spark, which takes 400 MB of packages into an environment of its own, which stays. ACTRA_LIB_DIR
# names a directory with a built libactra.a; without it, cargo builds one.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

need_rust
say "DataFusion"
cargo test --locked --manifest-path examples/datafusion/Cargo.toml \
    --target-dir "${CARGO_TARGET_DIR:-target}/datafusion"

need_python
java="$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')" || true
[ "${java:-0}" -ge 17 ] || install_packages openjdk-17-jre-headless
say "Spark"
example=examples/pyspark
venv=.tools/pyspark
wanted="$(sha256sum "$example/requirements.txt" | cut -d ' ' -f 1)"
if [ "$(cat "$venv/wanted" 2>/dev/null)" != "$wanted" ]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$example/requirements.txt"
    printf '%s' "$wanted" >"$venv/wanted"
fi
bash scripts/wheel.sh
"$venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps \
    "${CARGO_TARGET_DIR:-target}"/wheels/*.whl
python="$PWD/$venv/bin/python"
(cd "$example" && "$python" -m pytest -q -p no:cacheprovider)
