//! Transactions of SQLite, by `rusqlite`.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{ToSql, params_from_iter};
use safe_state_backends::{Dialect, Parameter, Statement};

use super::Transaction;
use super::committing::{BoxError, Over};

/// Takes any transaction that is the connection's outermost, [`unchecked`](rusqlite::Connection::unchecked_transaction)
/// or not. A `Savepoint` is none: the transaction around it may be rolled back.
impl Transaction for rusqlite::Transaction<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        if self.is_autocommit() {
            return Err(Over.into());
        }
        let values = statement.parameters.iter().map(Borrowed);
        self.prepare_cached(&statement.text)?.execute(params_from_iter(values))?;
        Ok(())
    }

    fn commit(self) -> Result<(), BoxError> {
        Ok(self.commit()?)
    }

    fn rollback(self) -> Result<(), BoxError> {
        Ok(self.rollback()?)
    }
}

struct Borrowed<'p>(&'p Parameter);

impl ToSql for Borrowed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Parameter::Integer(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Parameter::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Parameter::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
        })
    }
}
