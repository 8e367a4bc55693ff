//! PostgreSQL, by its async driver.

use std::pin::pin;
use std::task::{Context, Waker};

use safe_state_backends::tokio_postgres::Client;

use super::awaited::AsyncTransactional;
use super::error::BoxError;

impl AsyncTransactional for Client {
    async fn begin(&mut self) -> Result<(), BoxError> {
        Ok(self.batch_execute("BEGIN").await?)
    }

    async fn commit(&mut self) -> Result<(), BoxError> {
        // As with the blocking driver: else one in which a statement has failed would be rolled back
        // without an error.
        Ok(self.batch_execute("SELECT 1; COMMIT").await?)
    }

    async fn rollback(&mut self) -> Result<(), BoxError> {
        Ok(self.batch_execute("ROLLBACK").await?)
    }

    /// Polled once, the statement is on its way, behind what was sent before.
    fn abandon(&mut self) {
        let rollback = pin!(self.batch_execute("ROLLBACK"));
        let _ = rollback.poll(&mut Context::from_waker(Waker::noop()));
    }
}
