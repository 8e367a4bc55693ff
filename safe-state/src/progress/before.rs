//! The way as it was before an item completed, to be put back if the item's transaction is not
//! committed.

use safe_state_backends::DeadLetters;
use safe_state_backends::format::LoopChange;

use super::Position;
use crate::progress::open_loop;
use crate::progress::places::Places;

/// All that completing an item and telling the checkpoint of it changes.
#[derive(Debug)]
pub(crate) struct Before {
    open: Vec<open_loop::Before>,
    ended: Vec<(usize, LoopChange)>,
    completed: u64,
    skipped: u64,
    dead_letters: DeadLetters,
    saves: u64,
    places: Places,
}

impl Position {
    /// Of an item that has no loops under way in it any more.
    pub(crate) fn before(&self) -> Before {
        Before {
            open: self.open.iter().map(open_loop::OpenLoop::before).collect(),
            ended: self.ended.clone(),
            completed: self.completed,
            skipped: self.skipped,
            dead_letters: self.dead_letters.clone(),
            saves: self.saves,
            places: self.places.clone(),
        }
    }

    /// The carried variables are taken anew by the next save.
    pub(crate) fn put_back(&mut self, before: Before) {
        for (open, before) in self.open.iter_mut().zip(before.open) {
            open.put_back(before);
        }
        self.carried.clear();
        self.ended = before.ended;
        self.completed = before.completed;
        self.skipped = before.skipped;
        self.dead_letters = before.dead_letters;
        self.saves = before.saves;
        self.places = before.places;
    }
}
