//! The errors of `transaction!`.

use std::error::Error as StdError;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// The outcome of the body: its result or its panic.
#[doc(hidden)]
pub type Attempt<T> = std::thread::Result<Result<T, BoxError>>;

/// Why a transaction was not, or not wholly, committed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The body failed, and all connections were rolled back.
    #[error("the transaction failed, and was rolled back")]
    Body(#[source] BoxError),
    /// A transaction could not be begun. Nothing was done.
    #[error("cannot begin a transaction on `{connection}`; nothing was done")]
    Begin {
        /// The connection's name in the code.
        connection: &'static str,
        /// The driver's error.
        source: BoxError,
    },
    /// A commit failed. That connection and those after it were rolled back, unless the commit happened and only its
    /// answer was lost.
    #[error("cannot commit on `{connection}`; {}", already(committed))]
    Commit {
        /// The connection's name in the code.
        connection: &'static str,
        /// The names of the connections that were committed before it, in order.
        committed: Vec<&'static str>,
        /// The driver's error.
        source: BoxError,
    },
}

safe_state_backends::debug_is_one_line!(TransactionError);

fn already(committed: &[&str]) -> String {
    if committed.is_empty() {
        return "nothing was committed before it".to_owned();
    }
    let names: Vec<String> = committed.iter().map(|name| format!("`{name}`")).collect();
    format!("already committed: {}", names.join(", "))
}

/// Reports a connection that could not be rolled back.
pub(super) fn not_rolled_back(connection: &str, error: &BoxError) {
    tracing::warn!(target: "safe_state", connection, error, "cannot roll back");
}
