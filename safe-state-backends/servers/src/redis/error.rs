//! The troubles of Redis, and which of them may pass.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{ErrorKind, RedisError};

use crate::network::Trouble;

type SharedError = Arc<dyn StdError + Send + Sync>;

/// The codes of errors that may pass: the server starts, runs another's script, is no longer the master, has too few replicas,
/// or is in a cluster that moves the keys, or has lost some nodes.
const PASSING: [&str; 9] = [
    "LOADING",
    "BUSY",
    "READONLY",
    "MASTERDOWN",
    "NOREPLICAS",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MOVED",
    "UNBLOCKED",
];

/// Returns whether an error has the code `word`. Servers before 7 put it into the text, if a script caused it.
fn says(error: &RedisError, word: &str) -> bool {
    let in_a_script = || error.detail().is_some_and(|text| text.contains(&format!("-{word} ")));
    error.code() == Some(word) || in_a_script()
}

/// Returns whether a key was moved between the check that it exists and the script's command.
fn is_of_a_move(error: &RedisError) -> bool {
    error.detail().is_some_and(|text| text.contains("non local key"))
}

/// Returns whether a server says that it can't tell what it has synced, as it is too old, or syncs nothing.
pub(super) fn tells_no_syncs(error: &RedisError) -> bool {
    let text = error.detail().unwrap_or_default().to_ascii_lowercase();
    text.contains("unknown command") || text.contains("appendonly is disabled")
}

/// Returns whether a server says that it is a replica, and so no longer the master.
pub(super) fn is_a_replicas(error: &RedisError) -> bool {
    error.detail().is_some_and(|text| text.contains("replica instances"))
}

/// Converts an error of an operation that has the time limit `limit`.
pub(super) fn trouble(error: RedisError, limit: Duration) -> Trouble {
    if error.is_timeout() {
        return Trouble::no_answer(limit);
    }
    if error.detail().is_some_and(|text| text.contains("invalid bulk length")) {
        return Trouble::permanent(TooLong(error));
    }
    let may_pass = match error.kind() {
        ErrorKind::Io => !is_about_certificates(&error),
        // A broken connection may leave a part of an answer.
        ErrorKind::Parse => true,
        _ => PASSING.iter().any(|word| says(&error, word)) || is_of_a_move(&error),
    };
    if may_pass { Trouble::transient(error) } else { Trouble::permanent(error) }
}

/// The error of a server that closes a connection as soon as it is asked something.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server closed the connection as it began; if a proxy that knows only some commands is between (twemproxy), \
     name the server itself"
)]
struct Closed(#[source] RedisError);

/// Converts an error of a connection that begins.
pub(super) fn trouble_at_first(error: RedisError, limit: Duration) -> Trouble {
    let source = error.source().and_then(<dyn StdError>::downcast_ref::<SharedError>);
    let source = source.and_then(|source| source.downcast_ref::<io::Error>());
    if source.is_some_and(|source| source.kind() == io::ErrorKind::UnexpectedEof) {
        return Trouble::transient(Closed(error));
    }
    trouble(error, limit)
}

/// The error of a value that is longer than the server accepts.
#[derive(Debug, thiserror::Error)]
#[error("what is to be saved is longer than the server accepts; raise its `proto-max-bulk-len`")]
struct TooLong(#[source] RedisError);

fn is_about_certificates(error: &RedisError) -> bool {
    // The driver's source is a shared pointer to the error.
    let source = error.source().and_then(<dyn StdError>::downcast_ref::<SharedError>);
    let source = source.and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::InvalidData)
}
