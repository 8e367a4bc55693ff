//! A save in the form of statements, for a connection of the program's own.
//!
//! If the lease is not held in the database, the subquery selects no row, and so NULL, which the column does not accept: so the
//! statement fails with any driver, and in any mode of the server, as it inserts a single row. The lease's row is locked until
//! the transaction ends, so that nobody takes the lease over meanwhile.
//!
//! In MariaDB, the subquery selects no row either if no transaction is open. A deadlock, or a statement such as CREATE TABLE, has
//! then ended the program's transaction, and an item that passed over the error would be saved without its rows. MySQL, which
//! does not read `/*M! .. */`, has no variable that tells.

use crate::network::{LeaseToken, Trouble};
use safe_state_backends::tables::Tables;
use safe_state_backends::{Dialect, Parameter, Statement, Statements};

/// Returns the statements that replace all that is stored by a checkpoint; or, with `number`, the one that adds a record.
pub(super) fn save(
    tables: &Tables,
    place: String,
    token: &LeaseToken,
    number: Option<u64>,
    bytes: &[u8],
) -> Result<Statements, Trouble> {
    let Tables { jobs, records, .. } = tables;
    let key = || token.key.as_str().into();
    let stored = number.map_or(Ok(0), |number| i64::try_from(number + 1));
    let stored = stored.map_err(Trouble::permanent)?;
    // The bytes come as digits: the program's connection may convert what it sends from one character set to another
    // (`collation_connection`), and drivers send bytes as text.
    let insert = format!(
        "INSERT INTO {records} (job, number, record) VALUES (?, ?, (
             SELECT UNHEX(?) FROM {jobs} WHERE job = ? AND epoch = ? AND holder = ? /*M! AND @@in_transaction = 1 */
             LOCK IN SHARE MODE
         )){}",
        if number.is_none() { " ON DUPLICATE KEY UPDATE record = VALUES(record)" } else { "" }
    );
    let mut parameters = vec![key(), stored.into(), hex(bytes).as_str().into()];
    parameters.extend(held(token)?);
    let mut list = vec![Statement { text: insert, parameters }];
    if number.is_none() {
        let clear = format!("DELETE FROM {records} WHERE job = ? AND number > 0");
        list.push(Statement { text: clear, parameters: vec![key()] });
    }
    Ok(Statements { dialect: Dialect::MySql, place, list })
}

/// Returns the statement that changes the lease's row, if it is held. In a Galera cluster, nodes compare what transactions have
/// written. A transaction that only read the row would be committed although another node has given the lease away.
pub(super) fn fence(tables: &Tables, token: &LeaseToken) -> Result<Statement, Trouble> {
    let text = format!(
        "UPDATE {} SET ends = ends + INTERVAL 1 MICROSECOND WHERE job = ? AND epoch = ? AND holder = ?",
        tables.jobs
    );
    Ok(Statement { text, parameters: held(token)?.into() })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn held(token: &LeaseToken) -> Result<[Parameter; 3], Trouble> {
    let epoch = i64::try_from(token.epoch).map_err(Trouble::permanent)?;
    Ok([token.key.as_str().into(), epoch.into(), token.holder.as_str().into()])
}
