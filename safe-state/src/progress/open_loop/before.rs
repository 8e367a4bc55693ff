//! A copy of a loop's state before an item completed in it, to be put back if the item's transaction is not committed.

use safe_state_backends::Mark;

use super::count::Count;
use super::cursors::Cursors;
use super::{OpenLoop, Outline, Suspicion};

/// All that completing an item, and taking it into a save, changes in a loop.
#[derive(Debug)]
pub(crate) struct Before {
    count: Count,
    mark: Option<Mark>,
    keys: Vec<u64>,
    cursors: Cursors,
    suspicion: Suspicion,
    outline: Outline,
}

impl Before {
    pub(crate) fn of(open: &OpenLoop) -> Before {
        let keys = open.known.keyed.as_ref().map(|keyed| keyed.unsaved().complete.to_vec());
        Before {
            count: open.count,
            mark: open.marks.last(),
            keys: keys.unwrap_or_default(),
            cursors: open.known.cursors.clone(),
            suspicion: open.suspicion,
            outline: open.outline.clone(),
        }
    }

    pub(crate) fn put_back(self, open: &mut OpenLoop) {
        open.count = self.count;
        open.marks.put_back(self.mark);
        if let Some(keyed) = &mut open.known.keyed {
            keyed.put_back(self.keys);
        }
        open.known.cursors.put_back(self.cursors);
        open.suspicion = self.suspicion;
        open.outline = self.outline;
    }
}
