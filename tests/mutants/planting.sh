# Copies of the tree in which faults are planted. Sourced by tests/mutants/run.sh and
# tests/consumer/planted.sh, which set root.
# shellcheck shell=bash disable=SC2154

# patch_tree WHERE PATCH [OPTIONS]: by context, wherever the lines have moved to.
patch_tree() {
  local where=$1 patch=$2
  shift 2
  patch --directory="$where" --strip=1 --fuzz=2 --silent --force --no-backup-if-mismatch \
    --reject-file=- "$@" <"$patch"
}

# copy_tree WHERE: what Bazel needs, and nothing that it made. Files that are the same stay as they
# are.
copy_tree() {
  local where=$1 fresh
  fresh=$(mktemp -d "$where.XXXXXX")
  (cd "$root" && git ls-files -z --cached --others --exclude-standard |
    tar --create --null --files-from=- --ignore-failed-read 2>/dev/null) |
    tar --extract --directory="$fresh"
  rm -rf "$where"
  mv "$fresh" "$where"
}
