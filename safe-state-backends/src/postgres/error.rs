//! Which troubles of PostgreSQL may pass.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::network::Trouble;

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let passes = match error.code() {
            Some(code) => code_passes(code),
            None => error.is_closed() || network_failed(&error),
        };
        if passes { Trouble::passing(error) } else { Trouble::lasting(error) }
    }
}

/// By [class](https://www.postgresql.org/docs/current/errcodes-appendix.html): connections, transactions
/// in each other's way, too many connections, a server that stops or starts, a statement that took
/// too long, and a server that is not the one to write to any more.
fn code_passes(code: &SqlState) -> bool {
    let class = code.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "40")
        || [
            &SqlState::TOO_MANY_CONNECTIONS,
            &SqlState::ADMIN_SHUTDOWN,
            &SqlState::CRASH_SHUTDOWN,
            &SqlState::CANNOT_CONNECT_NOW,
            &SqlState::QUERY_CANCELED,
            &SqlState::LOCK_NOT_AVAILABLE,
            &SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(&code)
}

/// A certificate that is not believed comes as an error of the stream, as invalid data.
fn network_failed(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput);
        }
        source = cause.source();
    }
    false
}
