#!/usr/bin/env bash
# A copy that was killed, or that a full disk has ended with an error, and is made again by what goes by the newer time: `cp -u` of coreutils 9.1, `rsync -u --inplace` 3.5.0 and
# `tar -x --keep-newer-files` 1.34 (Debian 12) leave the half as it is and exit with 0: it was written just now, so it is newer than its source, and no length is compared.
# It stays so for ever. The guess would be that such a copy completes what is older or incomplete, as rsync without -u does. A limit of a file's size stands for the full disk.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq coreutils=9.1-1 tar=1.34+dfsg-1.2+deb12u1 rsync=3.5.0+ds1-0+deb12u1 libxxhash0 libpopt0 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
mkdir from to
head -c 1000000 /dev/urandom >from/file
touch -d '1 hour ago' from/file
root/bin/tar -C from -cf from.tar file
# twice COMMAND..: how much is there when its first run was ended half-way, its second run's exit code, and how much is there then.
twice() {
    local code=0 half
    rm -f to/file
    (trap '' XFSZ; ulimit -f 500; "$@") >/dev/null 2>&1 || true
    half=$(stat -c %s to/file)
    "$@" >/dev/null 2>&1 || code=$?
    echo "$half ($code) $(stat -c %s to/file)"
}
cp=$(twice root/bin/cp -u from/file to/)
rsync=$(twice root/usr/bin/rsync -u --inplace from/file to/)
tar=$(twice root/bin/tar -xf from.tar -C to --keep-newer-files)
plain=$(twice root/usr/bin/rsync -t --inplace from/file to/)
printf 'of 1000000 bytes there behind the first run, exit code of the second, there behind it\ncp -u: %s\nrsync -u --inplace: %s\ntar --keep-newer-files: %s\nrsync -t --inplace: %s\n' "$cp" "$rsync" "$tar" "$plain"
for it in "$cp" "$rsync" "$tar"; do
    read -r half code whole <<<"$it"
    [[ $half -lt 1000000 && $code == '(0)' && $whole == "$half" ]]
done
[[ $plain == *' (0) 1000000' ]]
