//! Which troubles of MySQL may pass.

use std::io::ErrorKind;

use mysql_async::{DriverError, Error, IoError};

use crate::network::Trouble;

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let passes = match &error {
            Error::Server(server) => PASSING.contains(&server.code),
            Error::Io(IoError::Io(error)) => {
                // A certificate that is not believed comes as invalid data.
                !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput)
            }
            Error::Driver(error) => matches!(error, DriverError::ConnectionClosed),
            _ => false,
        };
        if passes { Trouble::transient(error) } else { Trouble::permanent(error) }
    }
}

/// By [code](https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html).
#[rustfmt::skip]
const PASSING: [u16; 22] = [
    // Too many connections, all in all and of this user.
    1040, 1203,
    // A server that stops, or whose own connections break; a connection that was killed.
    1053, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927,
    // Two transactions in each other's way.
    1020, 1205, 1213,
    // A node of a cluster without a majority, or that has not yet caught up; and a commit that was under way then.
    1047, 1180,
    // A statement that took too long.
    1969, 3024,
    // A server that is not the one to write to any more.
    1290, 1792, 1836,
];
