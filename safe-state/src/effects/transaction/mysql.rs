//! Connections of MySQL and MariaDB.

use mysql::Conn;
use mysql::prelude::Queryable;

use super::blocking::Transactional;
use super::error::BoxError;

/// Statements that change tables commit by themselves; keep them out of the transaction.
impl Transactional for Conn {
    fn begin(&mut self) -> Result<(), BoxError> {
        Ok(self.query_drop("START TRANSACTION")?)
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        Ok(self.query_drop("COMMIT")?)
    }

    fn rollback(&mut self) -> Result<(), BoxError> {
        Ok(self.query_drop("ROLLBACK")?)
    }
}
