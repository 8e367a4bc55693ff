#!/usr/bin/env bash
# Redis 7.0.15 (Debian 12): `appendonly yes`, put into the configuration of a server that had dumps alone, and a restart: it begins empty beside its
# `dump.rdb`. The guess would be that it loads the dump and logs from there on, which `CONFIG SET appendonly yes` on the running server does. And
# the way back is closed by its next regular stop, which writes the empty state over the dump.
set -euo pipefail
dir=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq redis-server=5:7.0.15-1~deb12u10 redis-tools=5:7.0.15-1~deb12u10 liblzf1 libjemalloc2 liblua5.1-0 lua-bitop lua-cjson \
    libatomic1 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
LD_LIBRARY_PATH=$(find "$PWD/root/usr/lib" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
export LD_LIBRARY_PATH
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
ask() { root/usr/bin/redis-cli -p "$port" "$@"; }
start() {
    root/usr/bin/redis-server --port "$port" --bind 127.0.0.1 --dir "$PWD" "$@" >>log 2>&1 &
    server=$!
    until [[ $(ask ping 2>/dev/null) == PONG ]]; do sleep 0.1; done
}
stop() { kill "$server"; wait "$server" || true; server=; }
begin() {
    rm -rf dump.rdb appendonlydir
    start
    ask set progress 42 >/dev/null
}
# By the running server.
begin
ask config set appendonly yes >/dev/null
until [[ $(ask info persistence) == *aof_rewrite_in_progress:0* ]]; do sleep 0.1; done
stop
start --appendonly yes
running=$(ask get progress)
stop
# By the configuration.
begin
stop
dumped=$(stat -c %s dump.rdb)
start --appendonly yes
restarted=$(ask get progress)
stop
left=$(stat -c %s dump.rdb)
start
back=$(ask get progress)
echo "redis-server 7.0.15, progress: by CONFIG SET and a restart '$running', by a restart '$restarted', after another without appendonly '$back';" \
    "the dump had $dumped bytes, now $left"
[[ $running == 42 && -z $restarted && -z $back ]] && ((left < dumped))
