#!/usr/bin/env bash
# twemproxy 0.5.0 (Debian 12, nutcracker) closes a connection at a command that it does not know, and newer Redis clients begin each by one: `CLIENT SETINFO`, which
# says who they are. So redis 1.8.1 (crates.io) and redis-py 8.1.0 (PyPI), which ignore its reply, get no further, and the error names neither, though GET is all that is asked.
# With `set_skip_set_lib_name()` and redis-py's `driver_info=None` (both by `protocol=2`), and by redis-py 4.6.0, the value is read. Redis 7.0.15 is Debian 12's.
set -euo pipefail
dir=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq redis-server=5:7.0.15-1~deb12u10 redis-tools=5:7.0.15-1~deb12u10 nutcracker=0.5.0+dfsg-2 libjemalloc2 liblzf1 libyaml-0-2 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
libraries=$dir/root/usr/lib/$(uname -m)-linux-gnu
mkdir src
cat >Cargo.toml <<'END'
[package]
name = "read"
version = "0.1.0"
edition = "2021"
[dependencies]
redis = "=1.8.1"
END
cat >src/main.rs <<'END'
use redis::{Client, Commands, IntoConnectionInfo, RedisResult};

fn read(port: &str, says: bool) -> RedisResult<i64> {
    let mut info = format!("redis://127.0.0.1:{port}").into_connection_info()?;
    if !says {
        info = info.clone().set_redis_settings(info.redis_settings().clone().set_skip_set_lib_name());
    }
    Client::open(info)?.get_connection()?.get("done")
}

fn main() {
    let port = std::env::args().nth(1).unwrap();
    let told = [true, false].map(|says| read(&port, says).map_or("error".into(), |it| it.to_string()));
    println!("{}", told.join(" "));
}
END
cargo build --quiet
cat >read.py <<'END'
import redis, sys

def read(**options):
    try:
        return redis.Redis(port=int(sys.argv[1]), **options).get("done").decode()
    except redis.ConnectionError:
        return "error"

new = redis.__version__ == "8.1.0"
print(*[read(protocol=2), read(protocol=2, driver_info=None)] if new else [read()])
END
for release in 8.1.0 4.6.0; do
    python3 -m venv "env-$release"
    "env-$release/bin/pip" install --quiet --disable-pip-version-check "redis==$release"
done
read -r port proxy stats < <(python3 -c 'import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in free))')
printf '%s\n' 'jobs:' "  listen: 127.0.0.1:$proxy" '  redis: true' '  servers:' "    - 127.0.0.1:$port:1" >conf
LD_LIBRARY_PATH=$libraries root/usr/bin/redis-server --port "$port" --bind 127.0.0.1 --save '' >log 2>&1 &
pids+=($!)
LD_LIBRARY_PATH=$libraries root/usr/sbin/nutcracker --conf-file=conf --stats-addr=127.0.0.1 --stats-port="$stats" --output=proxy.log 2>>log &
pids+=($!)
ask() { LD_LIBRARY_PATH=$libraries root/usr/bin/redis-cli -p "$@"; }
until ask "$port" set done 7 >/dev/null 2>&1 && [[ $(ask "$proxy" get done 2>/dev/null) == 7 ]]; do sleep 0.1; kill -0 "${pids[@]}"; done
direct="$(target/debug/read "$port"), $(env-8.1.0/bin/python read.py "$port"), $(env-4.6.0/bin/python read.py "$port")"
between="$(target/debug/read "$proxy"), $(env-8.1.0/bin/python read.py "$proxy"), $(env-4.6.0/bin/python read.py "$proxy")"
echo 'GET by redis 1.8.1 and without SETINFO, by redis-py 8.1.0 and without, by redis-py 4.6.0'
echo "  of Redis: $direct"
echo "  by twemproxy: $between"
[[ $direct == '7 7, 7 7, 7' && $between == 'error 7, error 7, 7' ]]
