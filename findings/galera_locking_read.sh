#!/usr/bin/env bash
# MariaDB 10.11 with Galera 26.4 (Debian 12), two nodes: a transaction that locks a row by reading it (`LOCK IN SHARE MODE`,
# and `FOR UPDATE`) is committed though the other node has changed that row meanwhile: nodes compare what was written, and
# tell one another of no lock. So does one whose UPDATE sets the row to what it is. An UPDATE that changes the row ends
# by 1213. On one server each of them waits or sees the change. `wsrep_sync_wait` makes no difference: the read comes first.
# By Debian's mariadb-server, galera-4 and rsync, which have to be installed (the state transfer calls them by their paths).
set -uo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
user=(); [[ $EUID != 0 ]] || { user=(--user=nobody); mkdir -m 1777 tmp; export TMPDIR=$dir/tmp; }
library=$(find /usr/lib -name libgalera_smm.so | head -n 1)
base=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1] // 20 * 20 % 50000 + 2000)')
node() {
    mariadb-install-db --no-defaults "${user[@]}" --datadir="$dir/n$1" --auth-root-authentication-method=normal --skip-test-db >"log$1" 2>&1
    mariadbd --no-defaults "${user[@]}" --datadir="$dir/n$1" --skip-networking --socket="$dir/n$1/s" --binlog-format=ROW \
        --innodb-autoinc-lock-mode=2 --wsrep-on=ON --wsrep-provider="$library" --wsrep-cluster-name=c \
        --wsrep-node-address="127.0.0.1:$((base + 4 * $1))" --wsrep-cluster-address="gcomm://127.0.0.1:$((base + 4))" \
        --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$((base + 4 * $1));ist.recv_addr=127.0.0.1:$((base + 4 * $1 + 1))" \
        --wsrep-sst-method=rsync --wsrep-sst-receive-address="127.0.0.1:$((base + 4 * $1 + 2))" $2 >>"log$1" 2>&1 &
    pids+=($!)
    for _ in $(seq 60); do sql "$1" "SHOW STATUS LIKE 'wsrep_local_state_comment'" 2>/dev/null | grep -q Synced && return; sleep 0.5; done
    tail -n 5 "log$1"
    exit 2
}
sql() { mariadb --no-defaults -uroot -S "n$1/s" -NBe "$2" 2>&1; }
node 1 --wsrep-new-cluster
node 2 ''
sql 1 "CREATE DATABASE d; CREATE TABLE d.lease (id INT PRIMARY KEY, epoch INT, note INT); CREATE TABLE d.done (n INT PRIMARY KEY);
       CREATE TABLE d.other (v INT); INSERT INTO d.lease VALUES (1, 1, 0); INSERT INTO d.other VALUES (0)"
sleep 1
# Node 1 holds the row by a statement, applies nothing for a while, and commits after node 2 has changed the row.
try() {
    sql 2 'UPDATE d.lease SET epoch = 1'; sleep 0.5
    sql 1 'FLUSH TABLES d.other WITH READ LOCK; SELECT SLEEP(2); UNLOCK TABLES' >/dev/null & local lock=$!
    sleep 0.3
    sql 2 'UPDATE d.other SET v = v + 1; UPDATE d.lease SET epoch = 2'
    local said
    said=$(sql 1 "SET wsrep_sync_wait = 0; START TRANSACTION; $2; INSERT INTO d.done SELECT $1 FROM d.lease WHERE epoch = 1; COMMIT; SELECT 'committed'" | tail -n 1)
    wait "$lock"; sleep 0.5
    printf '%-60s %s\n' "$2" "$said; rows written by who had lost the lease: $(sql 2 "SELECT count(*) FROM d.done WHERE n = $1")"
    [[ $(sql 2 "SELECT count(*) FROM d.done WHERE n = $1") == "$3" ]] || bad=1
}
bad=0
sql 1 "SELECT @@version; SHOW STATUS LIKE 'wsrep_provider_version'"
try 1 'SELECT epoch FROM d.lease WHERE id = 1 LOCK IN SHARE MODE' 1
try 2 'SELECT epoch FROM d.lease WHERE id = 1 FOR UPDATE' 1
try 3 'UPDATE d.lease SET note = note WHERE id = 1' 1
try 4 'UPDATE d.lease SET note = note + 1 WHERE id = 1 AND epoch = 1' 0
exit $bad
