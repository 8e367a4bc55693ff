//! A save in the form of statements, which any driver can run in a transaction of the program's own.

use std::fmt;

/// The bytes that the statements save.
#[derive(Clone, Copy, Debug)]
pub enum Save<'s> {
    /// A checkpoint, which replaces all that is stored.
    Whole(&'s [u8]),
    /// A record, which is added behind what the lease saved last.
    Record(&'s [u8]),
}

/// The statements that make a save. A program that writes to the same database runs them one after another in one transaction.
///
/// Each statement fails if the lease is no longer held, or is not in that database; the program then has to roll the
/// transaction back. No statement begins or ends a transaction.
#[derive(Clone, Debug)]
pub struct Statements {
    /// The SQL dialect of the statements.
    pub dialect: Dialect,
    /// The database that the statements are for, for messages. It contains no password.
    pub place: String,
    /// The statements, in the order in which they have to run.
    pub list: Vec<Statement>,
}

/// One statement of a save.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text. It is the same for each save, so it is worth preparing once.
    pub text: String,
    /// The values for `?1`, `$1` and so on; for MySQL, for each `?` in turn.
    pub parameters: Vec<Parameter>,
}

/// A value for a statement.
#[derive(Clone, Debug)]
pub enum Parameter {
    /// A 64-bit integer.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes: a `BLOB`, or `BYTEA`.
    Bytes(Vec<u8>),
}

/// An SQL dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// The SQL of SQLite.
    Sqlite,
    /// The SQL of PostgreSQL.
    Postgres,
    /// The SQL of MySQL and MariaDB.
    MySql,
}

/// The end of the transaction in which the statements ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The transaction was committed.
    Committed,
    /// The transaction was rolled back, and nobody had tried to commit it.
    RolledBack,
    /// The end is unknown: the commit gave no answer, or an error.
    Unknown,
}

/// A save whose statements were given out, and whose end was not reported yet.
#[derive(Debug)]
pub struct Outstanding {
    /// The number of the record; `None` for a whole checkpoint.
    pub number: Option<u64>,
    /// The bytes that the statements save.
    pub bytes: Vec<u8>,
}

impl<'s> Save<'s> {
    /// Returns the bytes of the checkpoint or the record.
    pub fn bytes(self) -> &'s [u8] {
        match self {
            Save::Whole(bytes) | Save::Record(bytes) => bytes,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MySQL",
        })
    }
}

macro_rules! from {
    ($ty:ty => $parameter:expr) => {
        impl From<$ty> for Parameter {
            fn from(value: $ty) -> Self {
                $parameter(value.into())
            }
        }
    };
}

from!(i64 => Parameter::Integer);
from!(&str => Parameter::Text);
from!(&[u8] => Parameter::Bytes);
