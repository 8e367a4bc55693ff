//! A save as statements for a connection of the program's own.
//!
//! Where the lease is not held in the database, what is selected is no row, and NULL, which the column
//! takes from nobody: so the statement fails with any driver.

use super::database::LeaseToken;
use crate::tables::Tables;
use crate::{Dialect, Statement, Statements};

/// Those that put a snapshot in place of all that is stored.
pub(super) fn whole(tables: &Tables, token: LeaseToken<'_>, snapshot: &[u8]) -> Vec<Statement> {
    let Tables { jobs, records, .. } = tables;
    let replace = format!(
        "INSERT INTO {jobs} (job, epoch, snapshot)
         VALUES (?1, (SELECT epoch FROM {jobs} WHERE job = ?1 AND epoch = ?2), ?3)
         ON CONFLICT (job) DO UPDATE SET snapshot = excluded.snapshot"
    );
    let replaced = vec![token.key.into(), token.epoch.into(), snapshot.into()];
    let clear = format!("DELETE FROM {records} WHERE job = ?1");
    vec![
        Statement { text: replace, parameters: replaced },
        Statement { text: clear, parameters: vec![token.key.into()] },
    ]
}

/// The one that puts a record behind the one before it, which has to be there.
pub(super) fn record(
    tables: &Tables,
    token: LeaseToken<'_>,
    number: i64,
    record: &[u8],
) -> Vec<Statement> {
    let Tables { jobs, records, .. } = tables;
    let text = format!(
        "INSERT INTO {records} (job, number, record) VALUES (?1, ?2, (
             SELECT ?3 FROM {jobs} WHERE job = ?1 AND epoch = ?4 AND (
                 ?2 = 0 OR EXISTS (SELECT 1 FROM {records} WHERE job = ?1 AND number = ?2 - 1)
             )
         ))"
    );
    let parameters = vec![token.key.into(), number.into(), record.into(), token.epoch.into()];
    vec![Statement { text, parameters }]
}

pub(super) fn at(place: &str, list: Vec<Statement>) -> Statements {
    Statements { dialect: Dialect::Sqlite, place: place.to_owned(), list }
}
