//! A connection, and the statements of the backend on it.

use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};

use crate::Appended;
use crate::network::runtime::Runtime;
use crate::network::{Acquired, Bid, Claim, Session, Trouble};
use crate::tables::{self, Tables};

/// How long a server that answers is given to hear that the connection ends.
const GOODBYE: Duration = Duration::from_secs(1);

const NO_SUCH_TABLE: u16 = 1146;
/// In the database, to the database, to a table.
const NOT_ALLOWED: [u16; 3] = [1044, 1142, 1227];

/// The statements that make the tables, where they are not there. Each is on its own, so the version
/// comes last: where it is, all is.
pub(super) fn schema(tables: &Tables) -> [String; 4] {
    let Tables { meta, jobs, records, .. } = tables;
    let version = tables::VERSION;
    [
        format!(
            "CREATE TABLE IF NOT EXISTS {jobs} (
    job VARBINARY(255) NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    holder VARBINARY(1024),
    ends DATETIME(6) NOT NULL
) ENGINE = InnoDB;\n"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {records} (
    job VARBINARY(255) NOT NULL,
    number BIGINT NOT NULL,
    record LONGBLOB NOT NULL,
    PRIMARY KEY (job, number)
) ENGINE = InnoDB;\n"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {meta} (version BIGINT NOT NULL PRIMARY KEY) ENGINE = InnoDB;\n"
        ),
        format!("INSERT IGNORE INTO {meta} VALUES ({version});\n"),
    ]
}

/// A connection to MySQL or MariaDB.
#[derive(Debug)]
pub struct MySqlSession {
    conn: Option<Conn>,
    runtime: Runtime,
    tables: Tables,
    limit: Duration,
    /// When the lease was extended last.
    extended: Option<Instant>,
    /// Whether all that was asked was answered.
    is_well: bool,
}

impl MySqlSession {
    pub(super) fn begin(
        conn: Conn,
        runtime: Runtime,
        tables: Tables,
        limit: Duration,
    ) -> Result<Self, Trouble> {
        let mut session = MySqlSession {
            conn: Some(conn),
            runtime,
            tables,
            limit,
            extended: None,
            is_well: true,
        };
        // What is given up here should not wait on there. Only rows that are there are locked: each
        // job's are its own.
        let seconds = limit.as_secs().clamp(1, 1 << 30);
        session.call(async |conn| {
            conn.query_drop(format!(
                "SET SESSION autocommit = 1, innodb_lock_wait_timeout = {seconds}"
            ))
            .await?;
            conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await
        })?;
        Ok(session)
    }

    fn call<T, E: Into<Trouble>>(
        &mut self,
        call: impl AsyncFnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, Trouble> {
        let Some(conn) = &mut self.conn else { unreachable!("it is there until it is dropped") };
        self.is_well = false;
        let done = self.runtime.within(self.limit, call(conn))?;
        self.is_well = true;
        Ok(done)
    }

    /// Makes the tables if they are not there, and checks their version.
    fn prepare_tables(&mut self) -> Result<(), Trouble> {
        let query = format!("SELECT MAX(version) FROM {}", self.tables.meta);
        let (tables, schema) = (self.tables.clone(), schema(&self.tables));
        let version: Option<Option<i64>> = self.call(async |conn| {
            if let Some(Some(Some(version))) = or_no_table(conn.query_first(&query).await)? {
                return Ok(Some(Some(version)));
            }
            for statement in schema {
                let made = conn.query_drop(statement).await;
                made.map_err(|error| match &error {
                    mysql_async::Error::Server(server) if NOT_ALLOWED.contains(&server.code) => {
                        Trouble::lasting(tables.not_made(error))
                    }
                    _ => error.into(),
                })?;
            }
            Ok::<_, Trouble>(conn.query_first(&query).await?)
        })?;
        tables::check_version(version.flatten().unwrap_or_default()).map_err(Trouble::lasting)
    }

    fn changes(&mut self, statement: &str, parameters: impl Into<Params>) -> Result<u64, Trouble> {
        let parameters = parameters.into();
        self.call(async |conn| {
            conn.exec_drop(statement, parameters).await?;
            Ok::<_, mysql_async::Error>(conn.affected_rows())
        })
    }

    /// Extends the lease.
    fn extend(&mut self, claim: &Claim) -> Result<(), Trouble> {
        let statement = format!(
            "UPDATE {} SET ends = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
             WHERE job = ? AND epoch = ? AND holder = ?",
            self.tables.jobs
        );
        let mut parameters = vec![micros(claim.time)];
        parameters.extend(held(claim));
        if self.changes(&statement, parameters)? == 0 {
            self.check(claim)?;
        }
        self.extended = Some(Instant::now());
        Ok(())
    }

    /// Fails if the claim is lost: no row was changed, be it that there is nothing to change.
    fn check(&mut self, claim: &Claim) -> Result<(), Trouble> {
        match self.holder(&claim.key)? {
            Some((epoch, Some(holder))) if epoch == claim.epoch && holder == claim.holder => Ok(()),
            other => Err(Trouble::Lost(other.and_then(|(_, holder)| holder))),
        }
    }

    fn holder(&mut self, key: &str) -> Result<Option<(u64, Option<String>)>, Trouble> {
        let query = format!("SELECT epoch, holder FROM {} WHERE job = ?", self.tables.jobs);
        self.call(async |conn| conn.exec_first(query, (key,)).await)
    }

    /// Runs what is done to the row of a job with the row locked, all of it or nothing: without an
    /// answer, the connection ends, and so does the transaction.
    fn locked<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.call(async |conn| conn.query_drop("START TRANSACTION").await)?;
        let done = work(self)?;
        self.call(async |conn| conn.query_drop("COMMIT").await)?;
        Ok(done)
    }

