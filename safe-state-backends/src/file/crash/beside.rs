//! Items of a run that complete in any order, with a window in its page, for tests of crashes.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::format::{Change, LoopChange, SideBySide};
use crate::sample::dice::Dice;
use crate::{Checkpoint, Completed};
use safe_state_page::{Page, Window};

/// The numbers of items that the tests have completed in a window, and beyond it.
pub(super) static ENDED: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
const LOOP: u16 = 7;
/// The most items in flight.
const MOST: usize = 40;

/// A loop whose items complete in any order.
pub(super) struct Beside {
    completed: Completed,
    next: u64,
    in_flight: Vec<u64>,
    has_begun: bool,
    window: Option<Window>,
    is_saved: bool,
}

impl Beside {
    pub(super) fn of(checkpoint: &Checkpoint) -> Self {
        let stored = checkpoint.loop_progress(LOOP);
        let completed = stored.map(|stored| stored.completed().clone()).unwrap_or_default();
        let (next, has_begun) = (completed.prefix(), stored.is_some());
        Beside { completed, next, in_flight: Vec::new(), has_begun, window: None, is_saved: true }
    }

    /// Begins an item, or completes one. Returns whether the page has it, or nothing has to be there.
    pub(super) fn step(&mut self, page: &mut Page, dice: &mut Dice) -> bool {
        if self.in_flight.len() < MOST && dice.one_in(2) {
            self.begin(page);
            return true;
        }
        if self.in_flight.is_empty() {
            return true;
        }
        // The first of them take long.
        let first = usize::from(self.in_flight.len() > 1 && !dice.one_in(50));
        let at = first + dice.up_to(self.in_flight.len() - first) - 1;
        let index = self.in_flight.remove(at);
        let is_in_page = self.window.as_ref().is_some_and(|window| window.complete(index));
        ENDED[usize::from(!is_in_page)].fetch_add(1, Ordering::Relaxed);
        self.completed.insert(index);
        self.is_saved &= is_in_page;
        is_in_page
    }

    fn begin(&mut self, page: &mut Page) {
        while self.completed.contains(self.next) {
            self.next += 1;
        }
        // Many others are passed over, which only a record tells, so the window has to move.
        if self.next % 64 == 63 {
            self.completed.insert_range(self.next + 1..self.next + 500);
            self.is_saved = false;
        }
        let _ = page.make_room(self.next).unwrap();
        self.in_flight.push(self.next);
        self.next += 1;
    }

    /// Returns whether the page has a window.
    pub(super) fn has_window(&self) -> bool {
        self.window.is_some()
    }

    /// Returns whether the page has all complete items that no record has.
    pub(super) fn is_in_page(&self) -> bool {
        self.is_saved
    }

    /// Returns the change with all complete items, as a save or a record in the page stores it.
    pub(super) fn change(&self) -> Change {
        let side_by_side = SideBySide { completed: self.completed.clone(), in_flight: Vec::new() };
        let begun = (!self.has_begun).then(Vec::new);
        let side_by_side = Some(Box::new(side_by_side));
        let change = LoopChange { loop_id: LOOP, begun, side_by_side, ..LoopChange::default() };
        Change { loops: vec![change], ..Change::default() }
    }

    /// Notes that what is complete has been saved, or is a record, and writes the window into the page.
    pub(super) fn settle(&mut self, page: &mut Page) {
        (self.has_begun, self.is_saved) = (true, true);
        if self.window.is_none() {
            self.window = page.open_window(LOOP, self.completed.prefix());
        }
        // Both slots name the present state before the window gets its contents.
        page.advance_window(0, None).unwrap();
        page.advance_window(0, None).unwrap();
        page.add_to_window(self.completed.ranges()).unwrap();
        page.advance_window(0, None).unwrap();
    }
}
