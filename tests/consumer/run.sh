#!/usr/bin/env bash
# Builds, tests and runs examples/consumer as those who depend on ringpeer build their own projects.
#
#   tests/consumer/run.sh [--bazel4 | --bazel7] [VARIANT...]
#   tests/consumer/run.sh --planted [NAME...]      see planted.sh
#
# Bazel 4 reads its WORKSPACE, Bazel 7 (`bazel7` on the PATH, or a `bazel` that is not older) its
# MODULE.bazel. Without a variant, all. Exit status 1 when one fails; what is not there is skipped, and said so.
set -euo pipefail

folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(cd "$folder/../.." && pwd)
readonly folder root
readonly consumer=$root/examples/consumer
readonly logs=$root/.cache/consumer
readonly all_variants=(pages plain no-exceptions no-rtti lean c++23 sanitizers opt layering warnings installed)

say() { printf '%s\n' "consumer: $*" >&2; }

describe() {
  case $1 in
    pages) echo "the blocks of README and getting-started" ;;
    plain) echo "as the README says" ;;
    no-exceptions) echo "-fno-exceptions" ;;
    no-rtti) echo "-fno-rtti" ;;
    lean) echo "-fno-exceptions -fno-rtti" ;;
    c++23) echo "-std=c++23" ;;
    sanitizers) echo "AddressSanitizer and UBSan" ;;
    opt) echo "-c opt" ;;
    layering) echo "clang, layering_check, each header" ;;
    warnings) echo "-Wall ... -Wshadow -Werror" ;;
    installed) echo "without Bazel: make and CMake" ;;
    *) return 1 ;;
  esac
}

flags_of() {
  local standard=c++20
  [[ $1 != c++23 ]] || standard=c++23
  echo "--cxxopt=-std=$standard --host_cxxopt=-std=$standard"
  case $1 in
    no-exceptions) echo "--copt=-fno-exceptions" ;;
    no-rtti) echo "--cxxopt=-fno-rtti" ;;
    lean) echo "--copt=-fno-exceptions --cxxopt=-fno-rtti" ;;
    sanitizers)
      echo "--copt=-fsanitize=address,undefined --copt=-fno-sanitize-recover=undefined"
      echo "--linkopt=-fsanitize=address,undefined"
      ;;
    opt) echo "--compilation_mode=opt" ;;
    layering)
      echo "--repo_env=CC=clang-14 --repo_env=BAZEL_COMPILER=clang --features=layering_check"
      ;;
    warnings)
      echo '--per_file_copt=^(game|rules)/.*\.cc$@-Wall,-Wextra,-Wpedantic,-Wconversion,-Wsign-conversion,-Wshadow,-Werror'
      ;;
  esac
}

# Debian's build of 4.2.3 prints "bazel no_version".
bazel_is_new() { bazel --version 2>/dev/null | grep -Eq '^bazel ([7-9]|[1-9][0-9])\.'; }

# The program that is Bazel 4 here, or 7; nothing where there is none.
program_of() {
  if [[ $1 == 4 ]]; then
    ! command -v bazel >/dev/null || bazel_is_new || echo bazel
  elif command -v bazel7 >/dev/null; then
    echo bazel7
  elif command -v bazel >/dev/null && bazel_is_new; then
    echo bazel
  fi
}

# bazel_in FOLDER VERSION ARGUMENTS
bazel_in() {
  local where=$1 program
  program=$(program_of "$2")
  shift 2
  (cd "$where" && "$program" "$@")
}

# in_consumer VERSION COMMAND [ARGUMENTS]
in_consumer() {
  local version=$1 command=$2 own=(--nosandbox_debug)
  shift 2
  [[ $version == 4 ]] || own=()
  bazel_in "$consumer" "$version" "$command" "${own[@]}" --symlink_prefix=/ --noshow_progress "$@"
}

# refused VERSION TARGET WORDS FLAG...: it must not build, and the reason must have these words.
refused() {
  local version=$1 target=$2 words=$3 log=$logs/refused.log
  shift 3
  if in_consumer "$version" build "$@" "$target" >"$log" 2>&1; then
    echo "$target builds, and must not"
    return 1
  fi
  grep -Eq -- "$words" "$log" || { cat "$log"; echo "$target is refused without these words: $words"; return 1; }
}

# Who includes or depends on what is not public is told so.
refuses() {
  local version=$1
  shift
  refused "$version" //refused:inner_header 'does not depend on a module exporting' "$@" &&
    refused "$version" //refused:engine_header_from_the_codec \
      'does not depend on a module exporting|No such file|file not found' "$@" &&
    refused "$version" //refused:inner_room 'not visible' "$@" &&
    refused "$version" //refused:older_standard 'ringpeer needs C\+\+20' "$@" &&
    # That, and what ends the compilation: nothing else.
    (($(grep -c ' error: ' "$logs/refused.log") <= 2))
}

