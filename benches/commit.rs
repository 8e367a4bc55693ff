//! Compares an item whose transaction saves its progress by `commit!` with the same transaction that writes one more
//! row by hand. The server is that of `tests/servers cargo bench --bench commit`.

use std::time::{Duration, Instant};

use postgres::NoTls;
use rusqlite::Connection;
use safe_state::backend::{SqliteBackend, from_url};
use safe_state::{commit, resumable};
use safe_state_benches::{Compared, Scratch, Table, Target, bench, compare};

const ROUNDS: usize = 15;
/// A record with as many bytes as a save appends.
const RECORD: [u8; 52] = [0xa5; 52];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() {
    bench("An item committed by `commit!`, over one with one more row by hand", |table| {
        sqlite(table, "NORMAL", 2000);
        sqlite(table, "FULL", 500);
        in_postgres(table, 500);
    });
}

fn sqlite(table: &Table, synchronous: &str, items: u32) {
    let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
    let file = scratch.path().join("ledger.db");
    let open = || -> Result<Connection> {
        let connection = Connection::open(&file)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.execute_batch(
            "DROP TABLE IF EXISTS rows; DROP TABLE IF EXISTS progress;
             CREATE TABLE rows (item INTEGER, sum INTEGER);
             CREATE TABLE progress (job TEXT, number INTEGER, record BLOB, PRIMARY KEY (job, number))",
        )?;
        Ok(connection)
    };
    let backend = SqliteBackend::new(&file);
    let compared = compare(
        ROUNDS,
        || by_sqlite(&backend, &mut open().expect("a database"), items).expect("rows"),
        || sqlite_by_hand(&mut open().expect("a database"), items).expect("rows"),
    );
    row(table, &format!("SQLite, synchronous = {synchronous}"), &compared, items);
}

#[resumable(name = "bench", backend = backend.clone(), carry(sum))]
fn by_sqlite(backend: &SqliteBackend, ledger: &mut Connection, items: u32) -> Result<Duration> {
    let mut sum = 0;
    let began = Instant::now();
    #[resume]
    for item in 0..items {
        sum += item;
        let tx = ledger.transaction()?;
        tx.prepare_cached("INSERT INTO rows VALUES (?1, ?2)")?.execute((item, sum))?;
        commit!(tx)?;
    }
    Ok(began.elapsed())
}

fn sqlite_by_hand(ledger: &mut Connection, items: u32) -> Result<Duration> {
    let mut sum = 0;
    let began = Instant::now();
    for item in 0..items {
        sum += item;
        let tx = ledger.transaction()?;
        tx.prepare_cached("INSERT INTO rows VALUES (?1, ?2)")?.execute((item, sum))?;
        tx.prepare_cached("INSERT INTO progress VALUES ('bench', ?1, ?2)")?
            .execute((item, RECORD))?;
        tx.commit()?;
    }
    Ok(began.elapsed())
}

fn in_postgres(table: &Table, items: u32) {
    let url = std::env::var("SAFE_STATE_TEST_POSTGRES").expect(
        "the server is started by tests/servers, as in `tests/servers cargo bench --bench commit`",
    );
    let url = format!("{url}?sslmode=disable");
    let mut client = postgres::Client::connect(&url, NoTls).expect("a connection");
    client
        .batch_execute(
            "CREATE TABLE rows (item BIGINT, sum BIGINT);
             CREATE TABLE progress (job TEXT, number BIGINT, record BYTEA, PRIMARY KEY (job, number))",
        )
        .expect("tables");
    let mut other = postgres::Client::connect(&url, NoTls).expect("a connection");
    let compared = compare(
        ROUNDS,
        || by_postgres(&url, &mut client, items).expect("rows"),
        || postgres_by_hand(&mut other, items).expect("rows"),
    );
    row(table, "PostgreSQL", &compared, items);
}

#[resumable(name = "bench", backend = from_url(url), carry(sum))]
fn by_postgres(url: &str, ledger: &mut postgres::Client, items: u32) -> Result<Duration> {
    ledger.batch_execute("TRUNCATE rows")?;
    let insert = ledger.prepare("INSERT INTO rows VALUES ($1, $2)")?;
    let mut sum = 0;
    let began = Instant::now();
    #[resume]
    for item in 0..items {
        sum += i64::from(item);
        let mut tx = ledger.transaction()?;
        tx.execute(&insert, &[&i64::from(item), &sum])?;
        commit!(tx)?;
    }
    Ok(began.elapsed())
}

fn postgres_by_hand(ledger: &mut postgres::Client, items: u32) -> Result<Duration> {
    ledger.batch_execute("TRUNCATE rows, progress")?;
    let insert = ledger.prepare("INSERT INTO rows VALUES ($1, $2)")?;
    let progress = ledger.prepare("INSERT INTO progress VALUES ('bench', $1, $2)")?;
    let mut sum = 0;
    let began = Instant::now();
    for item in 0..items {
        sum += i64::from(item);
        let mut tx = ledger.transaction()?;
        tx.execute(&insert, &[&i64::from(item), &sum])?;
        tx.execute(&progress, &[&i64::from(item), &&RECORD[..]])?;
        tx.commit()?;
    }
    Ok(began.elapsed())
}

fn row(table: &Table, what: &str, compared: &Compared, items: u32) {
    table.row(what, "x", compared.ratio(), Target::AtMost(1.3));
    table.row("  an item", "us", compared.ours(1e6 / f64::from(items)), Target::None);
}
