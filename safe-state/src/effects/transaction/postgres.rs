//! PostgreSQL.

use postgres::Client;

use super::blocking::Transactional;
use super::error::BoxError;

impl Transactional for Client {
    fn begin(&mut self) -> Result<(), BoxError> {
        Ok(self.batch_execute("BEGIN")?)
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        // A transaction in which a statement has failed is rolled back by `COMMIT`, without an error;
        // any other statement in it is one.
        Ok(self.batch_execute("SELECT 1; COMMIT")?)
    }

    fn rollback(&mut self) -> Result<(), BoxError> {
        Ok(self.batch_execute("ROLLBACK")?)
    }
}
