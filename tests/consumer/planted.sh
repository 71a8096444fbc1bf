#!/usr/bin/env bash
# Plants what would break those who depend on ringpeer, one after another in a copy of the tree, and
# sees that the command meant for it notices.
#
#   tests/consumer/planted.sh [NAME...]     those of these names, or all
#
# A planted fault is planted/NAME.patch: a unified diff whose first line is "# caught by: COMMAND of
# ./dev", the second "# that says: REGULAR EXPRESSION". Exit status 1 when one is not caught.
set -euo pipefail

folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(cd "$folder/../.." && pwd)
readonly folder root
# shellcheck source=tests/mutants/planting.sh
. "$root/tests/mutants/planting.sh"
# Beside the tree, for Bazel 7 cannot read what lies in /tmp.
readonly copy=$root/.cache/consumer/planted
readonly log=$root/.cache/consumer/planted.log

field() { sed -n "s/^# $1: *//p" "$2" | head -n 1; }

try_fault() { # try_fault PATCH
  local patch=$1 command words
  command=$(field 'caught by' "$patch") words=$(field 'that says' "$patch")
  [[ -n $command && -n $words ]] || { echo "its first lines do not say what catches it"; return 1; }
  patch_tree "$copy" "$patch" >/dev/null 2>&1 || { echo "no longer applies"; return 1; }
  # shellcheck disable=SC2086 # the command's words
  if "$copy/dev" $command >"$log" 2>&1; then
    echo "IS NOT CAUGHT by ./dev $command"
    return 1
  fi
  cat "$copy"/.cache/consumer/*.log >>"$log" 2>/dev/null || true
  grep -Eq -- "$words" "$log" || { echo "./dev $command fails, and does not say $words: $log"; return 1; }
  echo "caught by ./dev $command"
}

shopt -s nullglob
mkdir -p "$(dirname "$copy")"
status=0 patches=()
for name in "${@:-}"; do patches+=("$folder/planted/$name"*.patch); done
((${#patches[@]})) || { echo "planted: no fault has such a name" >&2; exit 2; }
for patch in "${patches[@]}"; do
  copy_tree "$copy"
  verdict=$(try_fault "$patch") || status=1
  printf '%-32s %s\n' "$(basename "$patch" .patch)" "$verdict"
done
(cd "$copy" && bazel shutdown) >/dev/null 2>&1 || true
exit "$status"
