//! The errors of effects that are to happen once.

use safe_state_backends::escape::Line;
use std::error::Error as StdError;
use std::io;
use std::time::SystemTime;

use safe_state_backends::{CarriedError, Error as BackendError};

/// An error of an idempotency cache.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyError {
    /// The cache could not be stored, read or leased.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The effect failed. It may have happened, as a whole or in part, and its key is in doubt.
    #[error(
        "an effect of the idempotency cache `{cache}` failed, and may have happened; \
         find out, and tell by `settle`", cache = Line(cache))]
    Effect {
        /// The name of the cache.
        cache: String,
        /// The error of the effect itself.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The effect of the key was begun, and may have happened.
    #[error(
        "an effect of the idempotency cache `{cache}` was begun and may have happened; \
         find out, and tell by `settle`", cache = Line(cache))]
    InDoubt {
        /// The name of the cache.
        cache: String,
        /// The time at which the effect was begun.
        since: SystemTime,
    },
    /// The key is not in doubt: its effect is done, or was never begun.
    #[error("this key of the idempotency cache `{cache}` is not in doubt", cache = Line(cache))]
    NotInDoubt {
        /// The name of the cache.
        cache: String,
    },
    /// The effect of the key is under way in this process.
    #[error(
        "an effect of the idempotency cache `{cache}` is under way; wait for it, and do not ask within it", cache = Line(cache))]
    UnderWay {
        /// The name of the cache.
        cache: String,
    },
    /// A key can't be stored, or is not of the type asked for.
    #[error("a key of the idempotency cache `{cache}` cannot be used: {reason}", cache = Line(cache), reason = Line(reason))]
    Key {
        /// The name of the cache.
        cache: String,
        /// The reason why the key can't be used.
        reason: String,
    },
    /// The result of an effect cannot be stored, or was stored as another type.
    #[error("what an effect of the idempotency cache `{cache}` came to: {source}", cache = Line(cache))]
    Value {
        /// The name of the cache.
        cache: String,
        /// The reason why the result can't be used.
        source: CarriedError,
    },
    /// The thread that saves for async functions could not be started.
    #[error("cannot start the thread that saves for an async function")]
    Thread(#[source] io::Error),
}

safe_state_backends::debug_is_one_line!(IdempotencyError);
