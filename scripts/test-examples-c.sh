#!/usr/bin/env bash
# The examples in C and C++: built, run, and their output compared; optimized, and under
# AddressSanitizer and UBSan.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/libactra.sh

need_c
need_libactra
work="$(mktemp -d)"
# A program that a failed check leaves behind goes, too.
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
examples=examples/c
checks=0

# same WHAT EXPECTED FOUND
same() {
    diff -u "$2" "$3" || fail "$1: not what was to come"
    checks=$((checks + 1))
}

# is WHAT FOUND EXPECTED
is() {
    [ "$2" = "$3" ] || fail "$1: expected \`$3\`, got \`$2\`"
    checks=$((checks + 1))
}

# has FILE TEXT: waits for a line that has the text.
has() {
    for _ in $(seq 200); do
        if grep -qF "$2" "$1"; then
            checks=$((checks + 1))
            return
        fi
        sleep 0.05
    done
    cat "$1" >&2
    fail "no line with \`$2\` in $1"
}

# build FOLDER FLAGS...
build() {
    mkdir -p "$work/$1"
    local to="$work/$1"
    shift
    cc $c_warnings "$@" -Iinclude $examples/decide.c $examples/lines.c "$lib/libactra.a" $static_libs -o "$to/decide"
    cc $c_warnings "$@" -Iinclude $examples/hotpath.c "$lib/libactra.a" $static_libs -o "$to/hotpath"
    c++ $cxx_warnings "$@" -Iinclude $examples/hotpath.cpp "$lib/libactra.a" $static_libs -o "$to/hotpath_cpp"
}

# status COMMAND...: its exit status, with its output in $work/out and $work/err.
status() {
    local code=0
    "$@" >"$work/out" 2>"$work/err" || code=$?
    echo "$code"
}

outputs() {
    is "decide's status" "$(status "$bin/decide" "$refund" <$examples/inputs.jsonl)" 1
    same "decide" $examples/expected/decide.jsonl "$work/out"
    is "status where all is decided" "$(head -5 $examples/inputs.jsonl | status "$bin/decide" "$refund")" 0
    is "hotpath's status" "$(status "$bin/hotpath" "$refund")" 0
    same "hotpath" $examples/expected/hotpath.txt "$work/out"
    is "hotpath_cpp's status" "$(status "$bin/hotpath_cpp" "$refund")" 0
    same "hotpath_cpp" <(cat $examples/expected/hotpath.txt $examples/expected/swaps.txt) "$work/out"
    is "hotpath without a policy" "$(status "$bin/hotpath" /nowhere.actra)" 1
    is "hotpath_cpp without a policy" "$(status "$bin/hotpath_cpp" /nowhere.actra)" 1
}

arguments() {
    is "--help" "$(status "$bin/decide" --help)" 0
    has "$work/out" "usage: decide"
    is "--version" "$(status "$bin/decide" --version)" 0
    has "$work/out" "libactra "
    is "no policy" "$(status "$bin/decide")" 2
    is "two policies" "$(status "$bin/decide" a b)" 2
    is "an option that is not there" "$(status "$bin/decide" --wrong)" 2
    has "$work/err" 'there is no option `--wrong`'
    is "a policy that is not there" "$(status "$bin/decide" /nowhere.actra </dev/null)" 2
    has "$work/err" '{"event":"load_refused","code":"io"'
    is "a policy that is none" "$(status "$bin/decide" $examples/decide.c </dev/null)" 2
    has "$work/err" '"code":"not_an_artifact"'
    is "no input" "$(status "$bin/decide" "$refund" </dev/null)" 0
    is "unknown fields" "$(echo '{"action": {"type": "refund", "tenant": "a", "amount": 1, "currency": "EUR", "x": 1}, "actor": {"role": "support"}}' |
        status "$bin/decide" --refuse-unknown "$refund")" 1
    has "$work/out" '{"error":{"code":"unknown_field","field":"action.x"'
}

