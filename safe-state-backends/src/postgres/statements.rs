//! A save as statements for a connection of the program's own.
//!
//! Where the lease is not held in the database, what is selected is no row, and NULL, which the column
//! takes from nobody: so the statement fails with any driver. The row of the lease is locked until the
//! transaction ends, so that nobody takes the lease over meanwhile.

use crate::network::{LeaseToken, Trouble};
use crate::tables::Tables;
use crate::{Dialect, Parameter, Statement, Statements};

/// Those that put a checkpoint in place of all that is stored; or that put a record behind the one
/// before it, which has to be there.
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

/// The function that puts a record behind the one before it. Its plan is kept with the connection, and
/// a driver's transaction does not tell which connection that is, for which a statement could be kept.
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
