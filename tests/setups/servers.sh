#!/usr/bin/env bash
# How servers are run together: poolers, standbys, clusters. Read by tests/servers, for tests that start them.
# Each function is called in its folder, with its ports, and replaces the shell; it is as those there.

# pgbouncer PORT SERVER MODE SIZE [IGNORED]: in front of PostgreSQL on the port SERVER, with so many connections to it;
# it ignores the parameters IGNORED of a connection that begins.
pgbouncer() {
    cat >pgbouncer.ini <<EOF
[databases]
$database = host=127.0.0.1 port=$2 user=$user password=$password
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $1
unix_socket_dir =
auth_type = any
pool_mode = $3
default_pool_size = $4
max_client_conn = 200
ignore_startup_parameters = ${5-}
EOF
    exec "${as[@]}" pgbouncer --quiet pgbouncer.ini
}

# haproxy PORT IDLE SERVER..: gives each connection to another of the servers on these ports in turn, and cuts one
# on which nothing was said for IDLE milliseconds.
haproxy() {
    local idle=$2 server
    cat >haproxy.cfg <<EOF
defaults
    mode tcp
    timeout connect 2s
    timeout client $idle
    timeout server $idle
listen all
    bind 127.0.0.1:$1
    balance roundrobin
EOF
    for server in "${@:3}"; do
        printf '    server at%s 127.0.0.1:%s\n' "$server" "$server" >>haproxy.cfg
    done
    exec "${as[@]}" haproxy -f haproxy.cfg -db
}

# nginx PORT SERVER: before a store on the port SERVER. It answers requests for an object from a cache, also that there
# is none, and accepts none of more than 1 MiB.
nginx() {
    cat >nginx.conf <<EOF
daemon off;
pid $PWD/pid;
error_log $PWD/errors;
events {}
http {
    access_log off;
    client_body_temp_path $PWD/client;
    proxy_temp_path $PWD/proxy;
    fastcgi_temp_path $PWD/fastcgi;
    uwsgi_temp_path $PWD/uwsgi;
    scgi_temp_path $PWD/scgi;
    proxy_cache_path $PWD/cache keys_zone=objects:1m;
    server {
        listen 127.0.0.1:$1;
        client_max_body_size 1m;
        location / {
            proxy_pass http://127.0.0.1:$2;
            proxy_set_header Host \$http_host;
            proxy_cache objects;
            proxy_cache_valid any 1h;
            proxy_cache_bypass \$is_args;
            proxy_no_cache \$is_args;
        }
    }
}
EOF
    exec "${as[@]}" nginx -e errors -c "$PWD/nginx.conf"
}

# standby PORT PRIMARY DELAY: a copy of PostgreSQL on the port PRIMARY, which is that far behind.
standby() {
    if [[ ! -e data ]]; then
        PGPASSWORD=$password "${as[@]}" pg_basebackup --host 127.0.0.1 --port "$2" --username "$user" \
            --pgdata data --checkpoint fast --write-recovery-conf --no-sync
    fi
    exec "${as[@]}" postgres -D data -p "$1" -h 127.0.0.1 -c unix_socket_directories= \
        -c ssl=off -c fsync=off -c max_connections=200 -c shared_buffers=16MB -c recovery_min_apply_delay="$3"
}

# pgpool PORT PRIMARY STANDBY [CACHED]: sends what reads to the standby; with CACHED, which is `on`, whatever comment it
# begins with, and it answers it from a cache.
pgpool() {
    cat >pgpool.conf <<EOF
listen_addresses = '127.0.0.1'
port = $1
socket_dir = '$PWD'
pcp_listen_addresses = ''
pcp_socket_dir = '$PWD'
pid_file_name = '$PWD/pgpool.pid'
logdir = '$PWD'
backend_clustering_mode = 'streaming_replication'
backend_hostname0 = '127.0.0.1'
backend_port0 = $2
backend_weight0 = 0
backend_hostname1 = '127.0.0.1'
backend_port1 = $3
backend_weight1 = 1
load_balance_mode = on
allow_sql_comments = ${4-off}
memory_cache_enabled = ${4-off}
num_init_children = 24
memqcache_total_size = 1MB
memqcache_max_num_cache = 1000
sr_check_period = 1
sr_check_user = '$user'
sr_check_password = '$password'
sr_check_database = 'postgres'
allow_clear_text_frontend_auth = on
EOF
    touch pool_hba.conf pcp.conf
    exec "${as[@]}" pgpool -n -f pgpool.conf -F pcp.conf -a pool_hba.conf
}

# mysql_primary PORT: MariaDB, which others may copy.
mysql_primary() {
    mysql_more=(--log-bin --server-id=1)
    mariadb_server "$1"
}

# mysql_replica PORT PRIMARY: a copy of the one on the port PRIMARY, for its users to read from.
mysql_replica() {
    mysql_more=(--server-id=2 --read-only=1)
    local to="MASTER_HOST='127.0.0.1', MASTER_PORT=$2, MASTER_USER='$user', MASTER_PASSWORD='$password'"
    mysql_init="CHANGE MASTER TO $to, MASTER_USE_GTID=slave_pos;
START SLAVE;"
    mariadb_server "$1"
}

