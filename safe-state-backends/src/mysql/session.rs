//! A connection to MySQL, and the execution of statements on it.

use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};

use crate::network::runtime::Runtime;
use crate::network::{LeaseToken, Trouble};
use crate::size::too_large;
use crate::tables::{self, Tables};

/// The time for telling a server that the connection ends.
const GOODBYE: Duration = Duration::from_secs(1);

const NO_SUCH_TABLE: u16 = 1146;
/// The errors of missing rights: in the database, to the database, to a table.
const NOT_ALLOWED: [u16; 3] = [1044, 1142, 1227];

/// The version of the tables, and the engines of those for jobs and records.
type Made = (Option<i64>, Option<String>, Option<String>);

/// The engines in which a table has no transactions, and no locks on rows. A server may be told to create each table in one of
/// them (`enforce_storage_engine`).
const NO_TRANSACTIONS: [&str; 7] =
    ["MyISAM", "Aria", "MEMORY", "MRG_MyISAM", "CSV", "ARCHIVE", "BLACKHOLE"];

/// The error of tables that can't hold a lease.
#[derive(Debug, thiserror::Error)]
#[error(
    "its tables are of the engine {engine}, which has no transactions, so two runs of a job could both begin; \
     let `ALTER TABLE .. ENGINE = InnoDB` change them, and look at `enforce_storage_engine`"
)]
struct NoTransactions {
    engine: String,
}

/// Returns an expression for the engine of a table.
fn engine_of(table: &str) -> String {
    format!(
        "(SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{table}')"
    )
}

