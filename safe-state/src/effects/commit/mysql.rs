//! Transactions of MySQL and MariaDB, by the driver that blocks and an async one.

use mysql::prelude::Queryable;
use safe_state_backends::{Dialect, Parameter, Statement};
use safe_state_servers::mysql_async;

use super::committing::BoxError;
use super::{AsyncTransaction, Transaction};

impl Transaction for mysql::Transaction<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        let value = |parameter: &Parameter| match parameter {
            Parameter::Integer(value) => mysql::Value::from(*value),
            Parameter::Text(value) => mysql::Value::from(value),
            Parameter::Bytes(value) => mysql::Value::from(value),
        };
        let values: Vec<_> = statement.parameters.iter().map(value).collect();
        Ok(self.exec_drop(&statement.text, values)?)
    }

    fn commit(self) -> Result<(), BoxError> {
        Ok(self.commit()?)
    }

    fn rollback(self) -> Result<(), BoxError> {
        Ok(self.rollback()?)
    }
}

impl AsyncTransaction for mysql_async::Transaction<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    async fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        let value = |parameter: &Parameter| match parameter {
            Parameter::Integer(value) => mysql_async::Value::from(*value),
            Parameter::Text(value) => mysql_async::Value::from(value),
            Parameter::Bytes(value) => mysql_async::Value::from(value),
        };
        let values: Vec<_> = statement.parameters.iter().map(value).collect();
        Ok(mysql_async::prelude::Queryable::exec_drop(self, &statement.text, values).await?)
    }

    async fn commit(self) -> Result<(), BoxError> {
        Ok(self.commit().await?)
    }

    async fn rollback(self) -> Result<(), BoxError> {
        Ok(self.rollback().await?)
    }
}
