# Commands of ./dev for other systems, processors and ways to build, which it reads when one of
# them is asked for. What they call is defined there.
# shellcheck shell=bash disable=SC2154

# For programs that are built without Bazel. Position-independent, as Debian's compilers want it.
install_ringpeer() {
  local flags=(--config=opt --force_pic --platform_suffix=-installed) prefix=${1:-}
  local libraries='kind(cc_library, deps(//:ringpeer))' labels archives folder
  if (($# != 1)) || [[ $prefix == -* || -z $prefix ]]; then
    say "where to? ./dev install PREFIX, for instance ./dev install /usr/local"
    exit 2
  fi
  [[ $prefix == /* ]] || prefix=$called_from/$prefix
  ensure_setup
  # What the library consists of: liburing, too, where it is built and not the system's.
  labels=$(bazel_run query --noshow_progress --ui_event_filters=-info --noimplicit_deps "$libraries")
  mapfile -t labels <<<"$labels"
  bazel_run build "${flags[@]}" --ui_event_filters=-info "${labels[@]}" //tools:ringpeer
  archives=$(bazel_run cquery "${flags[@]}" --noshow_progress --ui_event_filters=-info --noimplicit_deps \
    "$libraries" --output=starlark \
    --starlark:expr='"\n".join([f.path for f in target.files.to_list() if f.extension in ["a", "lo"]])')
  mapfile -t archives < <(grep . <<<"$archives")
  folder=$(bazel_run info --ui_event_filters=-info execution_root)
  public_headers | python3 tools/install/install.py --prefix "$prefix" \
    --command "$(bazel_run info --ui_event_filters=-info "${flags[@]}" bazel-bin)/tools/ringpeer" \
    --archives "$folder" "${archives[@]}"
}

# On another processor: memory orders that x86 hides, and another sign of char. Debian's compiler
# and QEMU for it are installed here alone: nothing else needs them.
arm() {
  local package missing=() run_under='qemu-aarch64 -L /usr/aarch64-linux-gnu'
  local flags=(--config=aarch64 --platform_suffix=-aarch64)
  local tests=(//tests/codec/... //tests/engine/ring/... //tests/engine/packet/...)
  ensure_setup
  [[ $(dpkg --print-architecture 2>/dev/null) == amd64 ]] ||
    die "arm compiles on Debian 12 for amd64: run it there, or ./dev test on the processor itself."
  dpkg --print-foreign-architectures | grep -qx arm64 || {
    say "adding the architecture arm64 to dpkg, for the libraries that tests link"
    dpkg --add-architecture arm64
  }
  for package in g++-aarch64-linux-gnu qemu-user libgtest-dev:arm64 libgmock-dev:arm64 liburing-dev:arm64; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
  if (($#)); then
    tests=("$@")
  else
    bazel_run build "${flags[@]}" --output_groups=compilation_outputs --keep_going //...
  fi
  test_run aarch64 "${flags[@]}" --build_tests_only --run_under="$run_under" "${tests[@]}"
}

# The engine's tests on kernels that this machine does not run. What it takes to boot them is
# installed here alone: nothing else needs it.
kernels() {
  ensure_setup
  [[ $(dpkg --print-architecture 2>/dev/null) == amd64 ]] ||
    die "kernels boots Debian's amd64 packages: run it on Debian 12 for amd64."
  local package missing=() versions=() targets=() programs=() version found bin status=0
  for package in qemu-system-x86 busybox-static cpio; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
  for version in "$@"; do
    case $version in
      //*) targets+=("$version") ;;
      *) versions+=("$version") ;;
    esac
  done
  ((${#versions[@]})) || versions=(6.1)
  ((${#targets[@]})) || targets=(//tests/engine/...)
  # Only programs are taken there: what reads files of this tree is left out.
  local tests="tests(set(${targets[*]}))"
  found=$(bazel_run query --noshow_progress --ui_event_filters=-info "$tests except attr(data, //, $tests)")
  [[ $found ]] || die "these targets hold no test."
  mapfile -t targets <<<"$found"
  bazel_run build --ui_event_filters=-info "${targets[@]}"
  bin=$(bazel_run info --ui_event_filters=-info bazel-bin)
  for package in "${targets[@]}"; do
    package=${package#//}
    programs+=("$bin/${package/://}")
  done
  for version in "${versions[@]}"; do
    tests/kernels/run.sh "$version" "${programs[@]}" || status=1
  done
  return "$status"
}

# The codec is for any system; this one is the farthest from Linux that Debian has a compiler for.
mingw() {
  ensure_setup
  need_debian_headers mingw
  local package=g++-mingw-w64-x86-64-posix files
  is_installed "$package" || install_packages "$package"
  make_include_tree
  # But what only the engine uses.
  mapfile -t files < <(sources '*.cc' | grep '^codec/' | grep -v '^codec/base/thread_cpu\.cc$')
  say "${#files[@]} files of the codec, for Windows"
  printf '%s\n' "${files[@]}" |
    xargs --max-procs="${JOBS:-$(nproc)}" -n 1 x86_64-w64-mingw32-g++-posix \
      -std=c++20 -Wall -Wextra -Werror "-I$include_tree" -fsyntax-only
}
