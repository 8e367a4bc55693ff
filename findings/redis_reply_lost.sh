#!/usr/bin/env bash
# A connection that breaks when Redis has carried out an LPOP, before the reply: redis-py 8.1.0 (PyPI) and ioredis 6.0.0 (npm) connect
# anew, send it again and return the second item, without an error; the first is in nobody's hands. redis-py 5.3.1, redis-py
# 8.1.0 with `retry=None` and redis 6.3.1 (npm) raise an error. So a queue whose reader tells of each lost connection loses
# items silently once redis-py is updated. Redis 7.0.15 is Debian 12's, unpacked into a temporary folder.
set -euo pipefail
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
version=5:7.0.15-1~deb12u10
apt-get download -qq "redis-server=$version" "redis-tools=$version" libjemalloc2 liblzf1 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/$(uname -m)-linux-gnu PATH=$dir/root/usr/bin:$PATH
for release in 8.1.0 5.3.1; do
    python3 -m venv "env-$release"
    "env-$release/bin/pip" install --quiet --disable-pip-version-check "redis==$release"
done
npm install --silent --no-audit --no-fund ioredis@6.0.0 redis@6.3.1 >/dev/null
# Goes between: closes the connection in place of the first reply to an LPOP.
cat >between.py <<'PY'
import socket, sys, threading

closed = []

def carry(client):
    server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    popping = []

    def replies():
        while reply := server.recv(65536):
            if popping and not closed:
                closed.append(True)
                client.shutdown(socket.SHUT_RDWR)
                return
            client.sendall(reply)

    threading.Thread(target=replies, daemon=True).start()
    while command := client.recv(65536):
        if b"LPOP" in command.upper():
            popping.append(True)
        server.sendall(command)

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=carry, args=(listener.accept()[0],), daemon=True).start()
PY
cat >pop.py <<'PY'
import redis, sys
client = redis.Redis(port=int(sys.argv[1]), **({"retry": None} if sys.argv[2:] else {}))
client.ping()
try:
    print(client.lpop("queue").decode())
except redis.ConnectionError:
    print("error")
PY
cat >ioredis.js <<'JS'
const client = new (require('ioredis'))(+process.argv[2])
client.on('error', () => {})
client.ping().then(() => client.lpop('queue')).catch(() => 'error').then(it => { console.log(it); process.exit() })
JS
cat >redis.js <<'JS'
const client = require('redis').createClient({ url: 'redis://127.0.0.1:' + process.argv[2] })
client.on('error', () => {})
client.connect().then(() => client.ping()).then(() => client.lPop('queue')).catch(() => 'error')
  .then(it => { console.log(it); process.exit() })
JS
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
redis-server --port "$port" --bind 127.0.0.1 --save '' >log 2>&1 &
pids+=($!)
until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.1; done
# popped PROGRAM: what it got of a queue of 1, 2 and 3, and what is left.
popped() {
    redis-cli -p "$port" del queue >/dev/null
    redis-cli -p "$port" rpush queue 1 2 3 >/dev/null
    rm -f between
    python3 between.py "$port" >between 2>>log &
    pids+=($!)
    until [[ -s between ]]; do sleep 0.05; done
    popped="got $("$1" "$2" "$(cat between)" "${@:3}"), left $(redis-cli -p "$port" lrange queue 0 -1 | paste -sd' ')"
}
popped env-8.1.0/bin/python pop.py; newer=$popped
popped env-8.1.0/bin/python pop.py without; without=$popped
popped env-5.3.1/bin/python pop.py; older=$popped
popped node ioredis.js; ioredis=$popped
popped node redis.js; redis=$popped
printf 'an LPOP of 1, 2, 3 whose reply is lost\n  redis-py 8.1.0: %s\n  redis-py 8.1.0, retry=None: %s\n  redis-py 5.3.1: %s\n  ioredis 6.0.0: %s\n  redis 6.3.1: %s\n' \
    "$newer" "$without" "$older" "$ioredis" "$redis"
[[ $newer == 'got 2, left 3' && $ioredis == "$newer" && $older == 'got error, left 2 3' && $redis == "$older" && $without == "$older" ]]
