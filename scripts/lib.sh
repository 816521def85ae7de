# Shared by the scripts beside it: what has to be there before cargo can work.

say() { printf '\n==> %s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Installs Debian packages where that is possible, or says which are missing.
install_packages() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "please install: $*"
        as_root=(sudo)
    fi
    command -v apt-get >/dev/null || fail "please install: $*"
    say "installing $*"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@"
}

need_rust() {
    command -v cargo >/dev/null || fail "cargo is missing: install Rust 1.88 or later (https://rustup.rs)"
    command -v cc >/dev/null || install_packages gcc libc6-dev
}

# `venv` without `ensurepip` cannot install anything into its environments.
need_python() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
}
