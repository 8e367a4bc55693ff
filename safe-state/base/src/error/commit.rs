//! The error of a `commit!` that did not commit.

use safe_state_backends::Dialect;
use safe_state_backends::escape::Line;

/// The reason why `commit!` did not commit an item's transaction, or does not know whether it did.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The checkpoint is not in a database of the transaction's kind. The transaction was rolled back.
    #[error(
        "the transaction is one of {dialect}, and the checkpoint is in {place}; open the job with \
         `backend = ..` on the database of the transaction, which was rolled back", place = Line(place))]
    Elsewhere {
        /// The kind of the transaction's database.
        dialect: Dialect,
        /// The place where the checkpoint is stored.
        place: String,
    },
    /// The progress could not be saved in the transaction, which was rolled back. A transaction in another database lacks the
    /// tables or the lease's row. So does a node of a cluster that has not yet applied what another has written; then the item
    /// is done again. MariaDB and SQLite end a transaction by themselves after some errors; an item that passes over such an
    /// error is not committed.
    #[error(
        "the transaction refused to save the item's progress, and was rolled back; it has to be one in \
         `{place}`, where the checkpoint is, and open until `commit!`: in some databases a deadlock, or a statement such \
         as CREATE TABLE, ends it", place = Line(place))]
    Refused {
        /// The place where the checkpoint is stored.
        place: String,
    },
    /// The transaction failed at its end, and had no effect.
    #[error("the transaction was not committed")]
    NotCommitted,
    /// The item is complete already: it was committed before.
    #[error(
        "this item has been committed before, and `commit!` completes it; put what belongs together into \
         one transaction, which was rolled back"
    )]
    Again,
    /// It is unknown whether the transaction was committed: the database did not answer, or the future that committed was
    /// dropped. The run saves nothing more.
    #[error(
        "it is not known whether the last transaction was committed; run the job again, which finds out"
    )]
    InDoubt,
}

safe_state_backends::debug_is_one_line!(CommitError);
