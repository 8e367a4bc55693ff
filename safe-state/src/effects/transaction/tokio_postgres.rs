//! Connections of PostgreSQL, by the async driver.

use std::pin::pin;
use std::task::{Context, Waker};

use safe_state_servers::tokio_postgres::Client;

use super::awaited::AsyncTransactional;
use super::error::BoxError;

impl AsyncTransactional for Client {
    async fn begin(&mut self) -> Result<(), BoxError> {
        Ok(self.batch_execute("BEGIN").await?)
    }

    async fn commit(&mut self) -> Result<(), BoxError> {
        // `COMMIT` alone rolls a transaction back without an error if a statement in it has failed. `SELECT 1` is an
        // error then.
        Ok(self.batch_execute("SELECT 1; COMMIT").await?)
    }

    async fn rollback(&mut self) -> Result<(), BoxError> {
        Ok(self.batch_execute("ROLLBACK").await?)
    }

    /// Polls the statement once, which sends it, after the statements sent before.
    fn abandon(&mut self) {
        let rollback = pin!(self.batch_execute("ROLLBACK"));
        let _ = rollback.poll(&mut Context::from_waker(Waker::noop()));
    }
}
