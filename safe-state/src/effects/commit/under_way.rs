//! A commit under way: the item is complete with it, or as it was.

use crate::progress::Before;

/// The last commit of an item.
#[derive(Debug, Default)]
pub(crate) enum Commit {
    /// There was none of the item in flight.
    #[default]
    None,
    /// The program has not been given what is to be run in the transaction; and what the run was before, to be
    /// put back if nothing comes of it.
    Prepared(Box<Before>),
    /// It has, and nobody has said how that ended.
    UnderWay(Box<Before>),
    /// The item is complete, and its body has not ended.
    Made,
}

impl Commit {
    /// Returns whether a transaction was about to be committed, and nobody has said how it ended.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self, Commit::Prepared(_) | Commit::UnderWay(_))
    }

    /// Begins a commit, before which the progress was that.
    pub(crate) fn prepare(&mut self, before: Before) {
        *self = Commit::Prepared(Box::new(before));
    }

    /// Gives the program what is to be run in the transaction.
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

    /// Returns whether the item whose body has ended was complete before.
    pub(crate) fn take_made(&mut self) -> bool {
        let is_made = matches!(self, Commit::Made);
        if is_made {
            *self = Commit::None;
        }
        is_made
    }

    /// Ends a commit of which nothing comes. Returns what the progress was before it.
    pub(crate) fn take_back(&mut self) -> Option<Before> {
        match std::mem::take(self) {
            Commit::Prepared(before) | Commit::UnderWay(before) => Some(*before),
            Commit::None | Commit::Made => None,
        }
    }

    /// Ends a commit whose transaction has not been given what saves: nothing comes of it, and there is no doubt of
    /// it. Whoever asks has the run, so no commit is under way: its future was dropped.
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
    fn nothing_comes_of_one_that_was_given_to_nobody() {
        let mut commit = Commit::default();
        commit.prepare(Progress::default().before());
        assert!(commit.take_back_prepared().is_some());
        assert!(!commit.is_in_doubt() && commit.take_back().is_none());
    }
}
