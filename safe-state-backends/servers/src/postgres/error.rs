//! The troubles of PostgreSQL, and which of them may pass.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::network::Trouble;

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        if let Some(reason) = pooler(&error) {
            return Trouble::permanent(Pooled { reason, source: error });
        }
        let passes = match error.code() {
            Some(code) => code_passes(code),
            None => error.is_closed() || is_out_of_step(&error) || network_failed(&error),
        };
        if passes { Trouble::transient(error) } else { Trouble::permanent(error) }
    }
}

/// The error of a pooler between this program and the server that refuses something.
#[derive(Debug, thiserror::Error)]
#[error("a pooler, as PgBouncer is one, seems to be between this and the server: {reason}")]
struct Pooled {
    reason: &'static str,
    source: Error,
}

/// Returns what to do about a pooler; `None` if the error does not come from one.
fn pooler(error: &Error) -> Option<&'static str> {
    let error = error.as_db_error()?;
    let says = |text| error.message().contains(text);
    match () {
        () if says("statement pooling mode") => Some(
            "it takes no transactions (`pool_mode = statement`), by which a job is taken and its items are committed; \
             let it pool transactions or sessions (`pool_mode = transaction`), or connect to the server itself",
        ),
        () if says("unsupported startup parameter") => Some(
            "it takes no such parameter when a connection begins; name the parameter in its \
             `ignore_startup_parameters`, leave it out of the URL, or connect to the server itself",
        ),
        () => None,
    }
}

/// The codes by which a server ends a connection: idle in a transaction, a transaction that took too long, and idle.
const TIMED_OUT: [&str; 3] = ["25P03", "25P04", "57P05"];

/// Returns whether an error may pass, by its [class](https://www.postgresql.org/docs/current/errcodes-appendix.html):
/// connections, transactions in each other's way, too many connections, a server that stops or starts, a statement that took
/// too long, and a server that no longer accepts writes.
fn code_passes(code: &SqlState) -> bool {
    let class = code.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "40")
        || TIMED_OUT.contains(&code.code())
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

/// Returns whether the server's answer was to something else. A pooler may give a connection on which an answer to its last
/// client is still to come; another connection has none. `tokio_postgres` (0.7) tells no kind of such an error, which has neither
/// a code nor a cause. Of the others without either, a time limit may pass as well, and wrong columns or parameters of a
/// statement would be a fault of this crate.
fn is_out_of_step(error: &Error) -> bool {
    error.source().is_none()
}

/// Returns whether the network failed. A certificate that is not trusted comes as an I/O error too, with the kind of invalid
/// data, and does not count.
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::Trouble;
    use safe_state_backends::Backend;

    use crate::PostgresBackend;

    /// Starts a server that answers one connection in this way, and returns its URL.
    fn answering(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            stream.write_all(&answer).unwrap();
        });
        format!("postgres://me@127.0.0.1:{port}/jobs?sslmode=disable")
    }

    /// Returns the message that a user sees if a server answers with this error.
    fn told(code: &str, message: &str) -> String {
        let mut fields = Vec::new();
        for (kind, text) in [("S", "ERROR"), ("V", "ERROR"), ("C", code), ("M", message)] {
            fields.extend([kind.as_bytes(), text.as_bytes(), b"\0"].concat());
        }
        fields.push(0);
        let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
        let url = answering([b"E".as_slice(), &length, &fields].concat());
        let error = PostgresBackend::new(&url).unwrap().load("job").unwrap_err();
        let mut text = error.to_string();
        let mut next = std::error::Error::source(&error);
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        text
    }

    #[test]
    fn an_answer_to_something_else_is_not_the_end() {
        let url = answering([b"Z".as_slice(), &5_u32.to_be_bytes(), b"I"].concat());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connecting = tokio_postgres::connect(&url, tokio_postgres::NoTls);
        let error = runtime.block_on(connecting).err().unwrap();
        assert_eq!(error.to_string(), "unexpected message from server");
        assert!(matches!(error.into(), Trouble::Transient(_)));
    }

    #[test]
    fn a_pooler_is_named_with_what_to_set() {
        for (code, message, advice) in [
            (
                "08P01",
                "transaction blocks not allowed in statement pooling mode",
                "pool_mode = transaction",
            ),
            ("08P01", "unsupported startup parameter: options", "ignore_startup_parameters"),
            ("08P01", "unsupported startup parameter in options: x", "ignore_startup_parameters"),
        ] {
            let text = told(code, message);
            assert!(text.contains("a pooler") && text.contains(advice), "{text}");
            assert!(text.contains(message), "{text}");
        }
        let other = told("3D000", "database \"jobs\" does not exist");
        assert!(!other.contains("pooler") && other.contains("does not exist"), "{other}");
    }
}
