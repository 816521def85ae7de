# Shared by the scripts about libactra: the library, and how C and C++ programs are built with it.
# Sourced after lib.sh, in the root of the repository.

# The release build of the library, full or runtime-only: sets `lib` to the folder that has
# libactra.a and libactra.so. `ACTRA_LIB` names a folder that has a full one already.
need_libactra() {
    if [ -n "${ACTRA_LIB:-}" ]; then
        lib="$(cd "$ACTRA_LIB" && pwd)"
        [ -f "$lib/libactra.a" ] && [ -f "$lib/libactra.so" ] || fail "no libactra.a and libactra.so in $lib"
    else
        need_rust
        cargo build --quiet --release --locked -p actra-ffi
        lib="$(cd "${CARGO_TARGET_DIR:-target}/release" && pwd)"
    fi
}

# The runtime-only build, in a folder of its own: the two builds have other features.
need_runtime_only_libactra() {
    need_rust
    local target="${CARGO_TARGET_DIR:-target}/runtime-only"
    cargo build --quiet --release --locked -p actra-ffi --no-default-features --target-dir "$target"
    lib="$(cd "$target/release" && pwd)"
}

need_c() {
    command -v cc >/dev/null && command -v c++ >/dev/null || install_packages gcc g++ libc6-dev
}

# What a program needs beside libactra.a: what rustc names (`--print native-static-libs`) but libc and
# libgcc_s, which C compilers link by themselves, and otherwise where all is to be static.
static_libs="-lutil -lrt -lpthread -lm -ldl"

c_warnings="-std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
cxx_warnings="-std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Werror"

# Sanitizers end the program at the first finding.
sanitizers="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

# Go, and the C compiler that cgo calls.
need_go() {
    command -v go >/dev/null || fail "go is missing: install Go 1.24 or later (https://go.dev/dl)"
    command -v cc >/dev/null || install_packages gcc libc6-dev
}
