//! A connection, and the statements of the backend on it.

use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use super::statements;
use crate::network::runtime::Runtime;
use crate::network::{Acquired, Bid, Claim, Session, Trouble};
use crate::tables::{self, Tables};
use crate::{Appended, Durability};

/// A parameter with its type, so that a statement that is used once needs no round trip more.
type Parameter<'p> = (&'p (dyn ToSql + Sync), Type);

/// The statements that make the tables, where they are not there, and their function.
pub(super) fn schema(tables: &Tables) -> String {
    let Tables { meta, jobs, records, .. } = tables;
    let (version, append) = (tables::VERSION, statements::function(tables));
    format!(
        r#"CREATE TABLE IF NOT EXISTS {meta} (version BIGINT NOT NULL PRIMARY KEY);
INSERT INTO {meta} VALUES ({version}) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS {jobs} (
    job TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    holder TEXT,
    ends TIMESTAMPTZ NOT NULL
);
CREATE TABLE IF NOT EXISTS {records} (
    job TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    record BYTEA NOT NULL,
    PRIMARY KEY (job, number)
);
{append}"#
    )
}

/// Any number: tables are made by one connection at a time, as `IF NOT EXISTS` does not see those
/// that another is about to make.
const LOCK: i64 = 0x7361_6665;

/// A connection to PostgreSQL.
#[derive(Debug)]
pub struct PostgresSession {
    client: Client,
    /// Dropped after the client, which has a task in it.
    runtime: Runtime,
    tables: Tables,
    limit: Duration,
    append: Option<Statement>,
    /// When the lease was extended last.
    extended: Option<Instant>,
    is_relaxed: bool,
}

impl PostgresSession {
    pub(super) fn begin(
        client: Client,
        runtime: Runtime,
        tables: Tables,
        limit: Duration,
    ) -> Result<Self, Trouble> {
        let session = PostgresSession {
            client,
            runtime,
            tables,
            limit,
            append: None,
            extended: None,
            is_relaxed: false,
        };
        // What is given up here should not go on there.
        let millis = limit.as_millis().clamp(1, i32::MAX as u128);
        session.batch(&format!(
            "SET statement_timeout = {millis};
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') = 'off'"
        ))?;
        Ok(session)
    }

    fn batch(&self, statements: &str) -> Result<(), Trouble> {
        self.runtime.within(self.limit, self.client.batch_execute(statements))
    }

    fn rows(&self, query: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Trouble> {
        self.runtime.within(self.limit, self.client.query_typed(query, parameters))
    }

    /// What is asked of tables that may not be there: nothing then.
    fn asked(&self, query: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Trouble> {
        let asking = self.client.query_typed(query, parameters);
        let asking = async { or_no_table(asking.await) };
        Ok(self.runtime.within(self.limit, asking)?.unwrap_or_default())
    }

    /// Makes the tables if they are not there, and checks their version.
    fn prepare_tables(&self) -> Result<(), Trouble> {
        let query = format!("SELECT max(version) FROM {}", self.tables.meta);
        let version = |rows: Vec<Row>| rows.first().map(|row| row.try_get(0)).transpose();
        let mut found: Option<Option<i64>> = version(self.asked(&query, &[])?)?;
        if found.flatten().is_none() {
            self.make_tables()?;
            found = version(self.rows(&query, &[])?)?;
        }
        tables::check_version(found.flatten().unwrap_or_default()).map_err(Trouble::lasting)
    }

    fn make_tables(&self) -> Result<(), Trouble> {
        let schema = schema(&self.tables);
        let making = format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK}); {schema} COMMIT");
        let making = async {
            self.client.batch_execute(&making).await.map_err(|error| match error.code() {
                Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                    Trouble::lasting(self.tables.not_made(error))
                }
                _ => error.into(),
            })
        };
        self.runtime.within(self.limit, making)
    }

    /// Runs a statement that gives a row if the claim holds.
    fn claimed(
        &mut self,
        claim: &Claim,
        statement: &str,
        more: &[Parameter<'_>],
    ) -> Result<(), Trouble> {
        self.set_durability(claim)?;
        let epoch = epoch_of(claim)?;
        let mut parameters: Vec<Parameter<'_>> =
            vec![(&claim.key, Type::TEXT), (&epoch, Type::INT8), (&claim.holder, Type::TEXT)];
        parameters.extend_from_slice(more);
        if self.rows(statement, &parameters)?.is_empty() {
            return Err(self.lost(&claim.key));
        }
        Ok(())
    }

    /// The same, and extends the lease: `held` in the statement is its row.
    fn extended(
        &mut self,
        claim: &Claim,
        statement: &str,
        more: &[Parameter<'_>],
    ) -> Result<(), Trouble> {
        let statement = format!(
            "WITH held AS (
                 UPDATE {} SET ends = clock_timestamp() + make_interval(secs => $4)
                 WHERE job = $1 AND epoch = $2 AND holder = $3 RETURNING job
             ) {statement}",
            self.tables.jobs
        );
        let time = claim.time.as_secs_f64();
        let mut parameters: Vec<Parameter<'_>> = vec![(&time, Type::FLOAT8)];
        parameters.extend_from_slice(more);
        self.claimed(claim, &statement, &parameters)?;
        self.extended = Some(Instant::now());
        Ok(())
    }

    /// A lease itself is always taken with a commit that lasts: were it undone by a crash of the
    /// server, its epoch would be given to another as well.
    fn set_durability(&mut self, claim: &Claim) -> Result<(), Trouble> {
        if claim.durability == Durability::Process && !self.is_relaxed {
            self.batch("SET synchronous_commit = off")?;
            self.is_relaxed = true;
        }
        Ok(())
    }

    fn lost(&self, key: &str) -> Trouble {
        match self.holder(key) {
            Ok(holder) => Trouble::Lost(holder.and_then(|(_, holder)| holder)),
            Err(trouble) => trouble,
        }
    }

    fn holder(&self, key: &str) -> Result<Option<(i64, Option<String>)>, Trouble> {
        let query = format!("SELECT epoch, holder FROM {} WHERE job = $1", self.tables.jobs);
        let rows = self.rows(&query, &[(&key, Type::TEXT)])?;
        rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
    }
}

