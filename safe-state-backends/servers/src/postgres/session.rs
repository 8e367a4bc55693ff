//! A connection to PostgreSQL, and the execution of statements on it.
//!
//! A pooler may give each transaction another connection of the server's. So no statement is prepared under a name, as that
//! would stay with one connection, and nothing is set for a session, as others would then have it: a statement sets what it
//! needs for its own transaction. A statement that a pooler may send to a read-only server, or answer from a cache, has what
//! makes Pgpool-II send it to the primary: it begins with a comment, or, where comments are ignored (`allow_sql_comments`), calls
//! a volatile function.
//!
//! Another program may have left another `search_path` on a connection of a pool. So the lease is taken, and tables are created,
//! with the one that the connection began with. Any other operation is refused if it does not find the lease.

use std::fmt;
use std::time::{Duration, Instant};

use futures_util::future::join4;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::source::{Said, Source};
use super::statements::PRIMARY;
use super::{options, schema};
use crate::network::runtime::Runtime;
use crate::network::{LeaseToken, Timeouts, Trouble};
use safe_state_backends::Durability;
use safe_state_backends::tables::Tables;

/// A parameter with its type, which spares the round trip to ask for the type.
pub(super) type Parameter<'p> = (&'p (dyn ToSql + Sync), Type);

/// The error of a commit whose wait for the standbys was cancelled.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server has not waited until its standbys had what was saved: it is lost if the primary is; look at \
     what cancels that wait, and at the standbys that `synchronous_standby_names` names"
)]
struct Unreplicated;

/// The error of a connection that does not lead to the tables with the lease.
#[derive(Debug, thiserror::Error)]
#[error(
    "the tables are not where this run's lease is: another program of the pool seems to have left another \
     `search_path` (in PgBouncer, `server_reset_query_always = 1` prevents that)"
)]
struct Elsewhere;

/// The error of a `search_path` that has not reached the server.
#[derive(Debug, thiserror::Error)]
#[error(
    "the URL's `search_path` is `{asked}`, but the connection has `{found}`: a pooler seems to ignore what the URL's \
     `options` say; let the user or the database have it (`ALTER ROLE .. SET search_path`)"
)]
struct Ignored {
    asked: String,
    found: String,
}

/// The time to wait for a server to stop a statement.
const CANCELLING: Duration = Duration::from_secs(1);

/// Returns a condition that is always true, and makes the transaction commit as durably as a save has to.
fn commits(durability: Durability) -> &'static str {
    match durability {
        Durability::Power => {
            "CASE WHEN current_setting('synchronous_commit') = 'off' \
             THEN set_config('synchronous_commit', 'on', true) END IS DISTINCT FROM ''"
        }
        Durability::Process => "set_config('synchronous_commit', 'off', true) IS NOT NULL",
    }
}

/// The standbys of a server.
struct Standbys {
    /// The server's notices about commits that may be missing on them.
    said: Said,
    /// Whether a save has to be on them.
    are_needed: bool,
}

/// A connection to PostgreSQL.
pub struct PostgresSession {
    pub(super) client: Client,
    standbys: Standbys,
    source: Source,
    /// The connection's runtime. It is dropped after the client, which has a task in it.
    runtime: Runtime,
    pub(super) tables: Tables,
    limit: Duration,
    /// The largest size in bytes of a checkpoint that is loaded.
    pub(super) largest: u64,
    /// The time when the lease was extended last.
    pub(super) extended: Option<Instant>,
}

impl PostgresSession {
    pub(super) fn begin(
        source: Source,
        runtime: Runtime,
        tables: Tables,
        needs_standbys: bool,
        timeouts: Timeouts,
    ) -> Result<Self, Trouble> {
        let (client, said) = runtime.within(timeouts.connect, source.open())?;
        let session = PostgresSession {
            client,
            standbys: Standbys { said, are_needed: needs_standbys },
            source,
            runtime,
            tables,
            limit: timeouts.statement,
            largest: u64::MAX,
            extended: None,
        };
        session.has_path()?;
        Ok(session)
    }

