//! What may become of a transaction.

use std::error::Error as StdError;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// What became of the body.
#[doc(hidden)]
pub type Attempt<T> = std::thread::Result<Result<T, BoxError>>;

/// Why a transaction did not come to be.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The body failed, and all was rolled back.
    #[error("the transaction failed, and was rolled back")]
    Body(#[source] BoxError),
    /// A transaction could not be begun. Nothing was done.
    #[error("cannot begin a transaction on `{connection}`; nothing was done")]
    Begin {
        /// The connection's name in the code.
        connection: &'static str,
        /// The connection's own error.
        source: BoxError,
    },
    /// A commit failed. That connection and those after it were rolled back, if the failure was not in
    /// telling that it was committed.
    #[error("cannot commit on `{connection}`; {}", already(committed))]
    Commit {
        /// The connection's name in the code.
        connection: &'static str,
        /// Those that were committed before it, in order.
        committed: Vec<&'static str>,
        /// The connection's own error.
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

/// Tells of a connection that could not be rolled back.
pub(super) fn not_rolled_back(connection: &str, error: &BoxError) {
    tracing::warn!(target: "safe_state", connection, error, "cannot roll back");
}
