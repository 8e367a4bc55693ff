#!/usr/bin/env bash
# MariaDB 10.11 (Debian 12): an item makes an entry in a transaction, passes over the error of its next statement, notes its progress, and commits. If the error is 1205 (a lock took too
# long), that statement alone is undone, and the rest is committed. If it is 1213 (deadlock), the whole transaction is undone at once, and no transaction is open: the
# progress is committed by itself, seen by all before the COMMIT, and the COMMIT succeeds: so the item counts as done, and its entry is not there. So it is after a CREATE TABLE in the transaction, which
# commits what was before it. The guess would be that statements fail until the ROLLBACK, as in PostgreSQL. `@@in_transaction` tells; MySQL has no such variable. Needs Debian's
# mariadb-server; as root it runs as nobody.
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
server=
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
user=(); [[ $EUID != 0 ]] || user=(--user=nobody)
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check PyMySQL==1.1.2
mkdir -m 1777 tmp
mariadb-install-db --no-defaults "${user[@]}" --datadir="$dir/data" --tmpdir="$dir/tmp" --skip-test-db --auth-root-authentication-method=normal >log 2>&1
mariadbd --no-defaults "${user[@]}" --datadir="$dir/data" --tmpdir="$dir/tmp" --socket="$dir/data/s" --skip-networking >>log 2>&1 &
server=$!
until mariadb --no-defaults -uroot -S data/s -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.2; kill -0 "$server"; done
mariadb --no-defaults -uroot -S data/s -e 'CREATE DATABASE jobs; USE jobs; CREATE TABLE jobs.accounts (id INT PRIMARY KEY, sum INT);
    CREATE TABLE jobs.entries (item INT); CREATE TABLE jobs.progress (item INT); INSERT INTO jobs.accounts SELECT seq, 0 FROM seq_1_to_100'
cat >job.py <<'EOF'
import threading, time
import pymysql

def connect():
    return pymysql.connect(unix_socket="data/s", user="root", database="jobs", autocommit=True)

def ask(query):
    with connect().cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()

def item(number, deadlock):
    job, other = connect(), connect()
    a, b = job.cursor(), other.cursor()
    a.execute("SET innodb_lock_wait_timeout = 1")
    job.begin()
    other.begin()
    a.execute("INSERT INTO entries VALUES (%s)", number)
    a.execute("UPDATE accounts SET sum = 1 WHERE id = 1")
    b.execute("UPDATE accounts SET sum = 2 WHERE id > 1")
    waits = threading.Thread(target=b.execute, args=["UPDATE accounts SET sum = 2 WHERE id = 1"])
    if deadlock:
        waits.start()
        time.sleep(0.5)
    try:
        a.execute("UPDATE accounts SET sum = 1 WHERE id = 2")
    except pymysql.err.OperationalError as error:
        code = error.args[0]
    finish(number, job, code)
    if deadlock:
        waits.join()
    other.rollback()

def finish(number, job, what):
    a = job.cursor()
    a.execute("SELECT @@in_transaction")
    opened = a.fetchone()[0]
    a.execute("INSERT INTO progress VALUES (%s)", number)
    seen = ask(f"SELECT count(*) FROM progress WHERE item = {number}")[0]
    job.commit()
    there = ask(f"SELECT (SELECT count(*) FROM entries WHERE item = {number}), (SELECT count(*) FROM progress WHERE item = {number})")
    print(what, opened, seen, *there)

item(1, False)
item(2, True)
job = connect()
job.begin()
job.cursor().execute("INSERT INTO entries VALUES (3)")
job.cursor().execute("CREATE TABLE other (item INT)")
finish(3, job, "table")
EOF
seen=$(env/bin/python job.py)
printf '%s: what happened, @@in_transaction, progress seen by others before COMMIT, entries and progress behind it\n%s\n' "$(mariadbd --version | grep -o '10[^ ]*')" "$seen"
[[ $seen == '1205 1 0 1 1
1213 0 1 0 1
table 0 1 1 1' ]]
