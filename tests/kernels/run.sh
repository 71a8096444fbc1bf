#!/usr/bin/env bash
# Boots one of Debian's kernels in QEMU and runs test programs there.
#
#   tests/kernels/run.sh VERSION PROGRAM...     VERSION: 6.1, 6.12, or any other that the
#                                               machine's package archive has
#
# Prints a table and what failed; exit status 1 when something has. The kernel is downloaded
# and unpacked, not installed; everything is emulated (no /dev/kvm), so that it works in a
# virtual machine too. `./dev kernels` installs what it needs, builds the programs and does this.
set -euo pipefail

folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly folder
# An emulated processor is some twenty times slower, and more where the machine has other work: the
# test that makes each allocation fail in turn, in a process of its own, then takes half an hour.
readonly seconds_a_program=2700
readonly seconds_a_run=7200
readonly memory=3G

say() { printf '%s\n' "kernels: $*" >&2; }

# The newest kernel package of a version, without those for clouds and for real time.
newest_package() {
  local pattern="^linux-image-${1//./\\.}\.[0-9+a-z]+(-[0-9]+)?-amd64$"
  apt-cache search --names-only "$pattern" | cut -d' ' -f1 | sort --version-sort | tail -n 1
}

# Prints the path of the kernel of a package.
kernel_of() {
  local package=$1 place=$cache/$1
  if [[ ! -e $place/vmlinuz ]]; then
    say "downloading $package"
    rm -rf "$place" && mkdir -p "$place"
    (cd "$place" && apt-get download "$package" >&2 && dpkg-deb --extract ./*.deb unpacked)
    mv "$place"/unpacked/boot/vmlinuz-* "$place/vmlinuz"
    rm -rf "$place"/unpacked "$place"/*.deb
  fi
  echo "$place/vmlinuz"
}

# make_file_system FILE PROGRAM...: the programs, their libraries and busybox.
make_file_system() {
  local file=$1 root library program
  shift
  root=$(mktemp -d "$cache/root.XXXXXX")
  mkdir -p "$root/bin" "$root/tests"
  cp "$(command -v busybox)" "$root/bin/busybox"
  install -m 755 "$folder/init" "$root/init"
  echo "$seconds_a_program" >"$root/tests/seconds"
  for program in "$@"; do
    strip -o "$root/tests/$(basename "$program")" "$program"
    while read -r library; do
      [[ -e $root$library ]] || install -D "$library" "$root$library"
    done < <(ldd "$program" | grep -o '/[^ ]*')
  done
  (cd "$root" && find . | cpio --quiet --create --format=newc) >"$file"
  rm -rf "$root"
}

# no_timer_check: an emulated timer may tick too late for the kernel's look at it, which then panics.
boot() { # boot KERNEL FILE_SYSTEM
  timeout "$seconds_a_run" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m "$memory" \
    -smp 2 -nic none -nographic -no-reboot -kernel "$1" -initrd "$2" \
    -append "console=ttyS0 panic=1 quiet no_timer_check" </dev/null | sed -u 's/\r//'
}

# The table, from what init said; exit status 1 when a program has failed or is missing.
report() { # report LOG NUMBER_OF_PROGRAMS
  awk -v wanted="$2" '
    /KERNEL / && !release { release = $NF; printf "\nLinux %s\n", release
      printf "%-32s %-7s %6s %6s %7s %7s\n", "program", "result", "passed", "failed", "skipped", "seconds" }
    /^RESULT / {
      good = $3 == 0
      printf "%-32s %-7s %6d %6d %7d %7d\n", $2, good ? "ok" : $3 == 137 ? "hangs" : "FAILED", $4, $5, $6, $7
      run++; bad += !good; passed += $4; failed += $5; skipped += $6; seconds += $7
    }
    /^SKIP / { reason = $0; sub(/^SKIP [^ ]* /, "", reason)
      if (!(reason in skips)) order[++reasons] = reason
      if (index(skips[reason] " ", " " $2 " ") == 0) skips[reason] = skips[reason] " " $2 }
    /^OUTPUT ends/ { inside = 0 }
    inside { output = output $0 "\n" }
    /^OUTPUT of / { inside = 1; output = output "\n---- " $3 "\n" }
    /^ALL DONE/ { done = 1 }
    END {
      printf "%-32s %-7s %6d %6d %7d %7d\n", "all", bad || !done || run != wanted ? "FAILED" : "ok", passed, failed, skipped, seconds
      for (i = 1; i <= reasons; i++) printf "skipped: %s (%s)\n", order[i], substr(skips[order[i]], 2)
      printf "%s", output
      if (!done || run != wanted) printf "only %d of %d programs ran: see the log\n", run, wanted
      exit bad || !done || run != wanted
    }' "$1"
}

if (($# < 2)); then
  sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
readonly version=$1
shift
cache=$PWD/.cache/kernels
readonly cache
mkdir -p "$cache"
package=$(newest_package "$version")
if [[ -z $package ]]; then
  say "the package archive has no kernel $version; try apt-get update"
  exit 2
fi
kernel=$(kernel_of "$package")
readonly log=$cache/$version.log file_system=$cache/$version.cpio
make_file_system "$file_system" "$@"
say "Linux $version (${package#linux-image-}) runs $# programs; the log: $log"
status=0
boot "$kernel" "$file_system" >"$log" || status=$?
rm -f "$file_system"
((status == 0)) || say "the emulator ended with status $status"
report "$log" "$#"
