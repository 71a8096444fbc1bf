#!/usr/bin/env bash
# Makes the source archive of a release from the last commit, the same bytes each time, and says
# what a registry's entry needs of it.
#
#   tools/install/release.sh FOLDER
#
# The version is MODULE.bazel's, the only place that has it. The archive is the whole repository,
# without its history. Exit status 2 where FOLDER is missing.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
readonly root

(($# == 1)) || { echo "release: where to? tools/install/release.sh FOLDER" >&2; exit 2; }
[[ -d $1 ]] || { echo "release: there is no folder $1" >&2; exit 2; }

version=$(git -C "$root" show HEAD:MODULE.bazel | sed -n 's/^    version = "\(.*\)",$/\1/p')
archive=$1/ringpeer-$version.tar.gz
# gzip without a name or a time; tar takes both from the commit. What the releaser's Git is told
# changes nothing.
git -c tar.umask=0002 -c core.autocrlf=false -c core.eol=lf -C "$root" archive --format=tar \
  --prefix="ringpeer-$version/" HEAD | gzip --no-name --best >"$archive"
integrity=sha256-$(python3 -c 'import base64, hashlib, sys
print(base64.b64encode(hashlib.sha256(open(sys.argv[1], "rb").read()).digest()).decode())' "$archive")

cat <<RELEASE
version       $version
archive       $archive
strip_prefix  ringpeer-$version
integrity     $integrity
RELEASE
if git -C "$root" show HEAD:.bcr/metadata.template.json | grep -q OWNER; then
  echo "release: .bcr/ still has OWNER: before an entry is made, put the repository's owner and" \
    "github_user_id there" >&2
fi
