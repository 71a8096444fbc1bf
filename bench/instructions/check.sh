#!/usr/bin/env bash
# Counts the user-space instructions a packet takes from completion to view, under
# callgrind, and compares them with the committed figures: a guard against slow code that
# no noise of a machine can trip or hide.
#
#   bench/instructions/check.sh PROGRAM            compares, exit status 1 when too many
#   bench/instructions/check.sh PROGRAM --update   writes the new figures
#
# `./dev instructions` builds the program and does this.
#
# PROGRAM is //bench/instructions:instructions, built optimised.
set -euo pipefail

folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly folder
readonly expected_file=$folder/expected.txt
# Compilers of one distribution release differ by less; a lost optimisation costs more.
readonly tolerance_percent=5
# What the project promises of views by io_uring, from its completion on, whatever the
# committed figures are.
readonly promised=150
readonly batches=(32 64)
readonly backends=(io_uring recvmmsg)
# Of a peer by the drain batch, and one by one with get_packet(); of a server by its drain batch, as
# it is and with all limits on.
readonly ways=(views packets server limits)
# What all limits together may cost a packet, in instructions.
readonly most_of_limits=25

if (($# < 1)) || [[ ! -x $1 ]]; then
  echo "give the built program: $0 bazel-bin/bench/instructions/instructions [--update]" >&2
  exit 2
fi
if ! command -v valgrind >/dev/null; then
  echo "valgrind is missing: apt-get install valgrind" >&2
  exit 2
fi

count() { # count PROGRAM BACKEND WAY BATCH -> instructions a packet, with one decimal
  local log packets collected status=0
  log=$(mktemp)
  packets=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
    --toggle-collect=ringpeer_take_views --toggle-collect=ringpeer_take_packets \
    --toggle-collect=ringpeer_take_of_all \
    "$1" "$2" "$3" "$4" 2>"$log") || status=$?
  collected=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$log")
  if ((status)) || [[ -z $packets || -z $collected ]] || ((collected == 0)); then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  awk -v instructions="$collected" -v packets="$packets" \
    'BEGIN { printf "%.1f\n", instructions / packets }'
}

expected() { # expected BACKEND WAY BATCH
  awk -v backend="$1" -v way="$2" -v batch="$3" \
    '$1 == backend && $2 == way && $3 == batch { print $4 }' "$expected_file"
}

verdict() { # verdict BACKEND WAY MEASURED COMMITTED -> what is wrong, or nothing
  awk -v backend="$1" -v way="$2" -v now="$3" -v before="${4:-0}" \
    -v tolerance="$tolerance_percent" -v promised="$promised" 'BEGIN {
      if (backend == "io_uring" && way == "views" && now > promised) print "more than the " promised " promised"
      else if (before == 0) print "no committed figure"
      else if (now > before * (1 + tolerance / 100)) print "more than committed"
      else if (now < before * (1 - tolerance / 100)) print "fewer: run with --update"
    }'
}

results=() failures=0
printf '%-10s %-8s %6s %14s %10s\n' backend way batch instructions committed
for backend in "${backends[@]}"; do
  for way in "${ways[@]}"; do
    for batch in "${batches[@]}"; do
      # One size is enough to see what a server does more.
      [[ $batch != 32 && ($way == server || $way == limits) ]] && continue
      measured=$(count "$1" "$backend" "$way" "$batch")
      before=$(expected "$backend" "$way" "$batch")
      results+=("$backend $way $batch $measured")
      problem=$(verdict "$backend" "$way" "$measured" "$before")
      printf '%-10s %-8s %6d %14s %10s %s\n' \
        "$backend" "$way" "$batch" "$measured" "${before:--}" "$problem"
      case $problem in *more* | no*) failures=$((failures + 1)) ;; esac
      [[ $way == server ]] && of_server=$measured
      if [[ $way == limits ]] &&
        awk -v with="$measured" -v without="$of_server" -v most="$most_of_limits" \
          'BEGIN { exit !(with > without + most) }'; then
        echo "limits cost more than $most_of_limits instructions a packet"
        failures=$((failures + 1))
      fi
    done
  done
done

if [[ ${2:-} == --update ]]; then
  {
    sed -n '/^#/p' "$expected_file"
    printf '%s\n' "${results[@]}"
  } >"$expected_file.new"
  mv "$expected_file.new" "$expected_file"
  exit 0
fi
((failures == 0))
