#!/usr/bin/env bash
# sqlx 0.9.0 (crates.io), an item fails, and its transaction is dropped, which rolls it back: but the ROLLBACK is sent with the connection's next use, and not before. A job that waits a
# minute before it tries again, or works on something else, holds the rows' locks for all that time, "idle in transaction", and others wait for it. So on a `PgConnection`, and on a
# connection that was acquired from a pool and is kept; `pool.begin()` rolls back at once, as the connection goes back to the pool. The guess would be what tokio-postgres 0.7.18 does, which
# sends it when the transaction is dropped. `tx.rollback().await` does it by hand. PostgreSQL 16.2 comes from pgserver 0.1.4 (PyPI); as root it runs as nobody.
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
as=(); [[ $EUID != 0 ]] || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
bin=
stop() {
    [[ -z $bin ]] || "${as[@]}" "$bin/pg_ctl" -D own/data -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "job"
version = "0.1.0"
edition = "2021"
[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["postgres", "runtime-tokio"] }
tokio = { version = "=1.54.1", features = ["macros", "rt", "time"] }
tokio-postgres = "=0.7.18"
EOF
cat >src/main.rs <<'EOF'
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Executor, PgConnection};

const CHANGE: &str = "UPDATE accounts SET sum = sum + 1";

/// Tells whether another can change the row, a second behind the drop.
async fn tell(other: &mut PgConnection, name: &str) {
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!("{name}: {}", if other.execute(CHANGE).await.is_ok() { "free" } else { "locked" });
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sqlx::Error> {
    let url = std::env::args().nth(1).unwrap();
    let mut other = PgConnection::connect(&url).await?;
    other.execute("CREATE TABLE accounts (sum INT); INSERT INTO accounts VALUES (0); SET lock_timeout = '1s'").await?;
    let mut connection = PgConnection::connect(&url).await?;
    connection.begin().await?.execute(CHANGE).await?;
    tell(&mut other, "PgConnection").await;
    connection.ping().await?;
    tell(&mut other, "the same, used").await;
    connection.begin().await?.rollback().await?;
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await?;
    let mut kept = pool.acquire().await?;
    kept.begin().await?.execute(CHANGE).await?;
    tell(&mut other, "acquired").await;
    drop(kept);
    pool.begin().await?.execute(CHANGE).await?;
    tell(&mut other, "pool.begin").await;
    let (mut client, driver) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(driver);
    client.transaction().await.unwrap().execute(CHANGE, &[]).await.unwrap();
    tell(&mut other, "tokio-postgres").await;
    Ok(())
}
EOF
cargo build --quiet
python3 -m venv --copies env
env/bin/pip install --quiet --disable-pip-version-check pgserver==0.1.4
bin=$(echo "$dir"/env/lib/python3*/site-packages/pgserver/pginstall/bin)
mkdir -m 777 own
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
"${as[@]}" "$bin/initdb" -D own/data -A trust -U tester >/dev/null
"${as[@]}" "$bin/pg_ctl" -D own/data -w -l own/log -o "-p $port -k $dir/own -c listen_addresses=127.0.0.1" start >/dev/null
seen=$(target/debug/job "postgres://tester@127.0.0.1:$port/postgres")
printf 'the row that a dropped transaction has changed, a second later\n%s\n' "$seen"
[[ $seen == 'PgConnection: locked
the same, used: free
acquired: locked
pool.begin: free
tokio-postgres: free' ]]
