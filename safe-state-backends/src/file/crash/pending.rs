//! The items of a run that only its page has, for tests of crashes.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::format::LoopChange;
use crate::sample::dice::Dice;
use crate::{Carried, CarriedChange, Carry, Keys, write_cursor};
use safe_state_page::{Advanced, LoopKeys};

/// The numbers of items by key and by cursor that the tests have written beside the records of a page.
pub(super) static MARKED: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
/// The numbers of the loops whose items are known by index, by key and by cursor.
const LOOPS: [u16; 3] = [0, 5, 6];
const MADE_BY: u32 = 7;

/// Items of a loop that are in the page and not yet in the store.
#[derive(Clone, Default)]
pub(super) struct Pending {
    loop_id: u16,
    count: u64,
    keys: Vec<u64>,
    cursor: Option<Carried>,
}

/// The state that a run has in the slots of its page, and not yet in the store.
#[derive(Default)]
pub(super) struct Unsaved {
    pub(super) items: Pending,
    /// The value of the carried variable with which the items are in the page.
    pub(super) text: Option<CarriedChange>,
}

impl Pending {
    /// Completes another item, of any loop if it is the first.
    pub(super) fn complete(&mut self, dice: &mut Dice) {
        if self.count == 0 {
            self.loop_id = LOOPS[dice.up_to(LOOPS.len()) - 1];
        }
        self.count += 1;
        if self.loop_id == LOOPS[1] {
            self.keys.push(dice.next());
            MARKED[0].fetch_add(1, Ordering::Relaxed);
        }
        if self.loop_id == LOOPS[2] {
            let cursor = dice.next().change("cursor!()", Vec::new(), None).unwrap().unwrap();
            self.cursor = Some(cursor.value.with_names());
            MARKED[1].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns what the page says of the items, with their cursor written into `room`, and its length.
    pub(super) fn said(&self, room: &mut [u8]) -> (Advanced, LoopKeys<'_>, usize) {
        let cursor = self.cursor.as_ref().map(|cursor| write_cursor(cursor, room).unwrap());
        let (loop_id, count, has_cursor) = (self.loop_id, self.count, cursor.is_some());
        let to = Advanced { loop_id, count, has_cursor, ..Advanced::default() };
        let keys = LoopKeys { made_by: MADE_BY, complete: &self.keys, next: None };
        (to, keys, cursor.unwrap_or(0))
    }

    /// Returns the change that a save stores; none without items.
    pub(super) fn change(self) -> Vec<LoopChange> {
        let Pending { loop_id, count, keys, cursor } = self;
        let keys = (!keys.is_empty()).then(|| Box::new(Keys::new(MADE_BY, keys)));
        let change = LoopChange {
            loop_id,
            count,
            keys,
            cursor: cursor.map(Box::new),
            ..LoopChange::default()
        };
        (count > 0).then_some(change).into_iter().collect()
    }
}
