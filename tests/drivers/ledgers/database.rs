//! Looks at the ledgers' databases from outside of their jobs.

use mysql::prelude::Queryable;
use postgres::NoTls;
use rusqlite::{Connection, OptionalExtension};
use safe_state::Checkpoint;

use super::Ledger;

/// Items, each with the balance after it.
type Rows = Vec<(i64, i64)>;

/// The contents of a database at one instant.
#[derive(Debug)]
pub struct Found {
    /// The items that have a row, each with the balance in it.
    pub rows: Rows,
    /// The job's checkpoint.
    pub checkpoint: Option<Checkpoint>,
}

impl Ledger {
    pub(super) fn sqlite(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(self.url.trim_start_matches("sqlite:"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Ok(connection)
    }

    pub(super) fn make(&self) -> anyhow::Result<()> {
        self.execute(&format!("CREATE TABLE {} (item BIGINT, balance BIGINT)", self.name))
    }

    /// Runs a statement in the ledger's database.
    ///
    /// # Errors
    ///
    /// The errors of the database.
    pub fn execute(&self, statement: &str) -> anyhow::Result<()> {
        match self.url.split(':').next() {
            Some("sqlite") => self.sqlite()?.execute_batch(statement)?,
            Some("postgres") => {
                postgres::Client::connect(&self.url, NoTls)?.batch_execute(statement)?;
            }
            _ => mysql::Conn::new(self.url.as_str())?.query_drop(statement)?,
        }
        Ok(())
    }

    /// Reads the rows and the checkpoint of the ledger as of one instant.
    ///
    /// # Panics
    ///
    /// If the database can't be read, or the checkpoint is damaged.
    pub fn look(&self) -> Found {
        let (rows, bytes) = match self.url.split(':').next() {
            Some("sqlite") => self.in_sqlite().unwrap(),
            Some("postgres") => self.in_postgres().unwrap(),
            _ => self.in_mysql().unwrap(),
        };
        let checkpoint = (!bytes.is_empty()).then(|| Checkpoint::decode(&bytes).unwrap());
        Found { rows, checkpoint }
    }

    fn rows(&self) -> String {
        format!("SELECT item, balance FROM {} ORDER BY item", self.name)
    }

    fn records(&self) -> String {
        format!("SELECT record FROM safe_state_records WHERE job = '{}' ORDER BY number", self.name)
    }

    fn in_sqlite(&self) -> anyhow::Result<(Rows, Vec<u8>)> {
        let mut connection = self.sqlite()?;
        let reading = connection.transaction()?;
        let rows = reading
            .prepare(&self.rows())?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        if !reading.table_exists(None, "safe_state_jobs")? {
            return Ok((rows, Vec::new()));
        }
        let snapshot = "SELECT snapshot FROM safe_state_jobs WHERE job = ?1";
        let snapshot: Option<Option<Vec<u8>>> =
            reading.query_row(snapshot, [&self.name], |row| row.get(0)).optional()?;
        let mut bytes = snapshot.flatten().unwrap_or_default();
        let mut records = reading.prepare(&self.records())?;
        for record in records.query_map([], |row| row.get::<_, Vec<u8>>(0))? {
            bytes.extend(record?);
        }
        Ok((rows, bytes))
    }

    fn in_postgres(&self) -> anyhow::Result<(Rows, Vec<u8>)> {
        let mut client = postgres::Client::connect(&self.url, NoTls)?;
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ")?;
        let rows = client.query(&self.rows(), &[])?;
        let rows = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let is_there =
            client.query_one("SELECT to_regclass('safe_state_records') IS NOT NULL", &[])?;
        if !is_there.get::<_, bool>(0) {
            return Ok((rows, Vec::new()));
        }
        let records = client.query(&self.records(), &[])?;
        Ok((rows, records.iter().flat_map(|row| row.get::<_, Vec<u8>>(0)).collect()))
    }

    fn in_mysql(&self) -> anyhow::Result<(Rows, Vec<u8>)> {
        let mut conn = mysql::Conn::new(self.url.as_str())?;
        conn.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
        let rows = conn.query(self.rows())?;
        let tables: Vec<String> = conn.query("SHOW TABLES LIKE 'safe_state_records'")?;
        let records: Vec<Vec<u8>> =
            if tables.is_empty() { Vec::new() } else { conn.query(self.records())? };
        Ok((rows, records.concat()))
    }
}
