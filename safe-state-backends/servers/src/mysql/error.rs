//! The troubles of MySQL, and which of them may pass.

use std::io::ErrorKind;

use mysql_async::{DriverError, Error, IoError};

use crate::network::Trouble;

/// The error of a statement that is longer than the server accepts.
#[derive(Debug, thiserror::Error)]
#[error(
    "what is to be saved is longer than the server accepts in one statement; raise its `max_allowed_packet`"
)]
struct TooLong(#[source] Error);

/// The server's error of a statement that is too long.
const PACKET_TOO_LARGE: u16 = 1153;

fn is_too_long(error: &Error) -> bool {
    match error {
        Error::Server(server) => server.code == PACKET_TOO_LARGE,
        // The driver, which asks the server for the limit, tells it in no other way.
        Error::Io(error) => error.to_string().contains("larger than max_allowed_packet"),
        _ => false,
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        if is_too_long(&error) {
            return Trouble::permanent(TooLong(error));
        }
        let passes = match &error {
            Error::Server(server) => PASSING.contains(&server.code),
            Error::Io(IoError::Io(error)) => {
                // A certificate that is not trusted comes as invalid data.
                !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput)
            }
            Error::Driver(error) => matches!(error, DriverError::ConnectionClosed),
            _ => false,
        };
        if passes { Trouble::transient(error) } else { Trouble::permanent(error) }
    }
}

/// The [codes](https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html) of errors that may pass.
#[rustfmt::skip]
const PASSING: [u16; 22] = [
    // Too many connections, in total and of this user.
    1040, 1203,
    // The server stops, or its own connections break; or this connection was killed.
    1053, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927,
    // Two transactions are in each other's way.
    1020, 1205, 1213,
    // A node of a cluster has no majority, or has not caught up yet; or a commit was under way then.
    1047, 1180,
    // A statement took too long.
    1969, 3024,
    // The server no longer accepts writes.
    1290, 1792, 1836,
];
