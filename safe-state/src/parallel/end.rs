//! The ends that a loop may come to before its input does: of several, the one with the lowest index is the loop's.

use std::any::Any;
use std::collections::BTreeMap;

use crate::Error;
use crate::attempt::{Flow, Outcome};
use crate::failure::notes::Notes;

/// Most failures beside the one that is the function's of which the checkpoint is told.
const TOLD: usize = 16;

/// How an item ended the loop.
#[derive(Debug)]
pub(super) enum End<R> {
    /// By a `break` or `return`.
    Left(Flow<R>),
    /// By its failure, with what was noted of that.
    Failed(Outcome<R>, Box<Notes>),
}

/// Why a loop can't go on, whatever its items do.
#[derive(Debug)]
pub(super) enum Halt {
    /// The run can't.
    Error(Error),
    /// What is asked for items has panicked, with what was noted of that.
    Panic(Box<dyn Any + Send>, Box<Notes>),
}

/// The ends, by the indices of the items.
#[derive(Debug)]
pub(super) struct Ends<R>(BTreeMap<u64, End<R>>);

impl<R> Default for Ends<R> {
    fn default() -> Self {
        Ends(BTreeMap::new())
    }
}

impl<R> Ends<R> {
    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the index before which an item may still end the loop in another way: that of the first end, but 0 if
    /// that is a failure. Without an end it is behind all.
    pub(super) fn bound(&self) -> u64 {
        match self.0.first_key_value() {
            None => u64::MAX,
            Some((index, End::Left(_))) => *index,
            Some((_, End::Failed(..))) => 0,
        }
    }

    pub(super) fn add(&mut self, index: u64, end: End<R>) {
        self.0.insert(index, end);
    }

    /// Takes the one with the lowest index.
    pub(super) fn take_first(&mut self) -> Option<(u64, End<R>)> {
        self.0.pop_first()
    }

    /// The failures beside it, as many as are told of.
    pub(super) fn failures(&self) -> impl Iterator<Item = (u64, &Outcome<R>)> {
        let failures = self.0.iter().filter_map(|(index, end)| match end {
            End::Failed(failed, _) => Some((*index, failed)),
            End::Left(_) => None,
        });
        failures.take(TOLD)
    }
}
