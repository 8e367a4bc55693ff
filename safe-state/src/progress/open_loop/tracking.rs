//! The way in which a loop knows its items.

use safe_state_backends::LoopProgress;

use super::cursors::Cursors;
use crate::items::fingerprint::serialized;
use crate::items::identity::IdentityKind;
use crate::items::keyed::Keyed;

/// The way in which a loop knows its items, and what it knows of those in flight.
#[derive(Debug)]
pub(super) struct ItemTracking {
    pub(super) kind: IdentityKind,
    /// The keys, in a loop that knows its items by key.
    pub(super) keyed: Option<Keyed>,
    pub(super) cursors: Cursors,
}

impl ItemTracking {
    /// Begins anew, or goes on from `stored`, the loop's progress.
    pub(super) fn new(kind: IdentityKind, stored: Option<&LoopProgress>) -> Self {
        let keyed = match kind {
            IdentityKind::Key(made_by) => {
                Some(Keyed::new(made_by, stored.and_then(LoopProgress::keys)))
            }
            IdentityKind::Index | IdentityKind::Cursor | IdentityKind::Consumed => None,
        };
        let cursors = Cursors::stored(stored.and_then(LoopProgress::cursor).cloned());
        ItemTracking { kind, keyed, cursors }
    }

    /// Returns what identifies the item at `position`: its index, the hash of its key, or its index and a checksum of
    /// its cursor. The checksum is needed because new items may have been inserted before the last item's cursor.
    pub(super) fn item(&self, position: u64) -> u64 {
        if let Some(keyed) = &self.keyed {
            return keyed.in_flight();
        }
        match self.cursors.current().filter(|_| self.kind == IdentityKind::Cursor) {
            Some(cursor) => position << 32 | u64::from(serialized(cursor).unwrap_or_default()),
            None => position,
        }
    }

    /// Returns whether `item`, of which a loop inside did a part, has lost its place to the item at `position`, with
    /// another cursor.
    pub(super) fn has_ousted(&self, item: u64, position: u64) -> bool {
        let now = self.item(position);
        self.kind == IdentityKind::Cursor && item != now && item >> 32 == now >> 32
    }

    /// Returns whether `item`, which is not the one at `position`, is still to come.
    pub(super) fn awaits(&self, item: u64, position: u64) -> bool {
        match (&self.keyed, self.kind) {
            (Some(keyed), _) => item != self.item(position) && !keyed.knows(item),
            (None, IdentityKind::Cursor) => item >> 32 > position,
            (None, _) => item > position,
        }
    }
}
