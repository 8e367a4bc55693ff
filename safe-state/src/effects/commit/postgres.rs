//! Transactions of PostgreSQL, by its driver that blocks and its async one.

use postgres::types::{ToSql, Type};
use safe_state_backends::{Dialect, Parameter, Statement};
use safe_state_servers::tokio_postgres;

use super::committing::BoxError;
use super::{AsyncTransaction, Transaction};

/// Returns the parameters with their types: with types given, a statement takes one round trip without being prepared.
fn typed(parameters: &[Parameter]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    let typed = parameters.iter().map(|parameter| match parameter {
        Parameter::Integer(value) => (value as &(dyn ToSql + Sync), Type::INT8),
        Parameter::Text(value) => (value as _, Type::TEXT),
        Parameter::Bytes(value) => (value as _, Type::BYTEA),
    });
    typed.collect()
}

/// Takes any transaction that is the connection's outermost, and none within another.
impl Transaction for postgres::Transaction<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        self.execute_typed(&statement.text, &typed(&statement.parameters))?;
        Ok(())
    }

    fn commit(self) -> Result<(), BoxError> {
        Ok(self.commit()?)
    }

    fn rollback(self) -> Result<(), BoxError> {
        Ok(self.rollback()?)
    }
}

/// Takes any transaction that is the connection's outermost, and none within another.
impl AsyncTransaction for tokio_postgres::Transaction<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        self.execute_typed(&statement.text, &typed(&statement.parameters)).await?;
        Ok(())
    }

    async fn commit(self) -> Result<(), BoxError> {
        Ok(self.commit().await?)
    }

    async fn rollback(self) -> Result<(), BoxError> {
        Ok(self.rollback().await?)
    }
}
