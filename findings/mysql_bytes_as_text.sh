#!/usr/bin/env bash
# mysql_async 0.37.1 (crates.io) on MariaDB 10.11 (Debian 12): a `Vec<u8>` for a LONGBLOB is sent as text. Where the connection's `collation_connection` is of another
# character set than `character_set_client`, the server converts it, though neither column nor value is text: latin1 makes 41 E2 82 AC FF of it 41 80 3F, without an
# error or a warning. So do mysql2 3.15.3 (npm) with `execute`, and PyMySQL 1.1.2 (PyPI). mysql2's `query`, which writes the bytes as digits, and PyMySQL with
# `binary_prefix=True` store what they are given.
# Needs Debian's mariadb-server; as root it runs as nobody.
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
server=
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
user=(); [[ $EUID != 0 ]] || user=(--user=nobody)
mkdir src
cat >Cargo.toml <<'END'
[package]
name = "bytes"
version = "0.1.0"
edition = "2021"
[dependencies]
mysql_async = { version = "=0.37.1", default-features = false, features = ["minimal-rust"] }
tokio = { version = "1", features = ["macros", "rt"] }
END
cat >src/main.rs <<'END'
use mysql_async::{prelude::Queryable, Conn, Opts, Row};

#[tokio::main(flavor = "current_thread")]
async fn main() -> mysql_async::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let mut db = Conn::new(Opts::from_url(&args[1])?).await?;
    db.query_drop(&args[2]).await?;
    let bytes = vec![0x41_u8, 0xe2, 0x82, 0xac, 0xff];
    db.exec_drop("INSERT INTO state VALUES (?)", (bytes,)).await?;
    let warnings: Vec<Row> = db.query("SHOW WARNINGS").await?;
    assert!(warnings.is_empty());
    db.disconnect().await
}
END
cargo build --quiet
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check PyMySQL==1.1.2
npm install --silent --no-audit --no-fund mysql2@3.15.3 >/dev/null
cat >write.py <<'END'
import pymysql, sys
db = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="tester", password="tester", database="jobs", autocommit=True,
                     binary_prefix=sys.argv[3:] == ["prefix"])
db.cursor().execute(sys.argv[2])
db.cursor().execute("INSERT INTO state VALUES (%s)", (bytes([0x41, 0xe2, 0x82, 0xac, 0xff]),))
END
cat >write.js <<'END'
const [, , port, setting, by] = process.argv
require('mysql2/promise').createConnection({ host: '127.0.0.1', port, user: 'tester', password: 'tester', database: 'jobs' }).then(async db => {
  await db.query(setting)
  await db[by]('INSERT INTO state VALUES (?)', [Buffer.from([0x41, 0xe2, 0x82, 0xac, 0xff])])
  await db.end()
})
END
mkdir -m 1777 tmp
mariadb-install-db --no-defaults "${user[@]}" --datadir="$dir/data" --tmpdir="$dir/tmp" --skip-test-db --auth-root-authentication-method=normal >log 2>&1
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
mariadbd --no-defaults "${user[@]}" --datadir="$dir/data" --tmpdir="$dir/tmp" --socket="$dir/data/s" --port="$port" --bind-address=127.0.0.1 >>log 2>&1 &
server=$!
sql() { mariadb --no-defaults -uroot -S data/s "$@"; }
until sql -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.2; done
sql -e "CREATE DATABASE jobs; CREATE TABLE jobs.state (bytes LONGBLOB);
    CREATE USER tester@'127.0.0.1'; SET PASSWORD FOR tester@'127.0.0.1' = PASSWORD('tester'); GRANT ALL ON jobs.* TO tester@'127.0.0.1'"
# stored SETTING: what each driver's bytes have become, behind this statement on its connection.
stored() {
    target/debug/bytes "mysql://tester:tester@127.0.0.1:$port/jobs" "$1"
    node write.js "$port" "$1" execute
    node write.js "$port" "$1" query
    env/bin/python write.py "$port" "$1"
    env/bin/python write.py "$port" "$1" prefix
    sql -NBe 'SELECT HEX(bytes) FROM state' jobs | paste -sd' '
    sql -e 'DELETE FROM state' jobs
}
alike=$(stored 'SET NAMES utf8mb4')
other=$(stored 'SET collation_connection = latin1_swedish_ci')
echo "$(mariadbd --version | grep -o '10[^ ]*'), 41E282ACFF as bytes by mysql_async, mysql2 execute, mysql2 query, PyMySQL, PyMySQL with binary_prefix"
printf '  utf8mb4 for both: %s\n  collation_connection of latin1: %s\n' "$alike" "$other"
bytes=41E282ACFF
[[ $alike == "$bytes $bytes $bytes $bytes $bytes" && $other == "41803F 41803F $bytes 41803F $bytes" ]]
