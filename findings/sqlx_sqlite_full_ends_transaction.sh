#!/usr/bin/env bash
# SQLite as of sqlx 0.9.0 (crates.io): an item makes an entry in a transaction, passes over the error of its next statement, notes its progress, and commits. If the database is full, or the statement
# is an `INSERT OR ROLLBACK`, SQLite has undone the whole transaction by then: the progress is stored by itself, as no transaction is open, and stays, though `commit()` fails. So
# who asks behind the failed commit whether the progress is there is told yes, and the entry is not. The guess would be that nothing is stored by a `Transaction` whose commit
# failed. After another error, of a row that is there, the transaction goes on. rusqlite's `is_autocommit()` tells.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "job"
version = "0.1.0"
edition = "2021"
[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["runtime-tokio", "sqlite"] }
tokio = { version = "=1.54.1", features = ["macros", "rt"] }
EOF
cat >src/main.rs <<'EOF'
use sqlx::{Connection, Executor, Row, SqliteConnection};

async fn count(db: &mut SqliteConnection, table: &'static str) -> i64 {
    let query = if table == "entries" { "SELECT count(*) FROM entries WHERE item = 7" } else { "SELECT count(*) FROM progress" };
    db.fetch_one(query).await.unwrap().get(0)
}

/// Makes an entry, passes over the error of `second`, and notes the progress.
async fn item(name: &str, second: &'static str) {
    let mut db = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    db.execute(
        "PRAGMA max_page_count = 10; CREATE TABLE entries (item INTEGER PRIMARY KEY, data BLOB); CREATE TABLE progress (item INTEGER);
         INSERT INTO entries VALUES (1, NULL)",
    )
    .await
    .unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.execute("INSERT INTO entries VALUES (7, NULL)").await.unwrap();
    let failed = tx.execute(second).await.is_err();
    tx.execute("INSERT INTO progress VALUES (7)").await.unwrap();
    let committed = tx.commit().await.is_ok();
    println!("{name}: {failed} {committed}, {} {}", count(&mut db, "entries").await, count(&mut db, "progress").await);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    item("the row is there", "INSERT INTO entries VALUES (1, NULL)").await;
    item("the same, OR ROLLBACK", "INSERT OR ROLLBACK INTO entries VALUES (1, NULL)").await;
    item("the database is full", "INSERT INTO entries VALUES (2, zeroblob(100000))").await;
}
EOF
seen=$(cargo run --quiet)
printf 'error of the second statement: whether it failed, whether the commit succeeded, entries and progress that are there\n%s\n' "$seen"
[[ $seen == 'the row is there: true true, 1 1
the same, OR ROLLBACK: true false, 0 1
the database is full: true false, 0 1' ]]
