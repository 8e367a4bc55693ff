//! A copy of the progress before an item completed, to be put back if the item's transaction is not committed.

use super::given_up::GivenUp;
use super::loops;
use super::places::Places;

/// All that completing an item, and taking it into a save, changes.
#[derive(Debug)]
pub(crate) struct Before {
    pub(super) loops: loops::Before,
    pub(super) places: Places,
    pub(super) given_up: GivenUp,
    pub(super) saves: u64,
}
