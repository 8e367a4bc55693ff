//! SQLite.

use rusqlite::Connection;

use super::blocking::Transactional;
use super::error::BoxError;

/// Begun as `IMMEDIATE`: one that is begun to read may be refused when it comes to write.
impl Transactional for Connection {
    fn begin(&mut self) -> Result<(), BoxError> {
        Ok(self.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        Ok(self.execute_batch("COMMIT")?)
    }

    fn rollback(&mut self) -> Result<(), BoxError> {
        // SQLite rolls some back by itself, as on a full disk.
        if self.is_autocommit() { Ok(()) } else { Ok(self.execute_batch("ROLLBACK")?) }
    }
}
