#!/usr/bin/env bash
# Fuzzes what comes from outside. usage: tests/fuzz/run.sh [target|all] [seconds each]
#
# Inputs that add coverage are kept from run to run in .fuzz/<target>; an input that
# breaks something is written to .fuzz/found/ and makes the script fail. Each becomes
# a named test in the room of what broke, see README.md here.
set -eu

targets="decode view view_differential encode text control datagram stream address command source_list handshake"
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
"${BAZEL:-bazel}" build --config=asan --platform_suffix=-asan --jobs="${JOBS:-2}" --nosandbox_debug \
  --ui_event_filters=-info --symlink_prefix=.fuzz/bazel- $labels

kind_of() { # what a target's seeds are
  case "$1" in decode | view | view_differential | encode) echo packet ;; *) echo "$1" ;; esac
}

fuzz_one() { # fuzz_one NAME SECONDS
  local name="$1" seconds="$2" kind
  kind=$(kind_of "$name")
  mkdir -p ".fuzz/$name"
  # The stack holds a value at depth 1024 with the sanitizer's frames. libFuzzer names
  # every function it reaches: all of it goes to the log, and here only when it failed.
  if (
    ulimit -s unlimited 2>/dev/null || true
    UBSAN_OPTIONS=print_stacktrace=1 ".fuzz/bazel-bin/tests/fuzz/${name}_fuzzer" \
      -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
      -print_final_stats=1 -verbosity=0 -artifact_prefix=".fuzz/found/${name}_" \
      ".fuzz/$name" ".fuzz/seeds_$kind"
  ) >".fuzz/$name.log" 2>&1; then
    awk -v name="$name" -v seconds="$seconds" '
      /stat::number_of_executed_units/ { units = $2 }
      /stat::average_exec_per_sec/ { rate = $2 }
      END { printf "== %s: %s s, %d inputs, %d a second\n", name, seconds, units, rate }' ".fuzz/$name.log"
  else
    cat ".fuzz/$name.log" >&2
    echo "$name failed: its input is in .fuzz/found/, see tests/fuzz/README.md" >&2
    return 1
  fi
}
export -f kind_of fuzz_one

mkdir -p .fuzz/found
for kind in $(for name in $chosen; do kind_of "$name"; done | sort -u); do
  python3 tests/fuzz/expand_seeds.py "$kind" ".fuzz/seeds_$kind"
done
# A target uses one processor.
# shellcheck disable=SC2086 # the names are separate words
printf '%s\n' $chosen |
  xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'fuzz_one "$@"' fuzz_one {} "$seconds"
