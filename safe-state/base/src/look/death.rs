//! What is known of an item in which the process has died.

use std::fmt;

use safe_state_backends::{LoopProgress, Suspect};
use serde::Serialize;

use super::{Look, Run};

/// An item in which the process has died.
#[derive(Clone, Debug, Serialize)]
pub struct Death {
    /// Its index, unless the loop knows its items by key.
    item: Option<u64>,
    /// How often.
    pub times: u32,
    /// What it died of the last time, if that is known.
    cause: Option<String>,
}

impl Death {
    /// That of the last run, if it has died and an item is to blame.
    pub fn of_last_run(look: &Look) -> Option<Self> {
        let deaths = look.checkpoint.loops().filter(|progress| {
            progress.suspect().is_some_and(|suspect| has_died_since(look, suspect))
        });
        deaths.last().and_then(|progress| Death::of(look, progress))
    }

    /// What is known of the item of a loop in which the process has died and that is still to do.
    pub fn of(look: &Look, progress: &LoopProgress) -> Option<Self> {
        let suspect = progress.suspect().filter(|it| !is_complete(progress, it.item))?;
        let times = suspect.crashes.saturating_add(u32::from(has_died_since(look, suspect)));
        let cause = suspect.cause.map(|cause| cause.to_string());
        let item = index(progress, suspect.item);
        (times > 0).then_some(Death { item, times, cause })
    }

    /// `item 7`
    pub fn item(&self) -> String {
        named(self.item)
    }
}

/// `once`, `2 times`
pub fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// Whether the last run died in it, which the next one is to count.
fn has_died_since(Look { checkpoint, run, .. }: &Look, suspect: Suspect) -> bool {
    let is_over = match run {
        Run::By(_) => false,
        Run::None => true,
        // What a process dies of is told when it is about to.
        Run::Unknown => suspect.cause.is_some(),
    };
    suspect.in_flight && checkpoint.is_open() && is_over
}

/// Whether an item is complete, or given up.
pub fn is_complete(progress: &LoopProgress, item: u64) -> bool {
    match (progress.keys(), index(progress, item)) {
        (Some(keys), _) => keys.hashes().contains(&item),
        (None, index) => index.is_some_and(|index| progress.completed().contains(index)),
    }
}

/// Which item it is that a loop knows as that.
pub fn item(progress: &LoopProgress, item: u64) -> String {
    named(index(progress, item))
}

fn named(index: Option<u64>) -> String {
    index.map_or_else(|| "an item".to_owned(), |index| format!("item {index}"))
}

/// Its index, which comes before the cursor's checksum where there is one.
fn index(progress: &LoopProgress, item: u64) -> Option<u64> {
    // Before anything is complete, it does not show how the loop knows its items.
    let is_index = !progress.completed().is_empty() || item < progress.total().unwrap_or(1);
    match (progress.keys(), progress.cursor()) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(item >> 32),
        (None, None) => Some(item).filter(|_| is_index),
    }
}

impl fmt::Display for Death {
    /// `once (the item took longer than 1s)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&times(self.times))?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, " ({cause})"))
    }
}
