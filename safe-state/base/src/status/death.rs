//! The item in which a job's process has died.

use std::fmt;

use safe_state_backends::{LoopProgress, Suspect};
use serde::Serialize;

use super::look::{Look, Run};

/// An item in which the process has died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Death {
    /// The item's index; `None` if the loop knows its items by key.
    pub item: Option<u64>,
    /// The number of deaths.
    pub times: u32,
    /// The cause of the last death, if known.
    pub cause: Option<String>,
}

impl Death {
    /// Returns the death of the last run, if it has died and an item is to blame.
    pub fn of_last_run(look: &Look) -> Option<Self> {
        let deaths = look.checkpoint.loops().filter(|progress| {
            progress.suspect().is_some_and(|suspect| has_died_since(look, suspect))
        });
        deaths.last().and_then(|progress| Death::of(look, progress))
    }

    /// Returns the deaths in the loop's suspect item, if that is still to be done.
    pub fn of(look: &Look, progress: &LoopProgress) -> Option<Self> {
        let suspect = progress.suspect().filter(|it| !is_complete(progress, it.item))?;
        let times = suspect.crashes.saturating_add(u32::from(has_died_since(look, suspect)));
        let cause = suspect.cause.map(|cause| cause.to_string());
        let item = index(progress, suspect.item);
        (times > 0).then_some(Death { item, times, cause })
    }

    /// Returns the item's name, for example `item 7`.
    pub fn named_item(&self) -> String {
        named(self.item)
    }
}

/// Returns whether the last run died in the suspect, which the next run has not counted yet.
fn has_died_since(Look { checkpoint, run, .. }: &Look, suspect: Suspect) -> bool {
    let is_over = match run {
        Run::By(_) => false,
        Run::None => true,
        // A process saves the cause of its death only when it is about to die.
        Run::Unknown => suspect.cause.is_some(),
    };
    suspect.in_flight && checkpoint.is_open() && is_over
}

/// Returns whether an item is complete, or given up.
pub fn is_complete(progress: &LoopProgress, item: u64) -> bool {
    match (progress.keys(), index(progress, item)) {
        (Some(keys), _) => keys.hashes().contains(&item),
        (None, index) => index.is_some_and(|index| progress.completed().contains(index)),
    }
}

/// Returns the name of an item, given by the number under which the loop knows it.
pub fn item(progress: &LoopProgress, item: u64) -> String {
    named(index(progress, item))
}

fn named(index: Option<u64>) -> String {
    index.map_or_else(|| "an item".to_owned(), |index| format!("item {index}"))
}

/// Returns the item's index; `None` if unknown. For a loop by cursor, the index is in front of the cursor's checksum.
fn index(progress: &LoopProgress, item: u64) -> Option<u64> {
    // Before any item is complete, the checkpoint does not show how the loop knows its items.
    let is_index = !progress.completed().is_empty() || item < progress.total().unwrap_or(1);
    match (progress.keys(), progress.cursor()) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(item >> 32),
        (None, None) => Some(item).filter(|_| is_index),
    }
}

/// Returns for example `once` or `2 times`.
pub fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

impl fmt::Display for Death {
    /// Writes for example `once (the item took longer than 1s)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&times(self.times))?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, " ({cause})"))
    }
}
