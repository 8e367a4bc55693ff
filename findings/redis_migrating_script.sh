#!/usr/bin/env bash
# Redis 7.0.15 (Debian 12), a cluster whose slot is being moved: a script that removes a key and makes it again ends between
# the two. What it removed is gone, though scripts are called atomic; the error names no move. `RPUSH` and then `LTRIM`, which
# never has the key missing, is carried out whole. From Debian's packages, unpacked into a temporary folder.
set -euo pipefail
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
version=5:7.0.15-1~deb12u10
apt-get download -qq "redis-server=$version" "redis-tools=$version" libjemalloc2 liblzf1 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/$(uname -m)-linux-gnu PATH=$dir/root/usr/bin:$PATH
read -r a b < <(python3 -c 'import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] % 50000 + 2000 for s in free))')
for port in "$a" "$b"; do
    mkdir "$port"
    (cd "$port" && exec redis-server --port "$port" --bind 127.0.0.1 --cluster-enabled yes --save '' >log 2>&1) &
    pids+=($!)
    until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.1; done
done
redis-cli -p "$a" cluster addslotsrange 0 16383 >/dev/null
redis-cli -p "$b" cluster meet 127.0.0.1 "$a" >/dev/null
until redis-cli -p "$b" cluster info | grep -q cluster_state:ok; do sleep 0.1; done
slot=$(redis-cli -p "$a" cluster keyslot k)
redis-cli -p "$a" rpush k saved >/dev/null
redis-cli -p "$b" cluster setslot "$slot" importing "$(redis-cli -p "$a" cluster myid)" >/dev/null
redis-cli -p "$a" cluster setslot "$slot" migrating "$(redis-cli -p "$b" cluster myid)" >/dev/null
trim=$(redis-cli -p "$a" eval "redis.call('RPUSH', KEYS[1], 'new') redis.call('LTRIM', KEYS[1], -1, -1) return 'done'" 1 k)
after_trim=$(redis-cli -p "$a" lrange k 0 -1)
del=$(redis-cli -p "$a" eval "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'newer') return 'done'" 1 k 2>&1)
there=$(redis-cli -p "$a" cluster countkeysinslot "$slot")
redis-server --version | cut -d' ' -f1-3
echo "RPUSH, LTRIM: $trim, the key has: $after_trim"
echo "DEL, RPUSH: $del"
echo "keys left in the slot: $there on this node, $(redis-cli -p "$b" cluster countkeysinslot "$slot") on the other"
[[ $trim == done && $after_trim == new && $del != done && $there == 0 ]]
