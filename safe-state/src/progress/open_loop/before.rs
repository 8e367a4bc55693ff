//! A loop as it was before an item completed in it, to be put back if the item's transaction is not
//! committed.

use super::{Attempts, Carried, LoopEnd, Mark, OpenLoop, Suspect, Untold};

/// All that completing an item and telling the checkpoint of it changes.
#[derive(Debug)]
pub(crate) struct Before {
    begun: Option<Vec<u64>>,
    position: u64,
    in_flight: bool,
    unsaved: u64,
    mark: Option<Mark>,
    passed_over: u64,
    keys: Vec<u64>,
    next_cursor: Option<Carried>,
    cursor: Option<Carried>,
    cursor_is_new: bool,
    attempts: Untold<Attempts>,
    suspect: Untold<Suspect>,
    total: Option<u64>,
    stored_end: Option<LoopEnd>,
}

impl OpenLoop {
    pub(crate) fn before(&self) -> Before {
        Before {
            begun: self.begun.clone(),
            position: self.position,
            in_flight: self.in_flight,
            unsaved: self.unsaved,
            mark: self.mark,
            passed_over: self.passed_over,
            keys: self.keyed.as_ref().map(|keyed| keyed.unsaved().to_vec()).unwrap_or_default(),
            next_cursor: self.next_cursor.clone(),
            cursor: self.cursor.clone(),
            cursor_is_new: self.cursor_is_new,
            attempts: self.attempts,
            suspect: self.suspect,
            total: self.total,
            stored_end: self.stored_end,
        }
    }

    pub(crate) fn put_back(&mut self, before: Before) {
        self.begun = before.begun;
        self.position = before.position;
        self.in_flight = before.in_flight;
        self.unsaved = before.unsaved;
        self.mark = before.mark;
        self.passed_over = before.passed_over;
        if let Some(keyed) = &mut self.keyed {
            keyed.put_back(before.keys);
        }
        self.next_cursor = before.next_cursor;
        self.cursor = before.cursor;
        self.cursor_is_new = before.cursor_is_new;
        self.attempts = before.attempts;
        self.suspect = before.suspect;
        self.total = before.total;
        self.stored_end = before.stored_end;
    }
}