    fn take(&mut self, key: &str, holder: &str, time: Duration) -> Result<(), Trouble> {
        let statement = format!(
            "UPDATE {} SET epoch = epoch + 1, holder = ?,
             ends = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND WHERE job = ?",
            self.tables.jobs
        );
        self.changes(&statement, (holder, micros(time), key))?;
        self.extended = Some(Instant::now());
        Ok(())
    }
}

impl Session for MySqlSession {
    fn may_run_here() -> bool {
        Runtime::may_run_here()
    }

    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        // One statement sees one state.
        let query =
            format!("SELECT record FROM {} WHERE job = ? ORDER BY number", self.tables.records);
        let records: Option<Vec<Vec<u8>>> =
            self.call(async |conn| or_no_table(conn.exec(query, (key,)).await))?;
        Ok(records.filter(|records| !records.is_empty()).map(|records| records.concat()))
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        let query = format!("SELECT 1 FROM {} WHERE job = ? LIMIT 1", self.tables.records);
        let found: Option<Option<u8>> =
            self.call(async |conn| or_no_table(conn.exec_first(query, (key,)).await))?;
        Ok(found.flatten().is_some())
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        let query = format!("SELECT job FROM {} WHERE number = 0", self.tables.records);
        let keys: Option<Vec<String>> =
            self.call(async |conn| or_no_table(conn.query(query).await))?;
        Ok(keys.unwrap_or_default())
    }

    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble> {
        let query = format!(
            "SELECT holder FROM {} WHERE job = ? AND ends > UTC_TIMESTAMP(6)",
            self.tables.jobs
        );
        let row: Option<Option<Option<String>>> =
            self.call(async |conn| or_no_table(conn.exec_first(query, (key,)).await))?;
        Ok(row.flatten().flatten())
    }

    fn acquire(&mut self, bid: &Bid<'_>) -> Result<Acquired, Trouble> {
        self.prepare_tables()?;
        let first = format!(
            "INSERT IGNORE INTO {} (job, epoch, ends) VALUES (?, 0, UTC_TIMESTAMP(6))",
            self.tables.jobs
        );
        self.changes(&first, (bid.key,))?;
        let query = format!(
            "SELECT epoch, holder, ends <= UTC_TIMESTAMP(6) FROM {} WHERE job = ? FOR UPDATE",
            self.tables.jobs
        );
        self.locked(|session| {
            let found = session.call(async |conn| conn.exec_first(query, (bid.key,)).await)?;
            let Some((epoch, holder, has_ended)): Option<(u64, Option<String>, bool)> = found
            else {
                return Err(Trouble::passing("the row of the job was removed just now"));
            };
            match holder {
                Some(holder) if !has_ended && bid.over != Some(epoch) => {
                    Ok(Acquired::No { epoch, holder })
                }
                _ => {
                    session.take(bid.key, bid.holder, bid.time)?;
                    Ok(Acquired::Yes { epoch: epoch + 1 })
                }
            }
        })
    }

    fn resume(&mut self, claim: &Claim) -> Result<u64, Trouble> {
        let query =
            format!("SELECT epoch, holder FROM {} WHERE job = ? FOR UPDATE", self.tables.jobs);
        self.locked(|session| {
            let found: Option<(u64, Option<String>)> =
                session.call(async |conn| conn.exec_first(query, (&claim.key,)).await)?;
            match found {
                Some((epoch, Some(holder))) if holder == claim.holder => {
                    session.take(&claim.key, &claim.holder, claim.time)?;
                    Ok(epoch + 1)
                }
                other => Err(Trouble::Lost(other.and_then(|(_, holder)| holder))),
            }
        })
    }

    fn renew(&mut self, claim: &Claim) -> Result<(), Trouble> {
        self.extend(claim)
    }

    fn save(&mut self, claim: &Claim, checkpoint: &[u8]) -> Result<(), Trouble> {
        let records = self.tables.records.clone();
        self.locked(|session| {
            session.extend(claim)?;
            let clear = format!("DELETE FROM {records} WHERE job = ?");
            session.changes(&clear, (&claim.key,))?;
            let insert = format!("INSERT INTO {records} (job, number, record) VALUES (?, 0, ?)");
            session.changes(&insert, (&claim.key, checkpoint)).map(drop)
        })
    }

    /// The row of the lease is locked and not changed, so that it is one statement; the lease is
    /// extended when it gets time.
    fn append(&mut self, claim: &Claim, number: u64, record: &[u8]) -> Result<Appended, Trouble> {
        let Tables { jobs, records, .. } = &self.tables;
        // Bytes among what is selected would be taken for text.
        let statement = format!(
            "INSERT INTO {records} (job, number, record) SELECT job, ?, CAST(? AS BINARY) FROM {jobs}
             WHERE job = ? AND epoch = ? AND holder = ? LOCK IN SHARE MODE"
        );
        let mut parameters = vec![Value::from(number + 1), Value::from(record)];
        parameters.extend(held(claim));
        if self.changes(&statement, parameters)? == 0 {
            self.check(claim)?;
        }
        if self.extended.is_none_or(|extended| extended.elapsed() > claim.time / 6) {
            self.extend(claim)?;
        }
        Ok(Appended::Yes)
    }

    fn holds(&mut self, key: &str, number: Option<u64>, bytes: &[u8]) -> Result<bool, Trouble> {
        let query = format!(
            "SELECT 1 FROM {} WHERE job = ? AND number = ? AND record = ?",
            self.tables.records
        );
        let stored = number.map_or(0, |number| number + 1);
        let found: Option<u8> =
            self.call(async |conn| conn.exec_first(query, (key, stored, bytes)).await)?;
        Ok(found.is_some())
    }

    fn delete(&mut self, claim: &Claim) -> Result<(), Trouble> {
        let clear = format!("DELETE FROM {} WHERE job = ?", self.tables.records);
        self.locked(|session| {
            session.extend(claim)?;
            session.changes(&clear, (&claim.key,)).map(drop)
        })
    }

    fn release(&mut self, claim: &Claim) -> Result<(), Trouble> {
        let statement = format!(
            "UPDATE {} SET holder = NULL WHERE job = ? AND epoch = ? AND holder = ?",
            self.tables.jobs
        );
        self.changes(&statement, held(claim)).map(drop)
    }
}

impl Drop for MySqlSession {
    /// A server that hears nothing writes a warning to its log.
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        if self.is_well {
            let goodbye = async { conn.disconnect().await };
            // It ends all the same.
            let _ = self.runtime.within(GOODBYE, goodbye);
        } else {
            let _entered = self.runtime.enter();
            drop(conn);
        }
    }
}

fn held(claim: &Claim) -> Vec<Value> {
    vec![Value::from(&claim.key), Value::from(claim.epoch), Value::from(&claim.holder)]
}

/// Longer than a column can tell is as good as for ever.
fn micros(time: Duration) -> Value {
    const CENTURY: u64 = 100 * 365 * 24 * 3600 * 1_000_000;
    Value::from(u64::try_from(time.as_micros()).unwrap_or(CENTURY).min(CENTURY))
}

/// What is asked of tables that may not be there: nothing then.
fn or_no_table<T>(asked: Result<T, mysql_async::Error>) -> Result<Option<T>, Trouble> {
    match asked {
        Err(mysql_async::Error::Server(server)) if server.code == NO_SUCH_TABLE => Ok(None),
        asked => Ok(Some(asked?)),
    }
}
