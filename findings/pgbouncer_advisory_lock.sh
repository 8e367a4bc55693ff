#!/usr/bin/env bash
# PgBouncer 1.18.0 (Debian 12) with `pool_mode = transaction`, and PostgreSQL's `pg_try_advisory_lock(7)` as the lock of a job: two clients, one behind the
# other, are both told true, as both are given one connection to the server, whose lock it is. When both have gone, the lock stays, and a third client that is
# given another connection is told false, though nobody works. The guess would be false and then true, as without PgBouncer, or a refusal. PostgreSQL 16.2
# comes from pgserver 0.1.4 (PyPI). As root it runs as nobody.
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
as=(); [[ $EUID != 0 ]] || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
pool= bin=
stop() {
    [[ -z $pool ]] || { kill "$pool"; wait "$pool"; } 2>/dev/null || true
    [[ -z $bin ]] || "${as[@]}" "$bin/pg_ctl" -D own/data -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
apt-get download -qq pgbouncer=1.18.0-1+deb12u1 libc-ares2 libevent-2.1-7 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
libraries=$dir/root/usr/lib/$(uname -m)-linux-gnu
python3 -m venv --copies env
env/bin/pip install --quiet --disable-pip-version-check pgserver==0.1.4 'psycopg[binary]==3.3.9'
bin=$(echo "$dir"/env/lib/python3*/site-packages/pgserver/pginstall/bin)
mkdir -m 777 own
read -r server port < <(python3 -c 'import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in free))')
"${as[@]}" "$bin/initdb" -D own/data -A trust -U tester >/dev/null
"${as[@]}" "$bin/pg_ctl" -D own/data -w -l own/log -o "-p $server -k $dir/own -c listen_addresses=127.0.0.1" start >/dev/null
cat >pgbouncer.ini <<END
[databases]
postgres = host=127.0.0.1 port=$server user=tester
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
END
LD_LIBRARY_PATH=$libraries "${as[@]}" root/usr/sbin/pgbouncer --quiet pgbouncer.ini >log 2>&1 &
pool=$!
until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do sleep 0.1; kill -0 "$pool"; done
cat >job.py <<'EOF'
import sys, time
import psycopg

def connect():
    return psycopg.connect(host="127.0.0.1", port=sys.argv[1], user="tester", dbname="postgres", autocommit=True)

def locks(client):
    return client.execute("SELECT pg_try_advisory_lock(7)").fetchone()[0]

first, second = connect(), connect()
told = [locks(first), locks(second)]
first.close()
second.close()
time.sleep(0.5)
# Another client is within a transaction, on the connection that was used last.
other, third = connect(), connect()
with other.transaction():
    other.execute("SELECT 1")
    told.append(locks(third))
print(*told)
EOF
direct=$(env/bin/python job.py "$server")
sleep 0.5
pooled=$(env/bin/python job.py "$port")
echo "PostgreSQL 16.2, the lock of a first, a second, and, when both have gone, a third: $direct; behind PgBouncer 1.18.0: $pooled"
[[ $direct == 'True False True' && $pooled == 'True True False' ]]
