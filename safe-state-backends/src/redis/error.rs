//! Which troubles of Redis may pass.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{ErrorKind, RedisError};

use crate::network::Trouble;

type SharedError = Arc<dyn StdError + Send + Sync>;

/// What a server answers that will answer otherwise: one that starts, runs another's script, is no master any
/// more, has too few replicas, or is of a cluster that moves the keys, or has lost some nodes.
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

/// Whether an error has that code; servers before 7 have it in the text, where a script came by it.
fn says(error: &RedisError, word: &str) -> bool {
    let in_a_script = || error.detail().is_some_and(|text| text.contains(&format!("-{word} ")));
    error.code() == Some(word) || in_a_script()
}

/// A key was moved between the question whether it is there and the script's command.
fn is_of_a_move(error: &RedisError) -> bool {
    error.detail().is_some_and(|text| text.contains("non local key"))
}

/// Whether a server says that it can't tell what it has synced: it is too old, or syncs nothing.
pub(super) fn tells_no_syncs(error: &RedisError) -> bool {
    let text = error.detail().unwrap_or_default().to_ascii_lowercase();
    text.contains("unknown command") || text.contains("appendonly is disabled")
}

/// Whether a server says that it is a replica, where it was the master.
pub(super) fn is_a_replicas(error: &RedisError) -> bool {
    error.detail().is_some_and(|text| text.contains("replica instances"))
}

/// What an error is, of an operation that may take so long.
pub(super) fn trouble(error: RedisError, limit: Duration) -> Trouble {
    if error.is_timeout() {
        return Trouble::no_answer(limit);
    }
    let may_pass = match error.kind() {
        ErrorKind::Io => !is_about_certificates(&error),
        // What a broken connection has left of an answer.
        ErrorKind::Parse => true,
        _ => PASSING.iter().any(|word| says(&error, word)) || is_of_a_move(&error),
    };
    if may_pass { Trouble::transient(error) } else { Trouble::permanent(error) }
}

fn is_about_certificates(error: &RedisError) -> bool {
    // The driver's source is the pointer, not what it leads to.
    let source = error.source().and_then(<dyn StdError>::downcast_ref::<SharedError>);
    let source = source.and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::InvalidData)
}
