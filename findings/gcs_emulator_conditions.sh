#!/usr/bin/env bash
# gcp-storage-emulator 2026.7.19 (PyPI) answers 200 to an upload with `ifGenerationMatch=0`, which creates an object only if there is none, on one
# that is there, and writes over it. Google Cloud Storage answers 412: so what locks by that is not tested by this emulator.
set -euo pipefail
dir=$(mktemp -d)
server=
trap 'kill -KILL "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check gcp-storage-emulator==2026.7.19
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/gcp-storage-emulator start --host=127.0.0.1 --port="$port" --in-memory >log 2>&1 &
server=$!
until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done
at=http://127.0.0.1:$port
curl -s -o /dev/null -H 'Content-Type: application/json' -d '{"name": "jobs"}' "$at/storage/v1/b?project=tests"
create() {
    curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: text/plain' --data-binary "$1" \
        "$at/upload/storage/v1/b/jobs/o?uploadType=media&name=lease&ifGenerationMatch=0"
}
first=$(create first)
second=$(create second)
stored=$(curl -s "$at/download/storage/v1/b/jobs/o/lease?alt=media")
echo "gcp-storage-emulator 2026.7.19: first create $first, second create $second, stored: $stored"
[[ $first == 200 && $second == 200 && $stored == second ]]