# Lines that are long, broken, empty, or end without a newline.
lines() {
    local good
    good="$(head -1 $examples/inputs.jsonl)"
    {
        printf '%*s\n' $((17 * 1024 * 1024)) x
        printf '%s%*s\n' "$good" $((16 * 1024 * 1024 - ${#good})) ''
        printf '%s%*s\n' "$good" $((16 * 1024 * 1024 - ${#good} + 1)) ''
        printf '\xff\n{"a": \0}\n%s\r\n%s' "$good" "$good"
    } | status "$bin/decide" "$refund" >"$work/code"
    is "broken lines" "$(cat "$work/code")" 1
    is "a line for a line" "$(wc -l <"$work/out")" 7
    is "decided among broken lines" "$(grep -n '^{"effect":"allow","matched_rule":"refund_by_support"}$' "$work/out" | cut -d: -f1 | tr '\n' ' ')" "2 6 7 "
    is "codes of broken lines" "$(grep -o '"code":"[a-z_0-9]*"' "$work/out" | tr '\n' ' ')" '"code":"too_large" "code":"too_large" "code":"not_utf8" "code":"malformed" '
    printf '%*s' $((33 * 1024 * 1024)) x | status "$bin/decide" "$refund" >"$work/code"
    is "a long line without an end" "$(cat "$work/code") $(wc -l <"$work/out")" "1 1"
}

# Streams that fail.
streams() {
    is "standard input that cannot be read" "$(status "$bin/decide" "$refund" </)" 3
    has "$work/err" '{"event":"read_failed","code":"io"'
    if [ -e /dev/full ]; then
        local code=0
        "$bin/decide" "$refund" <$examples/inputs.jsonl >/dev/full 2>"$work/err" || code=$?
        is "a full device" "$code" 3
        has "$work/err" '{"event":"write_failed","code":"io"'
    fi
    local codes
    codes="$(set +o pipefail; yes "$(head -1 $examples/inputs.jsonl)" | { "$bin/decide" "$refund" 2>"$work/err"; echo $? >"$work/code"; } | head -1 >/dev/null; cat "$work/code")"
    is "a reader that goes away" "$codes" 3
}

# Reloading, with somebody who waits for each answer.
reloading() {
    local policy="$work/reload.actra" line reply
    line="$(head -1 $examples/inputs.jsonl)"
    cp "$refund" "$policy"
    : >"$work/events"
    coproc DECIDE { exec "$bin/decide" "$policy" 2>"$work/events"; }
    local pid=$DECIDE_PID in=${DECIDE[1]} out=${DECIDE[0]}
    ask() {
        echo "$line" >&"$in"
        read -r -t 20 reply <&"$out" || fail "no answer"
        is "$1" "$reply" "$2"
    }
    local allow='{"effect":"allow","matched_rule":"refund_by_support"}' block='{"effect":"block","matched_rule":null}'
    has "$work/events" '{"event":"loaded","deciding":"'
    ask "before" "$allow"
    cp "$work/closed.actra" "$policy.new" && mv "$policy.new" "$policy"
    ask "before the signal" "$allow"
    kill -HUP "$pid"
    has "$work/events" '{"event":"reloaded","deciding":"'
    ask "after the signal" "$block"
    echo "not an artifact" >"$policy"
    kill -HUP "$pid"
    has "$work/events" '"code":"not_an_artifact"'
    ask "after a refused file" "$block"
    rm "$policy"
    kill -HUP "$pid"
    has "$work/events" '"code":"io"'
    ask "without a file" "$block"
    # Stopped and continued while it waits: nothing is lost.
    kill -STOP "$pid" && kill -CONT "$pid"
    ask "after a stop" "$block"
    cp "$refund" "$policy"
    kill -HUP "$pid"
    for _ in $(seq 200); do
        [ "$(grep -c '"event":"reloaded"' "$work/events")" = 2 ] && break
        sleep 0.05
    done
    ask "after a good file" "$allow"
    eval "exec $in>&-"
    local code=0
    wait "$pid" || code=$?
    is "status in the end" "$code" 0
    is "events" "$(grep -o '"event":"[a-z_]*"' "$work/events" | cut -d'"' -f4 | tr '\n' ' ')" "loaded reloaded reload_refused reload_refused reloaded "
}

# A signal comes through where there always is something to read: a line without an end.
reloading_in_a_stream() {
    cp "$refund" "$work/stream.actra"
    : >"$work/events"
    "$bin/decide" "$work/stream.actra" </dev/zero >/dev/null 2>"$work/events" &
    local pid=$!
    has "$work/events" '"event":"loaded"'
    kill -HUP "$pid"
    has "$work/events" '"event":"reloaded"'
    kill "$pid"
    wait "$pid" 2>/dev/null || true
}

cc $c_warnings -Iinclude bindings/c/tests/compile.c "$lib/libactra.a" $static_libs -o "$work/compile"
refund="$work/refund.actra"
"$work/compile" examples/refund "$refund"
mkdir "$work/closed"
cp examples/refund/schema.yaml "$work/closed/"
printf 'version: 2\nrules:\n  - {id: nobody, scope: {action: payout}, when: action.amount < 0, effect: allow}\n' >"$work/closed/policy.yaml"
"$work/compile" "$work/closed" "$work/closed.actra"

for kind in sanitized optimized; do
    flags="-O2"
    [ $kind = optimized ] || flags="$sanitizers"
    build $kind $flags
    bin="$work/$kind"
    outputs
    arguments
    lines
    streams
    reloading
    reloading_in_a_stream
done

# What the page shows is what they print.
while IFS= read -r line; do
    grep -qF -- "$line" $examples/README.md || fail "examples/c/README.md does not have: $line"
    checks=$((checks + 1))
done < <(cat $examples/expected/*)
echo "examples in C and C++: $checks passed, 0 failed"
