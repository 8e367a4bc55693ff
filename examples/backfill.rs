//! Fills a new column of a table, row by row, and can be killed at any instant: run again, it goes on with the batch it
//! was at.
//!
//! ```text
//! cargo run --features sqlite --example backfill -- orders.db --rows 5000             # makes a table, fills it
//! rm orders.db
//! cargo run --features sqlite --example backfill -- orders.db --rows 5000 --crash-at 7   # dies in batch 7
//! cargo run --features sqlite --example backfill -- orders.db                         # goes on there
//! ```
//!
//! The example shows the two things that make a database job safe to repeat. An item, here a batch of rows, is
//! committed before it completes, and its `UPDATE` gives the same rows the second time.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Parser;
use rusqlite::{Connection, params};
use safe_state::resumable;

/// Fills the column `total` of a table of orders.
#[derive(Parser)]
struct Options {
    /// The `SQLite` database. It is made if it does not exist.
    database: PathBuf,
    /// The number of rows to make.
    #[arg(long, default_value_t = 1000)]
    rows: u32,
    /// The number of rows to fill in one transaction.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Abort the process in this batch, counted from 0, with half of its rows filled.
    #[arg(long)]
    crash_at: Option<usize>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let mut connection = Connection::open(&options.database)?;
    make_orders(&mut connection, options.rows)?;
    if let Some(checkpoint) = fill_totals::peek_checkpoint(&options.database, options.batch)? {
        println!("going on after {}", checkpoint.progress());
    }
    let ids = order_ids(&connection)?;
    fill_totals(&options.database, options.batch, &ids, &mut connection, options.crash_at)?;
    let (filled, sum) = summary(&connection)?;
    println!("{filled} of {} orders have a total, {sum} in all", ids.len());
    Ok(())
}

/// Each database has a job of its own. A batch of another size would make another item of the rows, so the size is the
/// job's version.
#[resumable(
    name = format!("backfill-{}", database.display()),
    iter = ids,
    version = format!("batches of {batch}"), fresh(crash_at, connection))]
fn fill_totals(
    database: &Path,
    batch: usize,
    ids: &[i64],
    connection: &mut Connection,
    crash_at: Option<usize>,
) -> Result<()> {
    for (index, batch) in ids.chunks(batch).enumerate() {
        let transaction = connection.transaction()?;
        let (first, second) = batch.split_at(batch.len() / 2);
        fill(&transaction, first)?;
        if crash_at == Some(index) {
            std::process::abort();
        }
        fill(&transaction, second)?;
        transaction.commit()?;
    }
    Ok(())
}

fn fill(connection: &Connection, ids: &[i64]) -> rusqlite::Result<()> {
    let mut update = connection
        .prepare_cached("UPDATE orders SET total = quantity * unit_price WHERE id = ?1")?;
    ids.iter().try_for_each(|id| update.execute([id]).map(drop))
}

fn order_ids(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut select = connection.prepare("SELECT id FROM orders ORDER BY id")?;
    select.query_map([], |row| row.get(0))?.collect()
}

fn summary(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.query_row("SELECT count(total), sum(total) FROM orders", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Makes the table as it was before the column came, unless it exists.
fn make_orders(connection: &mut Connection, rows: u32) -> rusqlite::Result<()> {
    if connection.table_exists(None, "orders")? {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, quantity INTEGER, unit_price INTEGER, total INTEGER)",
    )?;
    for id in 0..rows {
        transaction
            .prepare_cached("INSERT INTO orders VALUES (?1, ?2, ?3, NULL)")?
            .execute(params![id, id % 9 + 1, 100 + id % 7])?;
    }
    transaction.commit()
}
