//! A commit under way: it makes the item complete, or leaves it as it was.

use crate::progress::Before;

/// The state of the last commit of an item.
#[derive(Debug, Default)]
pub(crate) enum Commit {
    /// The item in flight has not been committed.
    #[default]
    None,
    /// The record is made, but the program has not yet been given the statements to run. The progress before is kept,
    /// to be put back if the commit fails.
    Prepared(Box<Before>),
    /// The program has been given the statements, and has not said how the transaction ended.
    UnderWay(Box<Before>),
    /// The item is committed and complete, and its body has not ended.
    Made,
}

impl Commit {
    /// Returns whether a commit was prepared or under way, and nobody has said how it ended.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self, Commit::Prepared(_) | Commit::UnderWay(_))
    }

    /// Begins a commit. `before` is the progress before it.
    pub(crate) fn prepare(&mut self, before: Before) {
        *self = Commit::Prepared(Box::new(before));
    }

    /// Notes that the program has been given the statements to run in the transaction.
    pub(crate) fn give(&mut self) {
        *self = match std::mem::take(self) {
            Commit::Prepared(before) => Commit::UnderWay(before),
            other => other,
        };
    }

    /// Ends the commit: the item is complete.
    pub(crate) fn made(&mut self) {
        *self = Commit::Made;
    }

    /// Returns whether the item whose body has just ended was committed before its end, and forgets that.
    pub(crate) fn take_made(&mut self) -> bool {
        let is_made = matches!(self, Commit::Made);
        if is_made {
            *self = Commit::None;
        }
        is_made
    }

    /// Ends a commit that failed. Returns the progress before it.
    pub(crate) fn take_back(&mut self) -> Option<Before> {
        match std::mem::take(self) {
            Commit::Prepared(before) | Commit::UnderWay(before) => Some(*before),
            Commit::None | Commit::Made => None,
        }
    }

    /// Ends a commit whose transaction has not been given the statements: it certainly has not saved anything. The
    /// caller has the run to itself, so the future of the commit has been dropped.
    pub(crate) fn take_back_prepared(&mut self) -> Option<Before> {
        if matches!(self, Commit::Prepared(_)) { self.take_back() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;

    #[test]
    fn a_commit_is_in_doubt_until_it_has_ended() {
        let mut commit = Commit::default();
        assert!(!commit.is_in_doubt() && !commit.take_made());
        commit.prepare(Progress::default().before());
        assert!(commit.is_in_doubt());
        commit.give();
        assert!(commit.is_in_doubt() && commit.take_back_prepared().is_none());
        commit.made();
        assert!(!commit.is_in_doubt() && commit.take_made() && !commit.take_made());
    }

    #[test]
    fn a_commit_that_was_given_to_nobody_leaves_no_doubt() {
        let mut commit = Commit::default();
        commit.prepare(Progress::default().before());
        assert!(commit.take_back_prepared().is_some());
        assert!(!commit.is_in_doubt() && commit.take_back().is_none());
    }
}
