#!/usr/bin/env bash
# FUSE file systems of Debian 12 that tell another thing of a file than the disk does. mergerfs 2.33.5 and unionfs-fuse 1.0: two names of one file
# (hard links) have two inode numbers, so who goes by the inode takes them for two files; and just behind `link` the first name still counts one
# link, while the second counts two. fuse-overlayfs 1.10, which is the root of rootless containers: an open file whose name was removed still counts one link, so who looks for
# "removed under me" by the count sees nothing. Needs /dev/fuse, and the packages mergerfs, unionfs-fuse and fuse-overlayfs.
set -euo pipefail
dir=$(mktemp -d)
trap 'for it in "$dir"/*/at; do fusermount -u "$it" 2>/dev/null || fusermount3 -u "$it" 2>/dev/null || true; done; rm -rf "$dir"' EXIT
cd "$dir"
cat >look.py <<'EOF'
import os, sys
at = sys.argv[1] + "/at/"
open(at + "one", "w").close()
os.link(at + "one", at + "two")
one, two = os.stat(at + "one"), os.stat(at + "two")
held = open(at + "held", "w")
os.unlink(at + "held")
print(f"{sys.argv[1]}: links {one.st_nlink} and {two.st_nlink}, one inode {one.st_ino == two.st_ino}, links of what was removed {os.fstat(held.fileno()).st_nlink}")
EOF
mkdir -p {disk,mergerfs,unionfs,overlay}/{a,b,at}
mergerfs mergerfs/a:mergerfs/b mergerfs/at
unionfs -o cow unionfs/a=RW:unionfs/b=RO unionfs/at
mkdir overlay/work
fuse-overlayfs -o lowerdir=overlay/a,upperdir=overlay/b,workdir=overlay/work overlay/at 2>/dev/null
found=$(for it in disk mergerfs unionfs overlay; do python3 look.py "$it"; done)
printf '%s\n' "$(dpkg-query -W -f '${Package} ${Version}\n' mergerfs unionfs-fuse fuse-overlayfs)" "$found"
[[ $found == 'disk: links 2 and 2, one inode True, links of what was removed 0
mergerfs: links 1 and 2, one inode False, links of what was removed 0
unionfs: links 1 and 2, one inode False, links of what was removed 0
overlay: links 2 and 2, one inode True, links of what was removed 1' ]]
