//! The choice of a loop's samples, which are the items by which its input is recognised.

use safe_state_backends::{Mark, Samples};

use crate::items::identity::IdentityKind;

/// The most samples of an outermost loop, and of a loop inside another, which is entered often.
const SAMPLES: u64 = 64;
const SAMPLES_WITHIN: u64 = 8;

/// The samples of a loop that a run takes.
#[derive(Debug)]
pub(super) struct Sampling {
    /// The index of the next sample.
    next: u64,
    /// The most samples that the loop may have.
    most: u64,
    /// The samples that the checkpoint does not have yet.
    taken: Samples,
}

impl Sampling {
    /// Creates the samples from the item at `position` on. A loop that does not know its items by index has none.
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

    /// Returns how many items, from the one at `position` on, complete until the next sample is complete.
    pub(super) fn items_until_next(&self, position: u64) -> u64 {
        self.next.saturating_sub(position).saturating_add(1)
    }

    /// Takes the item at `position`, if it is a sample. An item that cannot be compared is left out.
    pub(super) fn take(&mut self, position: u64, mark: Option<Mark>) {
        if self.wants(position) {
            self.taken.add(mark.as_slice());
            self.next = Samples::next(position.saturating_add(1), self.most);
        }
    }

    /// Returns whether a sample lies before `position`. It is complete, as all items there are.
    pub(super) fn has_any_before(&self, position: u64) -> bool {
        self.taken.marks().first().is_some_and(|first| first.index < position)
    }

    /// Takes the samples before `position` out, for the checkpoint.
    pub(super) fn take_before(&mut self, position: u64) -> Samples {
        self.taken.take_before(position)
    }
}
