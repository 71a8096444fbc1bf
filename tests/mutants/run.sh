#!/usr/bin/env bash
# Plants one bug after another in a copy of the tree, and names the test that finds each.
#
#   tests/mutants/run.sh [NAME...]     those of these names, or all
#   tests/mutants/run.sh --check       only whether each still applies
#
# A mutant is NAME.patch here: a unified diff whose first line is "# killed by: TARGET". What a
# name begins with is enough. Exit status 1 when one survives its test and those of that test's
# room, does not compile, or no longer applies.
set -euo pipefail

folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(cd "$folder/../.." && pwd)
readonly folder root
# shellcheck source=tests/mutants/planting.sh
. "$folder/planting.sh"
# A test that a mutant makes endless has failed too.
readonly seconds_a_test=120
# Each has a Bazel of its own, which takes half a gigabyte.
readonly max_lanes=8

say() { printf '%s\n' "mutants: $*" >&2; }

target_of() { sed -n '1s/^# killed by: *//p' "$1"; }

check() {
  local patch failed=0
  for patch in "$@"; do
    if [[ -z $(target_of "$patch") ]]; then
      say "$(basename "$patch"): its first line does not say what kills it"
      failed=1
    elif ! patch_tree "$root" "$patch" --dry-run >/dev/null 2>&1; then
      say "$(basename "$patch"): no longer applies"
      failed=1
    fi
  done
  ((failed)) || say "$# mutants apply"
  return "$failed"
}

run_tests() { # run_tests TARGET LOG
  local flags=(--nosandbox_debug)
  [[ -z ${JOBS:-} ]] || flags+=("--jobs=$JOBS")
  (cd "$tree" && nice bazel --output_base="$output" test "${flags[@]}" --test_output=errors \
    --test_timeout="$seconds_a_test" --test_env=RINGPEER_SHRINK=0 --noshow_progress "$1") >"$2" 2>&1
}

# The first thing in a log that tells who noticed.
killer_in() {
  local last
  grep -m1 -oP '^\[  FAILED  \] \K[^ ,]+' "$1" && return
  grep -m1 -oE 'Assertion `.*|ERROR: [A-Za-z]*Sanitizer: .*' "$1" && return
  # It crashed, or did not end, in the test that ran last.
  last=$(grep -oP '^\[ RUN      \] \K\S+' "$1" | tail -n 1)
  echo "${last:-?}, in the middle"
}

# Prints who kills it; 1 when nobody does.
try_mutant() {
  local target=$1 log=$2 status=0
  run_tests "$target" "$log" || status=$?
  if ((status == 0)); then
    # The rest of the room may see more.
    run_tests "${target%:*}:all" "$log" || status=$?
    target="a neighbour of $target"
  fi
  case $status in
    0) echo "SURVIVES"; return 1 ;;
    3) echo "killed by $(killer_in "$log") ($target)" ;;
    *) echo "does not build, or could not run (status $status): $log"; return 1 ;;
  esac
}

enter_lane() { tree=$place/tree$1 output=$place/output$1; }

# Builds what the mutants' tests are made of, without a bug: what one lane has built, the next
# takes from a cache.
prepare_lane() { # prepare_lane LANE TARGET...
  enter_lane "$1"
  shift
  copy_tree "$tree"
  (cd "$tree" && nice bazel --output_base="$output" build --nosandbox_debug --noshow_progress \
    --disk_cache="$place/cache" "$@") >"$logs/build.log" 2>&1 ||
    { say "the tree does not build without a bug: $logs/build.log"; exit 1; }
}

# run_lane LANE PATCH...: one after another in a tree of the lane's own. A line for each, that
# begins with its name and has "killed by" in it, or not.
run_lane() {
  local patch name begun verdict
  enter_lane "$1"
  shift
  for patch in "$@"; do
    name=$(basename "$patch" .patch)
    begun=$SECONDS
    if ! patch_tree "$tree" "$patch" >/dev/null 2>&1; then
      verdict="no longer applies"
      copy_tree "$tree"
    else
      verdict=$(try_mutant "$(target_of "$patch")" "$logs/$name.log") || true
      patch_tree "$tree" "$patch" --reverse >/dev/null 2>&1 || copy_tree "$tree"
    fi
    printf '%-44s %s, %d s\n' "$name" "$verdict" $((SECONDS - begun))
  done
  bazel --output_base="$output" shutdown >/dev/null 2>&1 || true
}

# A mutant is built and tried by one processor most of the time.
run_all() {
  local lanes lane patch started=$SECONDS killed
  lanes=$(nproc)
  ((lanes <= $#)) || lanes=$#
  ((lanes <= max_lanes)) || lanes=$max_lanes
  local patches=("$@") targets
  mapfile -t targets < <(for patch in "$@"; do target_of "$patch"; done | sort -u)
  for ((lane = 0; lane < lanes; ++lane)); do prepare_lane "$lane" "${targets[@]}"; done
  rm -rf "$place/cache"
  for ((lane = 0; lane < lanes; ++lane)); do
    local share=() i
    for ((i = lane; i < ${#patches[@]}; i += lanes)); do share+=("${patches[i]}"); done
    run_lane "$lane" "${share[@]}" &
  done | tee "$logs/verdicts"
  killed=$(grep -c ' killed by ' "$logs/verdicts") || true
  printf '%d of %d mutants killed, %d s\n' "$killed" "$#" $((SECONDS - started))
  ((killed == $#))
}

only_check=
if [[ ${1:-} == --check ]]; then
  only_check=yes
  shift
fi
patches=()
(($#)) || set -- ''
for name in "$@"; do
  found=("$folder/$name"*.patch)
  [[ -e ${found[0]} ]] || { say "there is no mutant $name"; exit 2; }
  patches+=("${found[@]}")
done
if [[ $only_check ]]; then
  check "${patches[@]}"
  exit
fi

place=${XDG_CACHE_HOME:-$HOME/.cache}/ringpeer-mutants/$(md5sum <<<"$root" | cut -c1-8)
logs=$place/logs
readonly place logs
mkdir -p "$logs"
run_all "${patches[@]}"