impl Session for PostgresSession {
    fn may_run_here() -> bool {
        Runtime::may_run_here()
    }

    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        // One statement sees one state.
        let query =
            format!("SELECT record FROM {} WHERE job = $1 ORDER BY number", self.tables.records);
        let rows = self.asked(&query, &[(&key, Type::TEXT)])?;
        let mut checkpoint = Vec::new();
        for row in &rows {
            checkpoint.extend_from_slice(row.try_get(0)?);
        }
        Ok((!rows.is_empty()).then_some(checkpoint))
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        let query = format!("SELECT 1 FROM {} WHERE job = $1 LIMIT 1", self.tables.records);
        Ok(!self.asked(&query, &[(&key, Type::TEXT)])?.is_empty())
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        let query = format!("SELECT job FROM {} WHERE number = 0", self.tables.records);
        let rows = self.asked(&query, &[])?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble> {
        let query = format!(
            "SELECT holder FROM {} WHERE job = $1 AND ends > clock_timestamp()",
            self.tables.jobs
        );
        let rows = self.asked(&query, &[(&key, Type::TEXT)])?;
        rows.first().map_or(Ok(None), |row| Ok(row.try_get(0)?))
    }

    fn acquire(&mut self, bid: &Bid<'_>) -> Result<Acquired, Trouble> {
        self.prepare_tables()?;
        let over = bid.over.and_then(|epoch| i64::try_from(epoch).ok());
        let statement = format!(
            "INSERT INTO {jobs} AS mine (job, epoch, holder, ends)
             VALUES ($1, 1, $2, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (job) DO UPDATE
             SET epoch = mine.epoch + 1, holder = excluded.holder, ends = excluded.ends
             WHERE mine.holder IS NULL OR mine.ends <= clock_timestamp() OR mine.epoch = $4
             RETURNING epoch",
            jobs = self.tables.jobs
        );
        let time = bid.time.as_secs_f64();
        let taken = self.rows(
            &statement,
            &[
                (&bid.key, Type::TEXT),
                (&bid.holder, Type::TEXT),
                (&time, Type::FLOAT8),
                (&over, Type::INT8),
            ],
        )?;
        if !taken.is_empty() {
            self.extended = Some(Instant::now());
            return Ok(Acquired::Yes { epoch: first::<i64>(&taken)?.cast_unsigned() });
        }
        match self.holder(bid.key)? {
            Some((epoch, Some(holder))) => {
                Ok(Acquired::No { epoch: epoch.cast_unsigned(), holder })
            }
            _ => Err(Trouble::passing("the lease was given back just now")),
        }
    }

    fn resume(&mut self, claim: &Claim) -> Result<u64, Trouble> {
        let found = match self.holder(&claim.key)? {
            Some((epoch, Some(holder))) if holder == claim.holder => epoch,
            other => return Err(Trouble::Lost(other.and_then(|(_, holder)| holder))),
        };
        let statement = format!(
            "UPDATE {} SET epoch = epoch + 1, ends = clock_timestamp() + make_interval(secs => $4)
             WHERE job = $1 AND epoch = $2 AND holder = $3 RETURNING epoch",
            self.tables.jobs
        );
        let time = claim.time.as_secs_f64();
        let taken = self.rows(
            &statement,
            &[
                (&claim.key, Type::TEXT),
                (&found, Type::INT8),
                (&claim.holder, Type::TEXT),
                (&time, Type::FLOAT8),
            ],
        )?;
        if taken.is_empty() {
            return Err(Trouble::passing("an earlier connection was about to take the lease up"));
        }
        self.extended = Some(Instant::now());
        Ok(first::<i64>(&taken)?.cast_unsigned())
    }

    fn renew(&mut self, claim: &Claim) -> Result<(), Trouble> {
        self.extended(claim, "SELECT 1 FROM held", &[])
    }

    fn save(&mut self, claim: &Claim, checkpoint: &[u8]) -> Result<(), Trouble> {
        // The snapshot is number 0, and is updated: one statement can't delete and insert a row.
        let statement = format!(
            ", cleared AS (
                 DELETE FROM {records} WHERE number > 0 AND job IN (SELECT job FROM held)
             )
             INSERT INTO {records} (job, number, record) SELECT job, 0, $5 FROM held
             ON CONFLICT (job, number) DO UPDATE SET record = excluded.record RETURNING 1",
            records = self.tables.records
        );
        self.extended(claim, &statement, &[(&checkpoint, Type::BYTEA)])
    }

