//! The items of a loop by which its input is recognised.

use safe_state_backends::{Mark, Samples};

use super::sampling::Sampling;
use crate::items::identity::IdentityKind;

/// The fingerprint that was taken last, and the samples.
#[derive(Debug)]
pub(super) struct Marks {
    last: Option<Mark>,
    /// Whether this run has taken any fingerprint.
    has_any: bool,
    sampling: Sampling,
}

impl Marks {
    pub(super) fn new(kind: IdentityKind, position: u64, is_outermost: bool) -> Self {
        let sampling = Sampling::new(kind, position, is_outermost);
        Marks { last: None, has_any: false, sampling }
    }

    /// Takes the fingerprint of the item at `index`, if the item can have one.
    #[inline]
    pub(super) fn take(&mut self, index: u64, fingerprint: Option<u32>) {
        let mark = fingerprint.map(|fingerprint| Mark { index, fingerprint });
        self.last = mark.or(self.last);
        self.has_any = true;
        self.sampling.take(index, mark);
    }

    /// Returns whether the fingerprint of the item at `index` is wanted.
    pub(super) fn wants(&self, index: u64) -> bool {
        self.lacks_any() || self.sampling.wants(index)
    }

    pub(super) fn lacks_any(&self) -> bool {
        !self.has_any
    }

    /// Returns how many items, from the one at `index` on, complete until the next sample is complete.
    pub(super) fn items_until_sample(&self, index: u64) -> u64 {
        self.sampling.items_until_next(index)
    }

    /// Returns the fingerprint of the item at `index`, if it was taken last.
    pub(super) fn fingerprint(&self, index: u64) -> Option<u32> {
        self.last.filter(|mark| mark.index == index).map(|mark| mark.fingerprint)
    }

    /// Makes the fingerprint of the item that the run attends to the last one, if it was taken.
    pub(super) fn attend(&mut self, mark: Option<Mark>) {
        self.last = mark.or(self.last);
    }

    pub(super) fn last(&self) -> Option<Mark> {
        self.last
    }

    pub(super) fn put_back(&mut self, last: Option<Mark>) {
        self.last = last;
    }

    /// Takes the last fingerprint out, if its item is before `position` and so is complete.
    pub(super) fn take_complete(&mut self, position: u64) -> Option<Mark> {
        self.last.take_if(|mark| mark.index < position)
    }

    pub(super) fn has_samples_before(&self, position: u64) -> bool {
        self.sampling.has_any_before(position)
    }

    pub(super) fn take_samples_before(&mut self, position: u64) -> Samples {
        self.sampling.take_before(position)
    }
}
