#!/usr/bin/env bash
# Replays a small log and one of SIZE megabytes (default 2000), as JSON Lines and as CSV, and fails
# where the large one takes more than 16 MiB of memory more than the small one. Says rows per second.
set -euo pipefail
cd "$(dirname "$0")/.."
actra="${ACTRA:-${CARGO_TARGET_DIR:-target}/release/actra}"
size="${1:-2000}"
room="$(mktemp -d "${TMPDIR:-/tmp}/replay-memory.XXXXXX")"
trap 'rm -rf "$room"' EXIT

# Writes a log of so many megabytes, of all outcomes. One block of rows is written again and again.
generate() {
    python3 - "$1" "$2" "$3" <<'PYTHON'
import json, sys

kind, megabytes, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
roles = ["support", "assistant", "supervisor", "sales"]
effects = ["allow", "block", "require_approval"]
names = ["action.type", "action.tenant", "action.amount", "action.currency", "actor.type",
         "actor.role", "snapshot.fraud_flag", "snapshot.refunded_today", "effect", "matched_rule"]
rows = []
for number in range(20_000):
    amount = number * 7919 % 3000
    row = ["refund", "acme", amount if number % 50 else "x", "EUR",
           "ai_agent" if number % 3 else "human", roles[number % 4], number % 40 == 0,
           number * 31 % 25_000, effects[number % 3], "rule %d" % (number % 7)]
    if kind == "csv":
        rows.append(",".join(str(cell).lower() if isinstance(cell, bool) else str(cell)
                             for cell in row))
    else:
        context = {}
        for name, cell in zip(names[:8], row):
            domain, field = name.split(".")
            context.setdefault(domain, {})[field] = cell
        decision = {"effect": row[8], "matched_rule": row[9]}
        rows.append(json.dumps({"id": number, "context": context, "decision": decision}))
block = ("\n".join(rows) + "\n").encode()
with open(path, "wb") as log:
    if kind == "csv":
        log.write((",".join(names) + "\n").encode())
    while log.tell() < megabytes * 1_000_000:
        log.write(block)
PYTHON
}

# Runs a replay; sets `kib` to the peak of its resident memory, `seconds` to its time and `cpu` to
# that of its threads together.
measure() {
    local told
    told="$(python3 - "$actra" "$@" <<'PYTHON'
import resource, subprocess, sys, time

start = time.monotonic()
replay = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
peak = 0
# The kernel keeps the peak; the last look comes at most a moment before the end.
while replay.poll() is None:
    with open("/proc/%d/status" % replay.pid) as status:
        peaks = [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
    peak = max([peak] + peaks)
    time.sleep(0.005)
seconds = time.monotonic() - start
if replay.returncode != 0:
    sys.exit("the replay ended with %d" % replay.returncode)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(peak, "%.2f" % seconds, "%.2f" % (usage.ru_utime + usage.ru_stime))
PYTHON
)"
    read -r kib seconds cpu <<<"$told"
}

"$actra" compile examples/refund --output "$room/refund.actra" >/dev/null
for kind in jsonl csv; do
    small="$room/small.$kind" large="$room/large.$kind"
    generate "$kind" 20 "$small"
    generate "$kind" "$size" "$large"
    for against in "" "--against $room/refund.actra"; do
        what="$kind, $([ -z "$against" ] && echo "with the recorded decisions" || echo "with a second policy")"
        # shellcheck disable=SC2086
        measure replay "$small" --policy "$room/refund.actra" $against --jobs "${JOBS:-2}"
        before="$kib"
        # shellcheck disable=SC2086
        measure replay "$large" --policy "$room/refund.actra" $against --jobs "${JOBS:-2}"
        rows="$(wc -l <"$large")"
        rates="$(python3 -c "print(round($rows / $seconds), 'rows a second,', round($rows / $cpu), 'a second of one processor')")"
        echo "$what: 20 MB in $before KiB, $size MB in $kib KiB; $rows rows in $seconds s: $rates"
        if [ "$kib" -gt $((before + 16 * 1024)) ]; then
            echo "memory grows with the log" >&2
            exit 1
        fi
    done
    rm "$small" "$large"
done
