#!/usr/bin/env bash
# One UPDATE that sets a row to what it is, by four drivers on MariaDB 10.11: mysql2 3.15.3 (npm) tells 1 row affected, PyMySQL 1.1.2,
# mysql-connector-python 9.5.0 (PyPI) and Debian's `mariadb` tell 0. mysql2 asks the server for the rows that matched, unless told otherwise; the others for those that
# changed. So "0 rows: another has my lease" is right by one driver, and by the others ends a run that only renewed its lease twice in a
# second. Needs Debian's mariadb-server; as root it runs as nobody.
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
server=
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
user=(); [[ $EUID != 0 ]] || user=(--user=nobody)
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check PyMySQL==1.1.2 mysql-connector-python==9.5.0
npm install --silent --no-audit --no-fund mysql2@3.15.3 >/dev/null
mkdir -m 1777 tmp
mariadb-install-db --no-defaults "${user[@]}" --datadir="$dir/data" --tmpdir="$dir/tmp" --skip-test-db --auth-root-authentication-method=normal >log 2>&1
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
mariadbd --no-defaults "${user[@]}" --datadir="$dir/data" --tmpdir="$dir/tmp" --socket="$dir/data/s" --port="$port" --bind-address=127.0.0.1 >>log 2>&1 &
server=$!
sql() { mariadb --no-defaults -uroot -S data/s "$@"; }
until sql -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.2; done
sql -e "CREATE DATABASE jobs; CREATE TABLE jobs.lease (holder INT, ends DATETIME); INSERT INTO jobs.lease VALUES (7, '2026-01-01');
    CREATE USER tester@'127.0.0.1'; SET PASSWORD FOR tester@'127.0.0.1' = PASSWORD('tester'); GRANT ALL ON jobs.* TO tester@'127.0.0.1'"
renew="UPDATE lease SET ends = '2026-01-01' WHERE holder = 7"
client=$(sql -vvv jobs -e "$renew" | grep -o '[0-9]* rows\? affected' | cut -d' ' -f1)
pymysql=$(env/bin/python -c "import pymysql; print(pymysql.connect(host='127.0.0.1', port=$port, user='tester', password='tester', database='jobs').cursor().execute(\"$renew\"))")
connector=$(env/bin/python -c "
import mysql.connector
db = mysql.connector.connect(host='127.0.0.1', port=$port, user='tester', password='tester', database='jobs', use_pure=True, collation='utf8mb4_general_ci')
cursor = db.cursor()
cursor.execute(\"$renew\")
print(cursor.rowcount)")
node=$(node -e "require('mysql2/promise').createConnection({host: '127.0.0.1', port: $port, user: 'tester', password: 'tester', database: 'jobs'})
    .then(async it => { console.log((await it.query(\"$renew\"))[0].affectedRows); await it.end() })")
echo "$(mariadbd --version | grep -o '10[^ ]*'): mariadb $client, PyMySQL $pymysql, mysql-connector-python $connector, mysql2 $node rows affected"
[[ $client == 0 && $pymysql == 0 && $connector == 0 && $node == 1 ]]