# galera PORT OWN FIRST: a node of MariaDB whose cluster talks on the ports OWN to OWN + 2, and whose first node does so
# on FIRST; that one is the first if the two are one.
galera() {
    local options=(--no-defaults --datadir="$PWD/data" --innodb-log-file-size=16M) library new=()
    library=$(find /usr/lib -name libgalera_smm.so | head -n 1)
    if [[ ! -e data ]]; then
        "${as[@]}" mariadb-install-db "${options[@]}" --skip-test-db --auth-root-authentication-method=normal
    fi
    : >init.sql
    if [[ $2 == "$3" ]]; then
        new=(--wsrep-new-cluster)
        cat >init.sql <<EOF
CREATE DATABASE IF NOT EXISTS $database;
CREATE USER IF NOT EXISTS $user@'127.0.0.1' IDENTIFIED BY '$password';
GRANT ALL ON *.* TO $user@'127.0.0.1' WITH GRANT OPTION;
EOF
    fi
    exec "${as[@]}" mariadbd "${options[@]}" --port="$1" --bind-address=127.0.0.1 --socket="$PWD/own.sock" \
        --init-file="$PWD/init.sql" "${mysql_syncs[@]}" --skip-name-resolve --binlog-format=ROW \
        --innodb-autoinc-lock-mode=2 --innodb-buffer-pool-size=32M --wsrep-on=ON --wsrep-provider="$library" \
        --wsrep-cluster-name=tests --wsrep-cluster-address="gcomm://127.0.0.1:$3" \
        --wsrep-node-address="127.0.0.1:$2" --wsrep-sst-method=rsync \
        --wsrep-sst-receive-address="127.0.0.1:$(($2 + 2))" \
        --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$2;ist.recv_addr=127.0.0.1:$(($2 + 1));gcache.size=16M" \
        "${new[@]}"
}

# redis_node PORT: of a cluster.
redis_node() {
    exec "${as[@]}" redis-server --port "$1" --bind 127.0.0.1 --requirepass "$password" --masterauth "$password" \
        --cluster-enabled yes --cluster-node-timeout 2000 --appendonly yes "${redis_syncs[@]}" --save ''
}

# redis_replica PORT MASTER
redis_replica() {
    exec "${as[@]}" redis-server --port "$1" --bind 127.0.0.1 --requirepass "$password" --masterauth "$password" \
        --replicaof 127.0.0.1 "$2" --appendonly yes "${redis_syncs[@]}" --save ''
}

# sentinel PORT MASTER: one, which is a majority.
sentinel() {
    if [[ ! -e sentinel.conf ]]; then
        cat >sentinel.conf <<EOF
bind 127.0.0.1
port $1
sentinel monitor main 127.0.0.1 $2 1
sentinel auth-pass main $password
sentinel down-after-milliseconds main 1000
sentinel failover-timeout main 3000
EOF
        [[ $EUID != 0 ]] || chown nobody:nogroup sentinel.conf
    fi
    exec "${as[@]}" redis-server sentinel.conf --sentinel
}

# ceph PORT MONITOR OLD: Ceph's gateway on PORT, and all behind it, which talks on the ports MONITOR and OLD too: what it
# stores is in memory. The file `bucket` says that there is one.
ceph() {
    local disk
    disk=$(uuid)
    mkdir monitor disk gateway
    cat >ceph.conf <<EOF
[global]
fsid = $(uuid)
mon host = [v2:127.0.0.1:$2,v1:127.0.0.1:$3]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
run dir = $PWD
admin socket = $PWD/\$name.sock
log file = $PWD/\$name.log
pid file = $PWD/\$name.pid
keyring = $PWD/keyring
mon data = $PWD/monitor
osd data = $PWD/disk
osd objectstore = memstore
rgw data = $PWD/gateway
rgw frontends = beast endpoint=127.0.0.1:$1
EOF
    export CEPH_CONF=$PWD/ceph.conf
    ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *'
    for name in client.admin osd.0 client.rgw; do
        ceph-authtool keyring --gen-key -n "$name" --cap mon 'allow *' --cap osd 'allow *'
    done
    monmaptool --create --addv a "[v2:127.0.0.1:$2,v1:127.0.0.1:$3]" --enable-all-features \
        --fsid "$(sed -n 's/^fsid = //p' ceph.conf)" monitors
    ceph-mon --mkfs -i a --monmap monitors --keyring keyring
    # They end with this shell, which the last one becomes.
    setpriv --pdeathsig KILL ceph-mon -i a -f &
    timeout 60 ceph osd new "$disk" 0
    ceph-osd --mkfs -i 0 --osd-uuid "$disk"
    setpriv --pdeathsig KILL ceph-osd -i 0 -f &
    radosgw-admin user create --uid "$user" --display-name "$user" --access-key "$user" --secret-key "$password"
    "$s3/bin/python" "$here/s3/bucket.py" "$bucket" "$1" "$user" "$password" && : >bucket &
    exec radosgw -n client.rgw -f
}

uuid() { cat /proc/sys/kernel/random/uuid; }

# setup_ready NAME PORT: whether one of these answers as it is to.
setup_ready() {
    case $1 in
    pgbouncer | pgpool | standby) PGPASSWORD=$password psql -h 127.0.0.1 -p "$2" -U "$user" -d "$database" -c 'SELECT 1' ;;
    galera) [[ $(mariadb --no-defaults -h 127.0.0.1 -P "$2" -u "$user" -p"$password" -NBe "SHOW STATUS LIKE 'wsrep_local_state_comment'") == *Synced ]] ;;
    mysql_primary | mysql_replica) mariadb --no-defaults -h 127.0.0.1 -P "$2" -u "$user" -p"$password" -e 'SELECT 1' ;;
    redis_node | redis_replica) [[ $(REDISCLI_AUTH=$password redis-cli -p "$2" ping) == PONG ]] ;;
    haproxy | nginx) : <"/dev/tcp/127.0.0.1/$2" ;;
    # The mark that its bucket is there.
    ceph) [[ -e $files/ceph/bucket ]] ;;
    sentinel) [[ $(redis-cli -p "$2" ping) == PONG ]] ;;
    *) return 1 ;;
    esac >/dev/null 2>&1
}
