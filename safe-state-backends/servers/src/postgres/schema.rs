//! The tables of the backend, and the requirements on them.

use tokio_postgres::Row;

use super::statements::{self, NOW, PRIMARY};
use crate::network::Trouble;
use safe_state_backends::tables::{self, Tables};

/// Returns the statements that create the tables, where they are missing, and their function.
pub(super) fn creation(tables: &Tables) -> String {
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

/// An arbitrary number for a lock under which one connection at a time creates the tables: `IF NOT EXISTS` does not see tables
/// that another connection is about to create.
pub(super) const LOCK: i64 = 0x7361_6665;

/// The error of tables that can't hold a lease.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(
        "a subscription fills its tables with what another server writes (logical replication), which knows nothing of \
         a run here; connect to that server, or let the publication leave these tables out"
    )]
    Subscribed,
    #[error(
        "its tables are `UNLOGGED`, so the server empties them when it restarts after a crash; let `ALTER TABLE .. SET LOGGED` \
         change them"
    )]
    Unlogged,
}

/// Returns the query for the version of the tables, and for what can be wrong with them: one row.
pub(super) fn question(tables: &Tables) -> String {
    let Tables { meta, jobs, records, .. } = tables;
    format!(
        "{PRIMARY} SELECT max(version),
         (SELECT bool_or(relpersistence = 'u') FROM pg_class WHERE oid IN (to_regclass('{jobs}'), to_regclass('{records}'))),
         EXISTS (SELECT 1 FROM pg_subscription_rel WHERE srrelid IN (to_regclass('{jobs}'), to_regclass('{records}')))
         FROM {meta} WHERE {NOW}"
    )
}

/// Returns whether the tables exist, by the answer to [`question`].
pub(super) fn is_made(found: &[Row]) -> Result<bool, Trouble> {
    Ok(version(found)?.is_some())
}

/// Checks the version of the tables, and that they can hold a lease.
pub(super) fn check(found: &[Row]) -> Result<(), Trouble> {
    let is = |column: usize| match found.first() {
        Some(row) => row.try_get(column).map(|it: Option<bool>| it == Some(true)),
        None => Ok(false),
    };
    if is(1)? {
        return Err(Trouble::permanent(Unfit::Unlogged));
    }
    if is(2)? {
        return Err(Trouble::permanent(Unfit::Subscribed));
    }
    tables::check_version(version(found)?.unwrap_or_default()).map_err(Trouble::permanent)
}

fn version(found: &[Row]) -> Result<Option<i64>, Trouble> {
    let version: Option<Option<i64>> = found.first().map(|row| row.try_get(0)).transpose()?;
    Ok(version.flatten())
}
