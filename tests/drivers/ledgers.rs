//! Keeps a ledger in a database: each item is a row with the balance after it, and the balance is carried.

mod awaited;
mod blocking;
mod database;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use safe_state::Job;
use safe_state::backend::from_url;

pub use database::Found;

/// A ledger, and the job that writes it.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The name of the driver.
    pub driver: String,
    /// The URL of the database with the rows and the checkpoint.
    pub url: String,
    /// The name of the job and of the table.
    pub name: String,
    /// The number of rows that the ledger has in the end.
    pub items: i64,
    /// Whether `commit!` commits; otherwise the driver alone commits.
    pub exactly_once: bool,
}

impl Ledger {
    /// Makes a ledger. Its database is a file in `dir` if the driver is one of SQLite's, and otherwise the one at
    /// `url`.
    ///
    /// # Panics
    ///
    /// If the table can't be made.
    pub fn new(driver: &str, dir: &Path, url: &str) -> Self {
        static LEDGERS: AtomicU32 = AtomicU32::new(0);
        let number = LEDGERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("ledger_{}_{number}", std::process::id());
        let url = match driver {
            "rusqlite" | "sqlx-sqlite" => format!("sqlite:{}/ledger.db", dir.display()),
            _ => url.to_owned(),
        };
        let ledger = Ledger { driver: driver.to_owned(), url, name, items: 20, exactly_once: true };
        ledger.make().unwrap();
        ledger
    }

    /// Returns the ledger's job, to look at its checkpoint.
    pub fn job(&self) -> Job {
        Job::new(&self.name).backend(from_url(&self.url))
    }

    /// Runs the job, and returns the balance. The job calls `before` after it has inserted the row of an item, before
    /// the commit.
    ///
    /// # Errors
    ///
    /// The errors of the job.
    pub fn run(&self, before: impl Fn(i64) -> anyhow::Result<()>) -> anyhow::Result<i64> {
        match self.driver.as_str() {
            "rusqlite" => blocking::by_rusqlite(self, before),
            "postgres" => blocking::by_postgres(self, before),
            "mysql" => blocking::by_mysql(self, before),
            "tokio-postgres" => awaited::run(awaited::by_tokio_postgres(self, before)),
            "mysql_async" => awaited::run(awaited::by_mysql_async(self, before)),
            "sqlx-postgres" => awaited::run(awaited::by_sqlx_postgres(self, before)),
            "sqlx-sqlite" => awaited::run(awaited::by_sqlx_sqlite(self, before)),
            "sqlx-mysql" => awaited::run(awaited::by_sqlx_mysql(self, before)),
            other => anyhow::bail!("unknown: {other}"),
        }
    }

    /// Returns the balance of a ledger that is complete.
    pub fn balance(&self) -> i64 {
        (0..self.items).sum()
    }

    fn insertion(&self, values: &str) -> String {
        format!("INSERT INTO {} VALUES ({values})", self.name)
    }
}