/// Returns the statements that create the tables, where they are missing. Each is executed alone, and the version comes last:
/// if it exists, all tables exist.
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
    pub(super) tables: Tables,
    limit: Duration,
    /// The time when the lease was extended last.
    pub(super) extended: Option<Instant>,
    /// Whether every request was answered, so that the connection is in order.
    is_well: bool,
    /// Whether the server is a node of a Galera cluster. There, a row that is only read protects nothing, as nodes tell each
    /// other only what was written; and a node may not have applied yet what another has written.
    pub(super) is_galera: bool,
    /// The largest size in bytes of a checkpoint that is loaded.
    pub(super) largest: u64,
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
            is_galera: false,
            largest: u64::MAX,
        };
        // A wait on the server should end when the caller gives up. With this isolation level, only existing rows are locked,
        // and each job has its own. With `completion_type = CHAIN`, the statement behind a commit would be part of a
        // transaction that nobody commits. With two character sets, the server would convert bytes as if they were text.
        let seconds = limit.as_secs().clamp(1, 1 << 30);
        session.call(async |conn| {
            conn.query_drop(format!(
                "SET SESSION autocommit = 1, completion_type = 0, innodb_lock_wait_timeout = {seconds}, \
                 character_set_connection = @@character_set_client"
            ))
            .await?;
            conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await
        })?;
        let clustered: Option<(String, String)> =
            session.call(async |conn| conn.query_first("SHOW VARIABLES LIKE 'wsrep_on'").await)?;
        session.is_galera = clustered.is_some_and(|(_, is_on)| is_on == "ON");
        Ok(session)
    }

    pub(super) fn call<T, E: Into<Trouble>>(
        &mut self,
        call: impl AsyncFnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, Trouble> {
        let Some(conn) = &mut self.conn else { unreachable!("it is there until it is dropped") };
        self.is_well = false;
        let done = self.runtime.within(self.limit, call(conn))?;
        self.is_well = true;
        Ok(done)
    }

    /// Creates the tables if they are missing, and checks their version.
    pub(super) fn prepare_tables(&mut self) -> Result<(), Trouble> {
        let Tables { meta, jobs, records, .. } = &self.tables;
        let query =
            format!("SELECT MAX(version), {}, {} FROM {meta}", engine_of(jobs), engine_of(records));
        let (tables, schema) = (self.tables.clone(), schema(&self.tables));
        let found: Option<Made> = self.call(async |conn| {
            if let Some(Some(made)) = or_no_table(conn.query_first::<Made, _>(&query).await)?
                && made.0.is_some()
            {
                return Ok(Some(made));
            }
            for statement in schema {
                let made = conn.query_drop(statement).await;
                made.map_err(|error| match &error {
                    mysql_async::Error::Server(server) if NOT_ALLOWED.contains(&server.code) => {
                        Trouble::permanent(tables.not_made(error))
                    }
                    _ => error.into(),
                })?;
            }
            Ok::<_, Trouble>(conn.query_first(&query).await?)
        })?;
        let (version, jobs, records) = found.unwrap_or_default();
        for engine in [jobs, records].into_iter().flatten() {
            if NO_TRANSACTIONS.iter().any(|name| name.eq_ignore_ascii_case(&engine)) {
                return Err(Trouble::permanent(NoTransactions { engine }));
            }
        }
        tables::check_version(version.unwrap_or_default()).map_err(Trouble::permanent)
    }

    pub(super) fn changes(
        &mut self,
        statement: &str,
        parameters: impl Into<Params>,
    ) -> Result<u64, Trouble> {
        let parameters = parameters.into();
        self.call(async |conn| {
            conn.exec_drop(statement, parameters).await?;
            Ok::<_, mysql_async::Error>(conn.affected_rows())
        })
    }

    /// Extends the lease.
    pub(super) fn extend(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let statement = format!(
            "UPDATE {} SET ends = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
             WHERE job = ? AND epoch = ? AND holder = ?",
            self.tables.jobs
        );
        let mut parameters = vec![micros(token.time)];
        parameters.extend(held(token));
        if self.changes(&statement, parameters)? == 0 {
            self.check(token)?;
        }
        self.extended = Some(Instant::now());
        Ok(())
    }

    /// Checks that the token holds. It is called when no row was changed, which may also mean that the row already had the
    /// values.
    pub(super) fn check(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        match self.holder(&token.key)? {
            Some((epoch, Some(holder))) if epoch == token.epoch && holder == token.holder => Ok(()),
            other => Err(Trouble::Lost(other.and_then(|(_, holder)| holder))),
        }
    }

    pub(super) fn holder(&mut self, key: &str) -> Result<Option<(u64, Option<String>)>, Trouble> {
        let query = format!("SELECT epoch, holder FROM {} WHERE job = ?", self.tables.jobs);
        self.call(async |conn| conn.exec_first(query, (key,)).await)
    }

    /// Runs `read`; on a node of a cluster, after it has applied what others have written.
    pub(super) fn current<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        if !self.is_galera {
            return read(self);
        }
        self.call(async |conn| conn.query_drop("SET SESSION wsrep_sync_wait = 1").await)?;
        let done = read(self)?;
        self.call(async |conn| conn.query_drop("SET SESSION wsrep_sync_wait = 0").await)?;
        Ok(done)
    }

    /// Returns the checkpoint whose records the query selects; `None` if there are no records or no table. It is read row by
    /// row, up to the largest size.
    pub(super) fn records(&mut self, query: &str, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let largest = self.largest;
        self.call(async |conn| {
            let Some(mut rows) = or_no_table(conn.exec_iter(query, (key,)).await)? else {
                return Ok(None);
            };
            let mut checkpoint: Option<Vec<u8>> = None;
            while let Some(row) = rows.next().await? {
                let (record,): (Vec<u8>,) =
                    mysql_async::from_row_opt(row).map_err(Trouble::permanent)?;
                let checkpoint = checkpoint.get_or_insert_default();
                checkpoint.extend_from_slice(&record);
                if checkpoint.len() as u64 > largest {
                    return Err(Trouble::permanent(too_large(checkpoint.len() as u64, largest)));
                }
            }
            Ok(checkpoint)
        })
    }

    /// Runs `work` on a job in a transaction, wholly or not at all: without an answer, the connection ends, and so does the
    /// transaction.
    pub(super) fn locked<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.call(async |conn| conn.query_drop("START TRANSACTION").await)?;
        let done = work(self)?;
        self.call(async |conn| conn.query_drop("COMMIT").await)?;
        Ok(done)
    }

    pub(super) fn take(&mut self, key: &str, holder: &str, time: Duration) -> Result<(), Trouble> {
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

impl Drop for MySqlSession {
    /// Says goodbye to the server, which otherwise writes a warning to its log.
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        if self.is_well {
            let goodbye = async { conn.disconnect().await };
            // The connection ends in any case.
            let _ = self.runtime.within(GOODBYE, goodbye);
        } else {
            let _entered = self.runtime.enter();
            drop(conn);
        }
    }
}

pub(super) fn held(token: &LeaseToken) -> Vec<Value> {
    vec![Value::from(&token.key), Value::from(token.epoch), Value::from(&token.holder)]
}

/// Returns a time in microseconds, at most a century, which a column can express.
pub(super) fn micros(time: Duration) -> Value {
    const CENTURY: u64 = 100 * 365 * 24 * 3600 * 1_000_000;
    Value::from(u64::try_from(time.as_micros()).unwrap_or(CENTURY).min(CENTURY))
}

/// Returns the result of a query on tables that may be missing; `None` if they are.
pub(super) fn or_no_table<T>(asked: Result<T, mysql_async::Error>) -> Result<Option<T>, Trouble> {
    match asked {
        Err(mysql_async::Error::Server(server)) if server.code == NO_SUCH_TABLE => Ok(None),
        asked => Ok(Some(asked?)),
    }
}
