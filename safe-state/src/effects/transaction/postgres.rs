//! Connections of PostgreSQL, by the blocking driver.

use postgres::Client;

use super::blocking::Transactional;
use super::error::BoxError;

impl Transactional for Client {
    fn begin(&mut self) -> Result<(), BoxError> {
        Ok(self.batch_execute("BEGIN")?)
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        // `COMMIT` rolls a transaction back without an error if a statement in it has failed. Any other statement in it
        // is an error.
        Ok(self.batch_execute("SELECT 1; COMMIT")?)
    }

    fn rollback(&mut self) -> Result<(), BoxError> {
        Ok(self.batch_execute("ROLLBACK")?)
    }
}
