//! Parts of statements; and a save in the form of statements, for a connection of the program's own.
//!
//! If the lease is not held in the database, the subquery selects no row, and so NULL, which the column does not accept: so the
//! statement fails with any driver. The lease's row is locked until the transaction ends, so that nobody takes the lease over
//! meanwhile.

use crate::network::{LeaseToken, Trouble};
use safe_state_backends::tables::Tables;
use safe_state_backends::{Dialect, Parameter, Statement, Statements};

/// The beginning of a query that has to be answered by the primary.
pub(super) const PRIMARY: &str = "/*NO LOAD BALANCE*/";

/// A condition that is always true, by a volatile function.
pub(super) const NOW: &str = "clock_timestamp() IS NOT NULL";

/// Returns the statements that replace all that is stored by a checkpoint; or, with `number`, the one that adds a record behind
/// the previous one, which has to exist.
pub(super) fn save(
    tables: &Tables,
    place: String,
    token: &LeaseToken,
    number: Option<u64>,
    bytes: &[u8],
) -> Result<Statements, Trouble> {
    let list = match number {
        None => whole(tables, token, bytes)?,
        Some(number) => vec![record(tables, token, number, bytes)?],
    };
    Ok(Statements { dialect: Dialect::Postgres, place, list })
}

fn whole(tables: &Tables, token: &LeaseToken, bytes: &[u8]) -> Result<Vec<Statement>, Trouble> {
    let Tables { jobs, records, .. } = tables;
    let insert = format!(
        "INSERT INTO {records} (job, number, record) VALUES ($1, 0, (
             SELECT $4::BYTEA FROM {jobs} WHERE job = $1 AND epoch = $2 AND holder = $3 FOR SHARE
         )) ON CONFLICT (job, number) DO UPDATE SET record = excluded.record"
    );
    let mut parameters = held(token)?;
    parameters.push(bytes.into());
    let clear = format!("DELETE FROM {records} WHERE job = $1 AND number > 0");
    Ok(vec![
        Statement { text: insert, parameters },
        Statement { text: clear, parameters: vec![token.key.as_str().into()] },
    ])
}

/// Returns the definition of the function that adds a record. The server keeps the function's plan with the connection. A
/// prepared statement would do the same, but a driver's transaction does not tell which connection it uses.
pub(super) fn function(tables: &Tables) -> String {
    let Tables { jobs, records, append, .. } = tables;
    format!(
        r"CREATE OR REPLACE FUNCTION {append}(TEXT, BIGINT, TEXT, BIGINT, BYTEA) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {records} (job, number, record) VALUES ($1, $4, (
        SELECT $5 FROM {jobs} WHERE job = $1 AND epoch = $2 AND holder = $3
        AND EXISTS (SELECT 1 FROM {records} WHERE job = $1 AND number = $4 - 1) FOR SHARE
    ));
END $$;
"
    )
}

fn record(
    tables: &Tables,
    token: &LeaseToken,
    number: u64,
    bytes: &[u8],
) -> Result<Statement, Trouble> {
    let text = format!("SELECT {}($1, $2, $3, $4, $5)", tables.append);
    let mut parameters = held(token)?;
    let number = i64::try_from(number + 1).map_err(Trouble::permanent)?;
    parameters.extend([number.into(), bytes.into()]);
    Ok(Statement { text, parameters })
}

fn held(token: &LeaseToken) -> Result<Vec<Parameter>, Trouble> {
    let epoch = i64::try_from(token.epoch).map_err(Trouble::permanent)?;
    Ok(vec![token.key.as_str().into(), epoch.into(), token.holder.as_str().into()])
}