    /// Checks that the server did not report the commit just made as one that is not on its standbys.
    fn is_replicated(&self) -> Result<(), Trouble> {
        match (self.standbys.said.unreplicated(), self.standbys.are_needed) {
            (false, _) => Ok(()),
            (true, true) => Err(Trouble::transient(Unreplicated)),
            (true, false) => {
                tracing::warn!(target: "safe_state", "{Unreplicated}");
                Ok(())
            }
        }
    }

    /// Waits for a statement's result. Cancels the statement on the server if it takes too long.
    fn wait<T, E: Into<Trouble>>(
        &self,
        statement: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Trouble> {
        let asked = Instant::now();
        let done = self.runtime.within(self.limit, statement);
        if done.is_err() && asked.elapsed() >= self.limit {
            let cancelling = self.source.cancel(self.client.cancel_token());
            // A server that does not answer can't be told.
            let _ = self.runtime.within(CANCELLING, cancelling);
        }
        done
    }

    pub(super) fn rows(
        &self,
        query: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        self.wait(self.client.query_typed(query, parameters))
    }

    /// Returns the rows of a query on tables that may be missing; `None` if they are.
    pub(super) fn asked(
        &self,
        query: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        let asking = self.client.query_typed(query, parameters);
        let asking = async { or_no_table(asking.await) };
        Ok(self.wait(asking)?.unwrap_or_default())
    }

    /// Returns the rows of a statement in a transaction of its own, which the server ends after the time limit. All is sent at
    /// once. A pooler that allows no transactions refuses the first part.
    pub(super) fn transaction(
        &self,
        query: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        let millis = self.limit.as_millis().clamp(1, i32::MAX as u128);
        let settings = format!("SET LOCAL statement_timeout = {millis}; {}", self.own_path());
        let all = async {
            let (begun, set, rows, ended) = join4(
                self.client.batch_execute("BEGIN"),
                self.client.batch_execute(&settings),
                self.client.query_typed(query, parameters),
                self.client.batch_execute("COMMIT"),
            )
            .await;
            begun.and(set).and(rows).and_then(|rows| ended.map(|()| rows))
        };
        let rows = self.wait(all)?;
        self.is_replicated()?;
        Ok(rows)
    }

    /// Creates the tables if they are missing, and checks what they are.
    pub(super) fn prepare_tables(&self) -> Result<(), Trouble> {
        let question = schema::question(&self.tables);
        let mut found = self.asked(&question, &[])?;
        if !schema::is_made(&found)? {
            self.make_tables()?;
            found = self.asked(&question, &[])?;
            if found.is_empty() {
                return Err(Trouble::transient(Elsewhere));
            }
        }
        schema::check(&found)
    }

    fn make_tables(&self) -> Result<(), Trouble> {
        let schema = schema::creation(&self.tables);
        let path = self.own_path();
        let lock = schema::LOCK;
        let making = format!("BEGIN; {path} SELECT pg_advisory_xact_lock({lock}); {schema} COMMIT");
        let making = async {
            self.client.batch_execute(&making).await.map_err(|error| match error.code() {
                Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                    Trouble::permanent(self.tables.not_made(error))
                }
                _ => error.into(),
            })
        };
        self.wait(making)
    }

    /// Runs a statement that returns rows if the token holds. Without rows, the lease is lost.
    pub(super) fn claimed(
        &self,
        token: &LeaseToken,
        statement: &str,
        more: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        let epoch = epoch_of(token)?;
        let mut parameters: Vec<Parameter<'_>> =
            vec![(&token.key, Type::TEXT), (&epoch, Type::INT8), (&token.holder, Type::TEXT)];
        parameters.extend_from_slice(more);
        let rows = self.wait(async {
            let asked = or_no_table(self.client.query_typed(statement, &parameters).await)?;
            asked.ok_or_else(|| Trouble::transient(Elsewhere))
        })?;
        if rows.is_empty() {
            return Err(self.lost(token));
        }
        self.is_replicated()?;
        Ok(rows)
    }

