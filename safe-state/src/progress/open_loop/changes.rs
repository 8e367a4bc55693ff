//! The changes of a loop for the next save.

use safe_state_backends::format::{Advance, LoopChange};

use super::{BesideItems, OpenLoop, Unpaged, UnpagedItems};
use crate::items::identity::IdentityKind;
use crate::items::keyed::{Keyed, UnsavedKeys};

impl OpenLoop {
    /// Takes the fingerprint of an item after which `behind` others have completed.
    pub(crate) fn mark_complete(&mut self, behind: u16, fingerprint: Option<u32>) {
        if let Some(index) = self.count.position.checked_sub(u64::from(behind) + 1) {
            self.marks.take(index, fingerprint);
        }
    }

    /// Returns what is unsaved, in the form for a page.
    pub(crate) fn unsaved(&self) -> Unpaged<'_> {
        let has_more = self.known.kind == IdentityKind::Consumed
            || self.outline.is_unsaved()
            || self.suspicion.is_unsaved();
        if let Some(flights) = self.bodies.flights.as_ref().filter(|_| !has_more) {
            let is_for_window = self.known.kind == IdentityKind::Index && !flights.needs_record();
            return if is_for_window { Unpaged::Beside } else { Unpaged::Record };
        }
        // Samples wait for the next record: a kill before it loses nothing but these samples.
        if has_more {
            return Unpaged::Record;
        }
        // For an earlier item, it is unknown whether all items behind it completed since.
        let last = self.count.position.checked_sub(1);
        let fingerprint = last.and_then(|last| self.marks.fingerprint(last));
        let keys = self.known.keyed.as_ref().map_or_else(UnsavedKeys::default, Keyed::unsaved);
        let cursor = self.known.cursors.unsaved();
        let count = self.count.unsaved + self.count.passed_over;
        Unpaged::Items(UnpagedItems { loop_id: self.loop_id, count, fingerprint, keys, cursor })
    }

    /// Returns how far the loop has come, whose items run side by side.
    pub(crate) fn beside_items(&self) -> Option<BesideItems<'_>> {
        let flights = self.bodies.flights.as_ref()?;
        let mark = flights.last().map(|mark| (mark.index, mark.fingerprint));
        let (loop_id, begun) = (self.loop_id, flights.begun());
        Some(BesideItems { loop_id, begun, mark, recorded: flights.recorded() })
    }

    /// Returns what will be unsaved once the item in flight is complete.
    pub(crate) fn unsaved_with_item(&self) -> Unpaged<'_> {
        match self.unsaved() {
            Unpaged::Items(items) if self.count.in_flight => {
                let next = self.known.keyed.as_ref().map(Keyed::in_flight);
                Unpaged::Items(UnpagedItems {
                    count: items.count + 1,
                    fingerprint: self.marks.fingerprint(self.count.position),
                    keys: UnsavedKeys { next, ..items.keys },
                    cursor: self.known.cursors.unsaved_with_item(),
                    ..items
                })
            }
            _ => Unpaged::Record,
        }
    }

    /// Takes the items that completed since the last save, if nothing else has to be saved.
    pub(crate) fn advance(&mut self) -> Option<Advance> {
        let has_more = self.bodies.flights.is_some()
            || self.outline.is_unsaved()
            || self.known.keyed.is_some()
            || self.known.cursors.is_unsaved()
            || self.marks.has_samples_before(self.count.position)
            || self.suspicion.is_unsaved();
        if has_more || self.count.unsaved == 0 {
            return None;
        }
        let last = self.count.position.checked_sub(1);
        let fingerprint = last.and_then(|last| self.marks.fingerprint(last));
        let count = std::mem::take(&mut self.count.unsaved);
        Some(Advance { micros: 0, loop_id: self.loop_id, count, fingerprint })
    }

    /// Takes what the checkpoint does not have yet, and the number of items that completed with it; `None` if it has
    /// everything.
    pub(crate) fn change(&mut self) -> Option<(LoopChange, u64)> {
        let completed = match &mut self.bodies.flights {
            Some(flights) => flights.take_unsaved(),
            None => std::mem::take(&mut self.count.unsaved),
        };
        let side_by_side = self.bodies.flights.as_mut().and_then(|flights| flights.take_change());
        let passed_over = std::mem::take(&mut self.count.passed_over);
        let count = if side_by_side.is_some() { 0 } else { completed + passed_over };
        let end = self.outline.take_end();
        // The length is not saved by itself: the input may be refused, and then its length is not the job's.
        let has_more = count > 0 || side_by_side.is_some();
        let comes_further = self.outline.has_begun() || has_more || end.is_some();
        let position = self.bodies.flights.as_ref().map_or(self.count.position, |it| it.prefix());
        let mark = match &mut self.bodies.flights {
            Some(flights) => flights.take_mark(),
            None if count > 0 => self.marks.take_complete(position),
            None => None,
        };
        let change = LoopChange {
            loop_id: self.loop_id,
            begun: self.outline.take_begun(),
            count,
            mark,
            total: if comes_further { self.outline.take_total() } else { None },
            end,
            keys: self.known.keyed.as_mut().and_then(Keyed::take_unsaved).map(Box::new),
            cursor: self.known.cursors.take_unsaved(),
            attempts: self.suspicion.take_attempts(),
            suspect: self.suspicion.take_suspect(),
            samples: self.marks.take_samples_before(position),
            side_by_side,
        };
        let nothing = LoopChange { loop_id: self.loop_id, ..LoopChange::default() };
        (change != nothing).then_some((change, completed))
    }
}