# The port of the pages' server.
readonly page_port=4000

# try_page VERSION PAGE: pastes its blocks into an empty folder, and what they make answers. It is
# this clone's last commit that they get.
try_page() {
  local version=$1 page=$2 status=0 server where
  where=$(mktemp -d "$logs/page.XXXXXX")
  python3 "$folder/paste.py" "$root/$page" "$where" "$root" "$(git -C "$root" rev-parse HEAD)" || return
  if bazel_in "$where" "$version" build --cxxopt=-std=c++20 --noshow_progress //:server; then
    "$(bazel_in "$where" "$version" info bazel-bin 2>/dev/null)/server" &
    server=$!
    python3 "$folder/paste.py" --ask "$page_port" || status=$?
    kill "$server"
  else
    status=1
  fi
  bazel_in "$where" "$version" shutdown >/dev/null 2>&1 || true
  rm -rf "$where"
  return "$status"
}

# make and CMake find what `./dev install` has installed.
try_installed() {
  local where prefix status=0 program
  for program in make cmake pkg-config; do
    command -v "$program" >/dev/null || { echo "$program is missing: apt-get install make cmake pkg-config"; return 1; }
  done
  # A path below the folder that it is called from, with a space, which pkg-config has to quote.
  where=$(mktemp -d "$logs/installed.XXXXXX")
  prefix="$where/the prefix"
  (cd "$where" && "$root/dev" install "the prefix") && cp -r "$root/examples/installed" "$where/project" &&
    PKG_CONFIG_PATH=$prefix/lib/pkgconfig make -C "$where/project" server &&
    "$where/project/server" &&
    cmake -S "$where/project" -B "$where/built" -DCMAKE_PREFIX_PATH="$prefix" &&
    cmake --build "$where/built" && "$where/built/server" &&
    [[ -s $prefix/share/doc/ringpeer/LICENSE ]] &&
    "$prefix/bin/ringpeer" --help >/dev/null || status=1
  rm -rf "$where"
  return "$status"
}

try_variant() { # try_variant VERSION VARIANT
  local version=$1 variant=$2 flags
  if [[ $variant == installed ]]; then
    try_installed
    return
  fi
  if [[ $variant == pages ]]; then
    try_page "$version" README.md && try_page "$version" docs/getting-started.md
    return
  fi
  mapfile -t flags < <(flags_of "$variant" | tr ' ' '\n')
  flags+=("--platform_suffix=-$variant")
  in_consumer "$version" test "${flags[@]}" --test_output=errors //game/... //rules/... || return
  in_consumer "$version" run "${flags[@]}" //game || return
  [[ $variant != layering ]] && return
  in_consumer "$version" build "${flags[@]}" //headers:headers //headers:codec_headers || return
  refuses "$version" "${flags[@]}"
}

run_version() { # run_version VERSION VARIANT...
  local version=$1 variant log verdict status=0 started
  shift
  for variant in "$@"; do
    # ./dev takes the `bazel` on the PATH.
    [[ $variant == installed && $(program_of "$version") != bazel ]] && continue
    log=$logs/bazel$version-$variant.log
    started=$SECONDS
    verdict=ok
    try_variant "$version" "$variant" >"$log" 2>&1 || { verdict="FAILED: $log" status=1; }
    [[ $verdict == ok ]] || { tail -n 30 "$log" >&2; }
    printf 'Bazel %s  %-36s %s, %d s\n' "$version" "$(describe "$variant")" "$verdict" $((SECONDS - started))
  done
  bazel_in "$consumer" "$version" shutdown >/dev/null 2>&1 || true
  return "$status"
}

if [[ ${1:-} == --planted ]]; then
  exec "$folder/planted.sh" "${@:2}"
fi
versions=(4 7) variants=()
for argument in "$@"; do
  case $argument in
    --bazel4) versions=(4) ;;
    --bazel7) versions=(7) ;;
    *)
      describe "$argument" >/dev/null ||
        { say "there is no variant $argument; one of: ${all_variants[*]}"; exit 2; }
      variants+=("$argument")
      ;;
  esac
done
((${#variants[@]})) || variants=("${all_variants[@]}")
mkdir -p "$logs"
status=0 ran=
for version in "${versions[@]}"; do
  if [[ $version == 7 && -z $(program_of 7) ]]; then
    echo "Bazel 7  skipped: neither bazel7 nor a bazel that is not older is on the PATH"
  elif [[ $version == 4 && -z $(program_of 4) ]]; then
    echo "Bazel 4  skipped: no bazel below 7 is on the PATH"
  elif [[ $version == 7 && $root == /tmp/* ]]; then
    echo "Bazel 7  skipped: its sandbox has a /tmp of its own, and this clone lies in /tmp"
  else
    ran=yes
    run_version "$version" "${variants[@]}" || status=1
  fi
done
[[ -n $ran ]] || { say "nothing was tried: see what was skipped"; exit 1; }
exit "$status"