    /// The row of the lease is locked and not changed: its old versions would pile up for as long as
    /// any transaction on the server is open, and slow each other down. It is extended when it
    /// gets time.
    fn append(&mut self, claim: &Claim, number: u64, record: &[u8]) -> Result<Appended, Trouble> {
        self.set_durability(claim)?;
        let statement = self.append_statement()?;
        let (epoch, number) = (epoch_of(claim)?, i64::try_from(number).map_err(Trouble::lasting)?);
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&claim.key, &epoch, &claim.holder, &(number + 1), &record];
        let running = self.client.execute(&statement, &parameters);
        if self.runtime.within(self.limit, running)? == 0 {
            return Err(self.lost(&claim.key));
        }
        if self.extended.is_none_or(|extended| extended.elapsed() > claim.time / 6) {
            self.renew(claim)?;
        }
        Ok(Appended::Yes)
    }

    fn holds(&mut self, key: &str, number: Option<u64>, bytes: &[u8]) -> Result<bool, Trouble> {
        let stored = number.map_or(Ok(0), |number| i64::try_from(number + 1));
        let stored = stored.map_err(Trouble::lasting)?;
        let query = format!(
            "SELECT 1 FROM {} WHERE job = $1 AND number = $2 AND record = $3",
            self.tables.records
        );
        let parameters: [Parameter<'_>; 3] =
            [(&key, Type::TEXT), (&stored, Type::INT8), (&bytes, Type::BYTEA)];
        Ok(!self.rows(&query, &parameters)?.is_empty())
    }

    fn delete(&mut self, claim: &Claim) -> Result<(), Trouble> {
        let statement = format!(
            ", cleared AS (DELETE FROM {} WHERE job IN (SELECT job FROM held))
             SELECT 1 FROM held",
            self.tables.records
        );
        self.extended(claim, &statement, &[])
    }

    fn release(&mut self, claim: &Claim) -> Result<(), Trouble> {
        let statement = format!(
            "UPDATE {} SET holder = NULL WHERE job = $1 AND epoch = $2 AND holder = $3
             RETURNING 1",
            self.tables.jobs
        );
        self.claimed(claim, &statement, &[])
    }
}

impl PostgresSession {
    /// Prepared on first use: an append is then one round trip.
    fn append_statement(&mut self) -> Result<Statement, Trouble> {
        if let Some(statement) = &self.append {
            return Ok(statement.clone());
        }
        let Tables { jobs, records, .. } = &self.tables;
        let statement = format!(
            "INSERT INTO {records} (job, number, record)
             SELECT job, $4, $5 FROM {jobs} WHERE job = $1 AND epoch = $2 AND holder = $3 FOR SHARE"
        );
        let types = [Type::TEXT, Type::INT8, Type::TEXT, Type::INT8, Type::BYTEA];
        let preparing = self.client.prepare_typed(&statement, &types);
        let statement = self.runtime.within(self.limit, preparing)?;
        self.append = Some(statement.clone());
        Ok(statement)
    }
}

fn or_no_table<T>(asked: Result<T, tokio_postgres::Error>) -> Result<Option<T>, Trouble> {
    match asked {
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        asked => Ok(Some(asked?)),
    }
}

fn first<'r, T: tokio_postgres::types::FromSql<'r>>(rows: &'r [Row]) -> Result<T, Trouble> {
    let row = rows.first().ok_or_else(|| Trouble::lasting("the server gave no row"))?;
    Ok(row.try_get(0)?)
}

/// Epochs begin at 1 and grow by one: none is lost in a signed column.
fn epoch_of(claim: &Claim) -> Result<i64, Trouble> {
    i64::try_from(claim.epoch).map_err(Trouble::lasting)
}
