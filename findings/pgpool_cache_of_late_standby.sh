#!/usr/bin/env bash
# Pgpool-II 4.3.5 (Debian 12) with `memory_cache_enabled = on`: a SELECT that goes to a standby before the row is there is cached as "no rows", and stays so
# when the standby has the row, for all clients, as `memqcache_expire` is 0 unless set. The guess would be a read that is as late as the standby, which the
# same SELECT with one more space is. So a job that asks "is it done?" once too early is told no until something else writes to the table.
# PostgreSQL 16.2 comes from pgserver 0.1.4 (PyPI), with a standby 2 s behind. As root it runs as nobody.
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
as=(); [[ $EUID != 0 ]] || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
pool=
stop() {
    [[ -z $pool ]] || { kill -INT "$pool"; wait "$pool"; } 2>/dev/null || true
    for it in standby primary; do "${as[@]}" "$bin/pg_ctl" -D "own/$it" -m fast stop >/dev/null 2>&1 || true; done
    rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
version=4.3.5-1+deb12u1
apt-get download -qq "pgpool2=$version" libmemcached11 libhashkit2 libpq5 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
libraries=$dir/root/usr/lib/$(uname -m)-linux-gnu
python3 -m venv --copies env
env/bin/pip install --quiet --disable-pip-version-check pgserver==0.1.4
bin=$(echo "$dir"/env/lib/python3*/site-packages/pgserver/pginstall/bin)
mkdir -m 777 own
read -r primary standby port control < <(python3 -c 'import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(s.getsockname()[1] for s in free))')
"${as[@]}" "$bin/initdb" -D own/primary -A trust -U tester >/dev/null
start() {
    "${as[@]}" "$bin/pg_ctl" -D "own/$1" -w -l "own/$1.log" -o "-p $2 -k $dir/own -c listen_addresses=127.0.0.1 ${3-}" start >/dev/null
}
ask() { "$bin/psql" -X -h 127.0.0.1 -p "$1" -U tester -d postgres -qAtc "$2"; }
# The standby is a copy of the stopped primary.
start primary "$primary"
ask "$primary" 'CREATE TABLE done (item text PRIMARY KEY); CREATE TABLE other (item text)'
"${as[@]}" "$bin/pg_ctl" -D own/primary -m fast stop >/dev/null
"${as[@]}" cp -r own/primary own/standby
"${as[@]}" touch own/standby/standby.signal
start primary "$primary"
start standby "$standby" "-c primary_conninfo=port=$primary\ host=127.0.0.1\ user=tester -c recovery_min_apply_delay=2s"
until [[ $(ask "$primary" 'SELECT count(*) FROM pg_stat_replication') == 1 ]]; do sleep 0.1; done
"${as[@]}" mkdir own/oids
cat >pgpool.conf <<END
backend_clustering_mode = 'streaming_replication'
listen_addresses = '127.0.0.1'
port = $port
socket_dir = '$dir/own'
pcp_listen_addresses = ''
pcp_port = $control
pcp_socket_dir = '$dir/own'
wd_ipc_socket_dir = '$dir/own'
pid_file_name = '$dir/own/pgpool.pid'
logdir = '$dir/own'
num_init_children = 4
backend_hostname0 = '127.0.0.1'
backend_port0 = $primary
backend_weight0 = 0
backend_hostname1 = '127.0.0.1'
backend_port1 = $standby
backend_weight1 = 1
sr_check_user = 'tester'
pool_passwd = ''
memory_cache_enabled = on
memqcache_oiddir = '$dir/own/oids'
END
touch pool_hba.conf pcp.conf
LD_LIBRARY_PATH=$libraries "${as[@]}" root/usr/sbin/pgpool -n -f pgpool.conf -F pcp.conf -a pool_hba.conf >log 2>&1 &
pool=$!
until ask "$port" 'SELECT 1' >/dev/null 2>&1; do sleep 0.2; kill -0 "$pool"; done
select="SELECT count(*) FROM done WHERE item = 'a'"
ask "$port" "INSERT INTO done VALUES ('a')"
early=$(ask "$port" "$select")
until [[ $(ask "$standby" "$select") == 1 ]]; do sleep 0.2; done
late=$(ask "$port" "$select")
ask "$port" "INSERT INTO other VALUES ('b')"
ask "$primary" "INSERT INTO done VALUES ('c')"
written=$(ask "$port" "$select")
spaced=$(ask "$port" "${select/count/ count}")
ask "$port" "INSERT INTO done VALUES ('d')"
freed=$(ask "$port" "$select")
echo "pgpool2 $version, the row is there: at once $early, when the standby has it $late, after writes to another table and past Pgpool-II $written," \
    "with one more space $spaced, after a write to the table by Pgpool-II $freed"
[[ "$early $late $written $spaced $freed" == '0 0 0 1 1' ]]
