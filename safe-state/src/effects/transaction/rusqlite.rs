//! Connections of SQLite.

use rusqlite::Connection;

use super::blocking::Transactional;
use super::error::BoxError;

/// Begins a transaction as `IMMEDIATE`, as one that begins with a read may be refused when it first writes.
impl Transactional for Connection {
    fn begin(&mut self) -> Result<(), BoxError> {
        Ok(self.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        Ok(self.execute_batch("COMMIT")?)
    }

    fn rollback(&mut self) -> Result<(), BoxError> {
        // SQLite rolls back by itself in some cases, such as a full disk.
        if self.is_autocommit() { Ok(()) } else { Ok(self.execute_batch("ROLLBACK")?) }
    }
}
