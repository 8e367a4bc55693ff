//! A connection to MySQL, and the execution of statements on it.

use std::time::{Duration, Instant};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::statements::hex;
use crate::network::runtime::Runtime;
use crate::network::{LeaseToken, Trouble};
use safe_state_backends::size::too_large;
use safe_state_backends::tables::{self, Tables};

/// The time for telling a server that the connection ends.
const GOODBYE: Duration = Duration::from_secs(1);

/// The seconds after which a transaction is taken for one whose client is gone.
const ABANDONED: u64 = 10;

const NO_SUCH_TABLE: u16 = 1146;
/// The errors of missing rights: in the database, to the database, to a table.
const NOT_ALLOWED: [u16; 3] = [1044, 1142, 1227];

/// The error of a server that is to be read only, though this user may write (`SUPER`, `READ ONLY ADMIN`): it is a replica, or no
/// longer the primary.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server is `read_only`, as a replica is: what a run saves there is no part of what the primary has; connect to the \
     primary, or set `read_only` to `OFF` if this server is the primary"
)]
struct ReadOnly;

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

/// The kind of a server.
#[derive(Debug, Default)]
pub(super) struct ServerKind {
    /// Whether the server is a node of a Galera cluster. There, a row that is only read protects nothing, as nodes tell each
    /// other only what was written; and a node may not have applied yet what another has written.
    pub(super) is_galera: bool,
    is_read_only: bool,
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
    /// Whether the last request was answered or refused, so that the connection can be told that it ends.
    is_answered: bool,
    pub(super) kind: ServerKind,
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
            is_answered: true,
            kind: ServerKind::default(),
            largest: u64::MAX,
        };
        // A wait on the server should end when the caller gives up. With this isolation level, only existing rows are locked,
        // and each job has its own. With `completion_type = CHAIN`, the statement behind a commit would be part of a
        // transaction that nobody commits. With two character sets, the server would convert bytes as if they were text. With
        // a `sql_select_limit`, it would leave out the last records; with a `max_join_size`, it would refuse to look at many.
        // A machine that is paused within a transaction would keep the lease's row locked, and the job from all others, until
        // the server takes the connection for dead, which is after 8 hours. MariaDB can end such a transaction, MySQL can't.
        let seconds = limit.as_secs().clamp(1, 1 << 30);
        let told: Vec<(String, String)> = session.call(async |conn| {
            conn.query_drop(format!(
                "SET SESSION autocommit = 1, completion_type = 0, innodb_lock_wait_timeout = {seconds}, \
                 character_set_connection = @@character_set_client, sql_select_limit = 18446744073709551615, sql_big_selects = 1 \
                 /*M!100300 , idle_transaction_timeout = {ABANDONED} */"
            ))
            .await?;
            conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
            conn.query("SHOW VARIABLES WHERE variable_name IN ('wsrep_on', 'read_only')").await
        })?;
        let has = |name, off| told.iter().any(|(of, value)| of == name && value != off);
        session.kind.is_galera = has("wsrep_on", "OFF");
        session.kind.is_read_only = has("read_only", "OFF");
        Ok(session)
    }

    /// Checks that the server is not `read_only`, so that others find what is written here.
    pub(super) fn may_write(&self) -> Result<(), Trouble> {
        if self.kind.is_read_only { Err(Trouble::transient(ReadOnly)) } else { Ok(()) }
    }

    /// Returns whether the last request was answered or refused.
    pub(super) fn is_idle(&self) -> bool {
        self.is_answered
    }

    pub(super) fn call<T, E: Into<Trouble>>(
        &mut self,
        call: impl AsyncFnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, Trouble> {
        let Some(conn) = &mut self.conn else { unreachable!("it is there until it is dropped") };
        self.is_answered = false;
        let done = self.runtime.within(self.limit, async { Ok::<_, Trouble>(call(conn).await) })?;
        self.is_answered = true;
        done.map_err(E::into)
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

    pub(super) fn changes(&mut self, statement: &str) -> Result<u64, Trouble> {
        self.call(async |conn| {
            conn.query_drop(statement).await?;
            Ok::<_, mysql_async::Error>(conn.affected_rows())
        })
    }

    /// Extends the lease.
    pub(super) fn extend(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let statement = format!(
            "UPDATE {} SET ends = {} WHERE {}",
            self.tables.jobs,
            ahead(token.time),
            held(token)
        );
        if self.changes(&statement)? == 0 {
            self.check(token)?;
        }
        self.extended = Some(Instant::now());
        Ok(())
    }

    /// Checks that the token holds. It is called when no row was changed, which may also mean that the row already had the
    /// values.
    pub(super) fn check(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        match self.holder(&token.key, "")? {
            Some((epoch, Some(holder))) if epoch == token.epoch && holder == token.holder => Ok(()),
            other => Err(Trouble::Lost(other.and_then(|(_, holder)| holder))),
        }
    }

    /// Returns the epoch and the holder of a job; with `FOR UPDATE`, locks its row.
    pub(super) fn holder(
        &mut self,
        key: &str,
        lock: &str,
    ) -> Result<Option<(u64, Option<String>)>, Trouble> {
        let query = format!(
            "SELECT epoch, holder FROM {} WHERE job = {} {lock}",
            self.tables.jobs,
            literal(key)
        );
        self.call(async |conn| conn.query_first(query).await)
    }

    /// Runs `read`. A node of a cluster first applies what others have written.
    pub(super) fn current<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        if !self.kind.is_galera {
            return read(self);
        }
        self.call(async |conn| conn.query_drop("SET SESSION wsrep_sync_wait = 1").await)?;
        let done = read(self)?;
        self.call(async |conn| conn.query_drop("SET SESSION wsrep_sync_wait = 0").await)?;
        Ok(done)
    }

    /// Returns the checkpoint whose records the query selects; `None` if there are no records or no table. It is read row by
    /// row, up to the largest size.
    pub(super) fn records(&mut self, query: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let largest = self.largest;
        self.call(async |conn| {
            let Some(mut rows) = or_no_table(conn.query_iter(query).await)? else {
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
            "UPDATE {} SET epoch = epoch + 1, holder = {}, ends = {} WHERE job = {}",
            self.tables.jobs,
            literal(holder),
            ahead(time),
            literal(key)
        );
        self.changes(&statement)?;
        self.extended = Some(Instant::now());
        Ok(())
    }
}

impl Drop for MySqlSession {
    /// Ends the connection by the protocol's goodbye, without which the server writes a warning to its log: the driver sends none
    /// for a connection that it drops.
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        if self.is_answered {
            let goodbye = async { conn.disconnect().await };
            // The connection ends in any case.
            let _ = self.runtime.within(GOODBYE, goodbye);
        } else {
            let _entered = self.runtime.enter();
            drop(conn);
        }
    }
}

/// Returns text as a literal, which means the same in each `sql_mode` and character set. A statement with its values in it takes
/// one round trip; one that is prepared takes another.
pub(super) fn literal(text: &str) -> String {
    format!("x'{}'", hex(text.as_bytes()))
}

/// Returns a condition that a row is the token's.
pub(super) fn held(token: &LeaseToken) -> String {
    let LeaseToken { key, epoch, holder, .. } = token;
    format!("job = {} AND epoch = {epoch} AND holder = {}", literal(key), literal(holder))
}

/// Returns an expression for the instant that is `time` ahead; at most a century, which a column can express.
fn ahead(time: Duration) -> String {
    const CENTURY: u64 = 100 * 365 * 24 * 3600 * 1_000_000;
    let micros = u64::try_from(time.as_micros()).unwrap_or(CENTURY).min(CENTURY);
    format!("UTC_TIMESTAMP(6) + INTERVAL {micros} MICROSECOND")
}

/// Returns the result of a query on tables that may be missing; `None` if they are.
pub(super) fn or_no_table<T>(asked: Result<T, mysql_async::Error>) -> Result<Option<T>, Trouble> {
    match asked {
        Err(mysql_async::Error::Server(server)) if server.code == NO_SUCH_TABLE => Ok(None),
        asked => Ok(Some(asked?)),
    }
}
