#!/usr/bin/env bash
# The main job from its files to its result: demo.sh PATH_TO_GANG [DIRECTORY]
# Works in DIRECTORY (build/demo beside the sources), where its history stays: each run adds two jobs to it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 1 ] || { echo "usage: demo.sh PATH_TO_GANG [DIRECTORY]" >&2; exit 2; }
gang=$(realpath "$1")
demo=${2:-$here/../../build/demo}
mkdir -p "$demo"
demo=$(cd "$demo" && pwd)

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }
# Shows a command as a person would type it, then runs it.
show() { printf '$ gang %s\n' "$*"; "$gang" "$@"; }

# The job files say python3; the first one that has what train.py needs comes first in PATH.
find_python() {
  local python
  for python in python3 /usr/bin/python3; do
    python=$(command -v "$python") || continue
    if "$python" -c 'import torch, sklearn' 2>/dev/null; then dirname "$python"; return; fi
  done
  fail "no python3 here has PyTorch and scikit-learn; on Debian and Ubuntu: apt-get install python3-torch python3-sklearn"
}
python_directory=$(find_python)
export PATH="$python_directory:$PATH"
export GANGLINE_STATE="$demo/state"
mkdir -p "$demo/digits"
rm -f "$demo/digits/best.json"
cp "$here"/*.py "$here"/*.toml "$demo/digits/"
cd "$demo/digits"

sweep='' train=''
clean_up() {
  local code=$?
  trap - EXIT INT TERM
  if [ -n "$sweep" ] && [ "$("$gang" show -q "${train:-$sweep}" 2>/dev/null)" != ended ]; then
    echo "demo: stopping the jobs" >&2
    "$gang" stop -q $sweep $train || true
    "$gang" wait -q --time 30s $sweep $train >/dev/null 2>&1 || true
  fi
  "$gang" daemon stop -q || true
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "two job files: a sweep that picks the best learning rate, and a training of two ranks after it"
grep -v '^#' sweep.toml
echo '---'
grep -v '^#' train.toml
say "handed in together"
printf '$ gang submit sweep.toml train.toml\n'
submitted=$("$gang" submit sweep.toml train.toml)
echo "$submitted"
sweep=$(sed -n '1s/^job \([0-9]*\) .*/\1/p' <<<"$submitted")
train=$(sed -n '2s/^job \([0-9]*\) .*/\1/p' <<<"$submitted")

say "why the training waits"
show why "$train"

say "while they run"
# The lines of both jobs in `gang list`, whenever one of them changes; all of it now and then.
last='' shown=0 begun=$SECONDS
while [ "$("$gang" show -q "$train")" != ended ]; do
  state=$("$gang" list --json | "$python_directory/python3" -c '
import json, sys
for job in sorted(json.load(sys.stdin), key=lambda job: job["id"]):
    if str(job["id"]) in sys.argv[1:]:
        counts = [(job["ended_well"], "ended well"), (job["ended_badly"], "ended badly"),
                  (job["never_ran"], "never ran"),
                  (job["starting"] + job["running"], "running"), (job["waiting"], "waiting")]
        print(job["name"] + ": " + ", ".join(f"{n} {word}" for n, word in counts if n), end=";  ")
' "$sweep" "$train")
  if [ "$state" != "$last" ]; then printf '[%2d s] %s\n' $((SECONDS - begun)) "${state%;  }"; fi
  last=$state
  if [ $((SECONDS - begun)) -ge "$shown" ]; then
    show list
    shown=$((SECONDS - begun + 8))
  fi
  sleep 0.5
done

say "what became of them"
show list
echo
show show "$sweep"
echo
show show "$train"
say "what the tasks wrote"
show logs "$sweep.6"
echo
show logs "$train" --rank 0
"$gang" wait -q "$sweep" "$train" >/dev/null || fail "a job failed"

accuracy=$("$gang" logs "$train" --rank 0 | sed -n 's/^accuracy on .* digits: \([0-9.]*\) %.*/\1/p')
[ -n "$accuracy" ] || fail "the training reported no accuracy"
say "held-out accuracy $accuracy % after $((SECONDS - begun)) s"
awk -v accuracy="$accuracy" 'BEGIN { exit !(accuracy > 95) }' || fail "that is not above 95 %"
