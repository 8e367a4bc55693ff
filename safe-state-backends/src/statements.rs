//! A save as statements, which any driver can run in a transaction of the program's own.

use std::fmt;

/// What is to be saved by statements.
#[derive(Clone, Copy, Debug)]
pub enum Save<'s> {
    /// A checkpoint, in place of all that is stored.
    Whole(&'s [u8]),
    /// A record behind what the lease saved last.
    Record(&'s [u8]),
}

/// The statements that make a save, to be run one after another in one transaction of a program that
/// writes to the same database.
///
/// Each of them fails if the lease is held no more, or is not in that database; the transaction is
/// then to be rolled back. None begins or ends a transaction.
#[derive(Clone, Debug)]
pub struct Statements {
    /// The language they are in.
    pub dialect: Dialect,
    /// Which database they are for, for messages: without a password.
    pub place: String,
    /// In their order.
    pub list: Vec<Statement>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its text. The same text comes again and again: it is worth to be prepared once.
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

/// The SQL of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// That of SQLite.
    Sqlite,
    /// That of PostgreSQL.
    Postgres,
    /// That of MySQL and MariaDB.
    MySql,
}

/// How the transaction ended in which statements were run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was committed.
    Committed,
    /// It was rolled back, and nobody had tried to commit it.
    RolledBack,
    /// Nobody knows: its commit gave no answer, or an error.
    Unknown,
}

/// A save whose statements were given out, and of which nobody has said yet how it ended.
#[derive(Debug)]
#[cfg(any(feature = "sqlite", feature = "network"))]
pub(crate) struct Outstanding {
    /// The number of the record; none if it is a whole checkpoint.
    pub(crate) number: Option<u64>,
    pub(crate) bytes: Vec<u8>,
}

impl<'s> Save<'s> {
    /// The checkpoint's or the record's.
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
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
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
