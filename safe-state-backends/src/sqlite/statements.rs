//! A save in the form of statements, for a connection of the program's own.
//!
//! If the lease is not held in the database, the subquery selects no row, and so NULL, which the column does not accept: so the
//! statement fails with any driver.

use super::database::LeaseToken;
use crate::tables::Tables;
use crate::{Dialect, Statement, Statements};

/// Returns the statements that replace all that is stored by a snapshot.
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

/// Returns the statement that adds a record behind the previous one, which has to exist.
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
