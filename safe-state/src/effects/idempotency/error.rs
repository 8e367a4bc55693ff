//! What can go wrong with effects that are to happen once.

use safe_state_backends::escape::Line;
use std::error::Error as StdError;
use std::io;
use std::time::SystemTime;

use safe_state_backends::{CarriedError, Error as BackendError};

/// Why an idempotency cache can't tell, or can't be told.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyError {
    /// The cache could not be stored, read or reserved.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The effect failed. It may have happened, or a part of it, and its key is in doubt.
    #[error(
        "an effect of the idempotency cache `{cache}` failed, and may have happened; \
         find out, and tell by `settle`", cache = Line(cache))]
    Effect {
        /// The cache.
        cache: String,
        /// The effect's own error.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The effect of the key was begun, and may have happened.
    #[error(
        "an effect of the idempotency cache `{cache}` was begun and may have happened; \
         find out, and tell by `settle`", cache = Line(cache))]
    InDoubt {
        /// The cache.
        cache: String,
        /// When it was begun.
        since: SystemTime,
    },
    /// There is nothing to settle: the effect of the key is done, or was never begun.
    #[error("this key of the idempotency cache `{cache}` is not in doubt", cache = Line(cache))]
    NotInDoubt {
        /// The cache.
        cache: String,
    },
    /// The effect of the key is under way in this process.
    #[error(
        "an effect of the idempotency cache `{cache}` is under way; wait for it, and do not ask within it", cache = Line(cache))]
    UnderWay {
        /// The cache.
        cache: String,
    },
    /// A key can't be stored, or is not of the type asked for.
    #[error("a key of the idempotency cache `{cache}` cannot be used: {reason}", cache = Line(cache), reason = Line(reason))]
    Key {
        /// The cache.
        cache: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What an effect came to cannot be stored, or was stored as another type.
    #[error("what an effect of the idempotency cache `{cache}` came to: {source}", cache = Line(cache))]
    Value {
        /// The cache.
        cache: String,
        /// What is wrong with it.
        source: CarriedError,
    },
    /// The thread that saves for async functions could not be started.
    #[error("cannot start the thread that saves for an async function")]
    Thread(#[source] io::Error),
}

safe_state_backends::debug_is_one_line!(IdempotencyError);
