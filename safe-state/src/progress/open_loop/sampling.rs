//! Which items of a loop are samples, by which its input is known again.

use safe_state_backends::{Mark, Samples};

use crate::items::identity::IdentityKind;

/// Most samples of a loop, and of one inside another, which is entered often.
const SAMPLES: u64 = 64;
const SAMPLES_WITHIN: u64 = 8;

/// The samples that a run takes of a loop.
#[derive(Debug)]
pub(super) struct Sampling {
    /// The index of the next item that is one.
    next: u64,
    /// How many there may be.
    most: u64,
    /// Those that the checkpoint has not been told of.
    taken: Samples,
}

impl Sampling {
    /// Those from the item at `position` on; none of a loop that knows its items otherwise than by index.
    pub(super) fn new(way: IdentityKind, position: u64, is_outermost: bool) -> Self {
        let most = if is_outermost { SAMPLES } else { SAMPLES_WITHIN };
        let next = match way {
            IdentityKind::Index => Samples::next(position, most),
            IdentityKind::Key(_) | IdentityKind::Cursor | IdentityKind::Consumed => u64::MAX,
        };
        Sampling { next, most, taken: Samples::default() }
    }

    pub(super) fn wants(&self, position: u64) -> bool {
        position >= self.next
    }

    /// How many items complete, from the one at `position` on, until the next sample has.
    pub(super) fn items_until_next(&self, position: u64) -> u64 {
        self.next.saturating_sub(position).saturating_add(1)
    }

    /// Takes the item at `position`, if it is one; an item that can't be compared is left out.
    pub(super) fn take(&mut self, position: u64, mark: Option<Mark>) {
        if self.wants(position) {
            self.taken.add(mark.as_slice());
            self.next = Samples::next(position.saturating_add(1), self.most);
        }
    }

    /// Returns whether there are some that are complete, as all items before `position`.
    pub(super) fn has_any_before(&self, position: u64) -> bool {
        self.taken.marks().first().is_some_and(|first| first.index < position)
    }

    /// Takes those out, to be told to the checkpoint.
    pub(super) fn take_before(&mut self, position: u64) -> Samples {
        self.taken.take_before(position)
    }
}
