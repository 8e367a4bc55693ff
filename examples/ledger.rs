//! Posts a batch of payments to a ledger in SQLite, each exactly once, wherever the program is killed.
//!
//! ```text
//! cargo run --features sqlite --example ledger -- ledger.db monday                   # posts 20 payments
//! cargo run --features sqlite --example ledger -- ledger.db monday                   # they are posted: does nothing
//! cargo run --features sqlite --example ledger -- ledger.db tuesday --crash-at 7     # dies with payment 7 half posted
//! cargo run --features sqlite --example ledger -- ledger.db tuesday --crash-after 9  # dies with payment 9 just posted
//! cargo run --features sqlite --example ledger -- ledger.db tuesday                  # goes on there
//! ```
//!
//! A payment adds to a total, which must not be done twice. So the job's checkpoint is in the ledger's
//! own database, and `commit!` makes a payment and the progress over it one transaction.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use rusqlite::Connection;
use safe_state::backend::SqliteBackend;
use safe_state::{commit, resumable};

/// Posts a batch of payments.
#[derive(Parser)]
struct Options {
    /// The `SQLite` database. It is made if it does not exist.
    database: PathBuf,
    /// The name of the batch.
    batch: String,
    /// Abort the process before this payment is committed, counted from 0.
    #[arg(long)]
    crash_at: Option<usize>,
    /// Abort the process right after this payment was committed, counted from 0.
    #[arg(long)]
    crash_after: Option<usize>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let mut ledger = Connection::open(&options.database)?;
    ledger.execute_batch(
        "CREATE TABLE IF NOT EXISTS payments (batch TEXT, number INTEGER, amount INTEGER);
         CREATE TABLE IF NOT EXISTS totals (batch TEXT PRIMARY KEY, total INTEGER)",
    )?;
    let payments: Vec<i64> = (0..20).map(|number| 100 + number * 37 % 50).collect();
    let total = post(&mut ledger, &payments, &options)?;
    let (count, sum): (i64, i64) = ledger.query_row(
        "SELECT count(*), total FROM payments JOIN totals USING (batch) WHERE batch = ?1",
        [&options.batch],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    assert_eq!(total, sum, "the job's total is the ledger's");
    println!("{count} payments posted, {total} in all");
    Ok(())
}

/// Posts a batch. Its job is kept when it has finished, so a batch that was posted is not posted again.
#[resumable(
    name = format!("post-{}", options.batch),
    backend = SqliteBackend::new(&options.database),
    iter = payments,
    carry(total),
    keep_on_success, fresh(ledger, options.crash_at, options.crash_after))]
fn post(ledger: &mut Connection, payments: &[i64], options: &Options) -> Result<i64> {
    let mut total = 0;
    for (number, amount) in payments.iter().enumerate() {
        let tx = ledger.transaction()?;
        tx.execute(
            "INSERT INTO payments VALUES (?1, ?2, ?3)",
            (&options.batch, i64::try_from(number)?, amount),
        )?;
        if options.crash_at == Some(number) {
            std::process::abort();
        }
        tx.execute(
            "INSERT INTO totals VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET total = total + excluded.total",
            (&options.batch, amount),
        )?;
        total += amount;
        commit!(tx)?;
        if options.crash_after == Some(number) {
            std::process::abort();
        }
    }
    Ok(total)
}
