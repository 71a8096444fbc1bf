#!/usr/bin/env bash
# Fuzzes what comes from outside. usage: tests/fuzz/run.sh [target|all] [seconds each]
#
# Inputs that add coverage are kept from run to run in .fuzz/<target>; an input that
# breaks something is written to .fuzz/found/ and makes the script fail. Each becomes
# a named test in the room of what broke, see README.md here.
set -eu

targets="decode view view_differential encode text control datagram stream address command"
target="${1:-all}"
seconds="${2:-60}"
root="$(cd "$(dirname "$0")/../.." && pwd)"
cd "$root"

case "$target" in
  all) chosen="$targets" ;;
  *[!a-z_]*) chosen="" ;;
  *) case " $targets " in *" $target "*) chosen="$target" ;; *) chosen="" ;; esac ;;
esac
if [ -z "$chosen" ]; then
  echo "unknown fuzz target '$target': choose one of: all $targets" >&2
  exit 2
fi
case "$seconds" in
  '' | *[!0-9]*)
    echo "'$seconds' is no number of seconds: usage: $0 [target|all] [seconds]" >&2
    exit 2
    ;;
esac

labels=""
for name in $chosen; do labels="$labels //tests/fuzz:${name}_fuzzer"; done
# Debian's system-wide bazelrc turns sandbox_debug on, and every action then talks.
# shellcheck disable=SC2086 # the labels are separate words
"${BAZEL:-bazel}" build --config=fuzz --jobs="${JOBS:-2}" --nosandbox_debug \
  --ui_event_filters=-info --symlink_prefix=.fuzz/bazel- $labels

failed=0
mkdir -p .fuzz/found
for name in $chosen; do
  kind="$name"
  case "$name" in decode | view | view_differential | encode) kind=packet ;; esac
  python3 tests/fuzz/expand_seeds.py "$kind" ".fuzz/seeds_$kind"
  mkdir -p ".fuzz/$name"
  echo "== $name: $seconds s"
  # The stack holds a value at depth 1024 with the sanitizer's frames. libFuzzer names
  # every function it reaches: all of it goes to the log, and here only when it failed.
  if (
    ulimit -s unlimited 2>/dev/null || true
    UBSAN_OPTIONS=print_stacktrace=1 ".fuzz/bazel-bin/tests/fuzz/${name}_fuzzer" \
      -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
      -print_final_stats=1 -verbosity=0 -artifact_prefix=".fuzz/found/${name}_" \
      ".fuzz/$name" ".fuzz/seeds_$kind"
  ) >".fuzz/$name.log" 2>&1; then
    grep -E 'stat::(number_of_executed_units|average_exec_per_sec)' ".fuzz/$name.log"
  else
    failed=1
    cat ".fuzz/$name.log" >&2
    echo "$name failed: its input is in .fuzz/found/, see tests/fuzz/README.md" >&2
  fi
done
exit "$failed"
