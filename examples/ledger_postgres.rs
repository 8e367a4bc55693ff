//! Posts a batch of payments to a ledger in PostgreSQL by an async driver, each exactly once, wherever the program is
//! killed.
//!
//! ```text
//! URL=postgres://me:secret@localhost/ledger
//! cargo run --features postgres --example ledger_postgres -- $URL monday                  # posts 20 payments
//! cargo run --features postgres --example ledger_postgres -- $URL tuesday --crash-at 7    # dies within payment 7
//! cargo run --features postgres --example ledger_postgres -- $URL tuesday                 # goes on there
//! ```
//!
//! A payment adds to a total, which must not be done twice. So the job's checkpoint is in the ledger's
//! own database, and `commit!` makes a payment and the progress over it one transaction.

use anyhow::Result;
use clap::Parser;
use safe_state::backend::tokio_postgres::{Client, NoTls, connect};
use safe_state::{commit, resumable};

/// Posts a batch of payments.
#[derive(Parser)]
struct Options {
    /// The URL of the database.
    url: String,
    /// The name of the batch.
    batch: String,
    /// Abort the process before this payment is committed, counted from 0.
    #[arg(long)]
    crash_at: Option<usize>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let (mut ledger, connection) = connect(&options.url, NoTls).await?;
    tokio::spawn(connection);
    ledger
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS payments (batch TEXT, number BIGINT, amount BIGINT);
             CREATE TABLE IF NOT EXISTS totals (batch TEXT PRIMARY KEY, total BIGINT)",
        )
        .await?;
    let payments: Vec<i64> = (0..20).map(|number| 100 + number * 37 % 50).collect();
    let total = post(&mut ledger, &payments, &options).await?;
    let posted =
        "SELECT count(*), max(total) FROM payments JOIN totals USING (batch) WHERE batch = $1";
    let posted = ledger.query_one(posted, &[&options.batch]).await?;
    assert_eq!(total, posted.get::<_, i64>(1), "the job's total is the ledger's");
    println!("{} payments posted, {total} in all", posted.get::<_, i64>(0));
    Ok(())
}

/// Posts a batch. Its job is kept when it has finished, so a batch that was posted is not posted again.
#[resumable(
    name = format!("post-{}", options.batch),
    backend = options.url.as_str(),
    iter = payments,
    carry(total),
    keep_on_success, fresh(ledger, options.crash_at))]
async fn post(ledger: &mut Client, payments: &[i64], options: &Options) -> Result<i64> {
    let mut total = 0;
    for (number, amount) in payments.iter().enumerate() {
        let tx = ledger.transaction().await?;
        let payment = "INSERT INTO payments VALUES ($1, $2, $3)";
        tx.execute(payment, &[&options.batch, &i64::try_from(number)?, amount]).await?;
        if options.crash_at == Some(number) {
            std::process::abort();
        }
        let added = "INSERT INTO totals VALUES ($1, $2)
            ON CONFLICT (batch) DO UPDATE SET total = totals.total + excluded.total";
        tx.execute(added, &[&options.batch, amount]).await?;
        total += amount;
        commit!(tx).await?;
    }
    Ok(total)
}
