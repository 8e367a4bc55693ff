#!/usr/bin/env bash
# An item inserts two rows in a transaction, passes over the error of the second, which was there, and commits. PostgreSQL has given up the whole by then and
# answers that COMMIT with the tag ROLLBACK and no error, so the commit of postgres 0.19.14 (tokio-postgres 0.7.18, crates.io), psycopg 3.3.9, psycopg2
# 2.9.13 and asyncpg 0.32.0 (PyPI) succeeds: the item counts as done, and nothing of it is there. The guess would be the error that pg8000 1.31.6
# (PyPI) makes of it, or the first row, which MariaDB and SQLite would keep. PostgreSQL 16.2 comes from pgserver 0.1.4 (PyPI); as root it runs as nobody.
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
as=(); [[ $EUID != 0 ]] || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
trap '"${as[@]}" "$bin/pg_ctl" -D "$dir/own/data" -m immediate stop >/dev/null 2>&1; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv --copies env
env/bin/pip install --quiet --disable-pip-version-check pgserver==0.1.4 'psycopg[binary]==3.3.9' psycopg2-binary==2.9.13 asyncpg==0.32.0 \
    pg8000==1.31.6
bin=$(echo "$dir"/env/lib/python3*/site-packages/pgserver/pginstall/bin)
mkdir -m 777 own
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
"${as[@]}" "$bin/initdb" -D own/data -A trust -U tester >/dev/null
"${as[@]}" "$bin/pg_ctl" -D own/data -w -l own/log -o "-p $port -k $dir/own -c listen_addresses=127.0.0.1" start >/dev/null
ask() { "$bin/psql" -h 127.0.0.1 -p "$port" -U tester -d postgres -qAtc "$1"; }
ask "CREATE TABLE done (driver text, item int PRIMARY KEY); INSERT INTO done VALUES ('earlier', 1)"
cat >commits.py <<'PY'
import asyncio, sys
import asyncpg, pg8000.dbapi, psycopg, psycopg2

there = dict(host="127.0.0.1", port=int(sys.argv[1]), user="tester")

def by(module, name, **database):
    connection = module.connect(**there, **database)
    cursor = connection.cursor()
    cursor.execute("INSERT INTO done VALUES (%s, 2)", (name,))
    try:
        cursor.execute("INSERT INTO done VALUES (%s, 1)", (name,))
    except module.Error:
        pass
    connection.commit()

async def by_asyncpg():
    connection = await asyncpg.connect(**there, database="postgres")
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("INSERT INTO done VALUES ('asyncpg', 2)")
    try:
        await connection.execute("INSERT INTO done VALUES ('asyncpg', 1)")
    except asyncpg.UniqueViolationError:
        pass
    await transaction.commit()

ways = {
    "psycopg": lambda: by(psycopg, "psycopg", dbname="postgres"),
    "psycopg2": lambda: by(psycopg2, "psycopg2", dbname="postgres"),
    "asyncpg": lambda: asyncio.run(by_asyncpg()),
    "pg8000": lambda: by(pg8000.dbapi, "pg8000", database="postgres"),
}
for name, way in ways.items():
    try:
        way()
        print(f"{name}: committed")
    except Exception as error:
        print(f"{name}: {type(error).__name__}")
PY
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "commits"
version = "0.1.0"
edition = "2021"
[dependencies]
postgres = "=0.19.14"
tokio-postgres = "=0.7.18"
TOML
cat >src/main.rs <<'RS'
use postgres::{Client, NoTls};

fn main() {
    let mut client = Client::connect(&std::env::args().nth(1).unwrap(), NoTls).unwrap();
    let mut item = client.transaction().unwrap();
    item.execute("INSERT INTO done VALUES ('postgres', 2)", &[]).unwrap();
    item.execute("INSERT INTO done VALUES ('postgres', 1)", &[]).unwrap_err();
    println!("postgres: {}", if item.commit().is_ok() { "committed" } else { "an error" });
}
RS
said=$(env/bin/python commits.py "$port"; cargo run --quiet -- "postgres://tester@127.0.0.1:$port/postgres")
there=$(ask "SELECT count(*) FROM done WHERE driver <> 'earlier'")
printf 'a commit behind a statement that failed\n%s\nrows that are there: %s\n' "$said" "$there"
[[ $there == 0 && $said == 'psycopg: committed
psycopg2: committed
asyncpg: committed
pg8000: InterfaceError
postgres: committed' ]]
