//! A ledger in a database: each item is a row with the balance after it, and the balance is carried.

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
    /// By which driver.
    pub driver: String,
    /// The database of its rows and its checkpoint.
    pub url: String,
    /// What its job is called, and its table.
    pub name: String,
    /// How many rows it comes to.
    pub items: i64,
    /// Whether `commit!` commits, and not the driver alone.
    pub exactly_once: bool,
}

impl Ledger {
    /// A new ledger by a driver: in a file in `dir` if that is SQLite's, else where `url` says.
    ///
    /// # Panics
    ///
    /// If its table can't be made.
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

    /// Its job, to be looked at.
    pub fn job(&self) -> Job {
        Job::new(&self.name).backend(from_url(&self.url))
    }

    /// Runs the job, which calls `before` when it has put in the row of an item, before the commit.
    /// Gives the balance.
    ///
    /// # Errors
    ///
    /// The job's.
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

    /// The balance when it is whole.
    pub fn balance(&self) -> i64 {
        (0..self.items).sum()
    }

    fn insertion(&self, values: &str) -> String {
        format!("INSERT INTO {} VALUES ({values})", self.name)
    }
}
