#!/usr/bin/env bash
# rsync 3.5.0 (Debian 12) with `--partial` (and so `-P`), told to end in the middle of a file of which an older version is there: the half of the new one
# takes the place of the whole old one, under its name. The guess would be that the old one stays until the new one is whole: so it is without the option, and
# with `--partial-dir`. So a job that works on what is there works on a half where it had a whole.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq rsync=3.5.0+ds1-0+deb12u1 libxxhash0 libpopt0 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/$(uname -m)-linux-gnu:$dir/root/lib/$(uname -m)-linux-gnu
mkdir from
head -c 8000000 /dev/zero | tr '\0' n >from/data
# left OPTION..: what is there after a transfer that was told to end.
left() {
    local code=0
    rm -rf to
    mkdir to
    head -c 4000000 /dev/zero | tr '\0' o >to/data
    root/usr/bin/rsync --bwlimit=1000 "$@" from/data to/data 2>/dev/null &
    local rsync=$!
    until [[ -n $(find to -name '.data.*' -size +500k) ]]; do sleep 0.1; done
    kill "$rsync"
    wait "$rsync" 2>/dev/null || code=$?
    # The receiving process may end a moment later.
    until [[ -z $(find to -name '.data.*') ]]; do sleep 0.1; done
    local what=whole
    (($(stat -c %s to/data) == 4000000)) || what=half
    echo "$(head -c 1 to/data) $what $code"
}
plain=$(left) partial=$(left --partial) apart=$(left --partial-dir=.parts)
echo "rsync 3.5.0, ended in the middle, o is the old and n the new: $plain, --partial $partial, --partial-dir $apart"
[[ "$plain, $partial, $apart" == 'o whole 20, n half 20, o whole 20' ]]
