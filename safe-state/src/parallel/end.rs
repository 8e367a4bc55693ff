//! Ends of a loop before its input has ended. If several items end the loop, the item with the lowest index decides.

use std::collections::BTreeMap;

use crate::attempt::{Flow, Outcome};
use crate::failure::notes::Notes;

/// The most failures that the checkpoint lists beside the failure that the function returns.
const TOLD: usize = 16;

/// The way in which an item ended the loop.
#[derive(Debug)]
pub(super) enum End<R> {
    /// The item left the loop by a `break` or `return`.
    Left(Flow<R>),
    /// The item failed. The notes of the failure are kept with it.
    Failed(Outcome<R>, Box<Notes>),
}

/// The ends of a loop, by the indices of their items.
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

    pub(super) fn add(&mut self, index: u64, end: End<R>) {
        self.0.insert(index, end);
    }

    /// Takes the end with the lowest index.
    pub(super) fn take_first(&mut self) -> Option<(u64, End<R>)> {
        self.0.pop_first()
    }

    /// Returns the failures among the remaining ends, as many as the checkpoint lists.
    pub(super) fn failures(&self) -> impl Iterator<Item = (u64, &Outcome<R>)> {
        let failures = self.0.iter().filter_map(|(index, end)| match end {
            End::Failed(failed, _) => Some((*index, failed)),
            End::Left(_) => None,
        });
        failures.take(TOLD)
    }
}