    /// Runs a statement if the token holds, and extends the lease. In the statement, `held` is the lease's row.
    pub(super) fn extended(
        &mut self,
        token: &LeaseToken,
        statement: &str,
        more: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        let statement = format!(
            "WITH held AS (
                 UPDATE {} SET ends = clock_timestamp() + make_interval(secs => $4)
                 WHERE {} RETURNING job
             ) {statement}",
            self.tables.jobs,
            held(token.durability)
        );
        let time = token.time.as_secs_f64();
        let mut parameters: Vec<Parameter<'_>> = vec![(&time, Type::FLOAT8)];
        parameters.extend_from_slice(more);
        let rows = self.claimed(token, &statement, &parameters)?;
        self.extended = Some(Instant::now());
        Ok(rows)
    }

    /// Returns the trouble of a statement that has not found the token's lease.
    fn lost(&self, token: &LeaseToken) -> Trouble {
        match self.holder(&token.key) {
            Ok(Some((epoch, Some(holder))))
                if epoch.cast_unsigned() == token.epoch && holder == token.holder =>
            {
                Trouble::transient(Elsewhere)
            }
            Ok(holder) => Trouble::Lost(holder.and_then(|(_, holder)| holder)),
            Err(trouble) => trouble,
        }
    }

    /// Returns the statement that sets the `search_path` which the connection began with for a transaction; empty if the program
    /// has made the connection, and may have chosen another since.
    fn own_path(&self) -> &'static str {
        match &self.source {
            Source::Url { config, .. } if options::search_path(config).is_none() => {
                "SET LOCAL search_path TO DEFAULT;"
            }
            _ => "",
        }
    }

    /// Checks that the server has the `search_path` of the URL, which decides where the tables are.
    fn has_path(&self) -> Result<(), Trouble> {
        let Source::Url { config, .. } = &self.source else { return Ok(()) };
        let Some(asked) = options::search_path(config) else { return Ok(()) };
        let found = self.rows("SELECT current_setting('search_path')", &[])?;
        let found: String = first(&found)?;
        if found == asked { Ok(()) } else { Err(Trouble::permanent(Ignored { asked, found })) }
    }

    pub(super) fn holder(&self, key: &str) -> Result<Option<(i64, Option<String>)>, Trouble> {
        let query =
            format!("{PRIMARY} SELECT epoch, holder FROM {} WHERE job = $1", self.tables.jobs);
        let rows = self.rows(&query, &[(&key, Type::TEXT)])?;
        rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }
}

/// Returns a condition that a row is the token's. The transaction then commits as durably as asked.
pub(super) fn held(durability: Durability) -> String {
    format!("job = $1 AND epoch = $2 AND holder = $3 AND {}", commits(durability))
}

/// Returns the statement that takes a lease, if it is available. Its commit is durable: if a crash of the server undid it,
/// another run would get the same epoch.
pub(super) fn taking(jobs: &str) -> String {
    format!(
        "INSERT INTO {jobs} AS mine (job, epoch, holder, ends)
         SELECT $1, 1, $2, clock_timestamp() + make_interval(secs => $3) WHERE {}
         ON CONFLICT (job) DO UPDATE
         SET epoch = mine.epoch + 1, holder = excluded.holder, ends = excluded.ends
         WHERE mine.holder IS NULL OR mine.ends <= clock_timestamp() OR mine.epoch = $4
         RETURNING epoch",
        commits(Durability::Power)
    )
}

impl fmt::Debug for PostgresSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSession").field("tables", &self.tables).finish_non_exhaustive()
    }
}

fn or_no_table<T>(asked: Result<T, tokio_postgres::Error>) -> Result<Option<T>, Trouble> {
    match asked {
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        asked => Ok(Some(asked?)),
    }
}

pub(super) fn first<'r, T: tokio_postgres::types::FromSql<'r>>(
    rows: &'r [Row],
) -> Result<T, Trouble> {
    let row = rows.first().ok_or_else(|| Trouble::permanent("the server gave no row"))?;
    Ok(row.try_get(0)?)
}

/// Returns the token's epoch for a signed column. Epochs begin at 1 and grow by one, so none overflows it.
pub(super) fn epoch_of(token: &LeaseToken) -> Result<i64, Trouble> {
    i64::try_from(token.epoch).map_err(Trouble::permanent)
}
