//! The places at which a variable's value is kept.

use std::collections::BTreeSet;

/// The places of one variable. Loops are numbered as the survey does.
#[derive(Default)]
pub(crate) struct Places {
    /// The resumable loops that may change it.
    pub(crate) changing: BTreeSet<usize>,
    /// Those, and the loops in them: what a loop saves is the progress of those around it as well.
    pub(crate) saving: BTreeSet<usize>,
    /// Whether what it was at its declaration is kept.
    pub(crate) start: bool,
    /// The loops of which what it was at their end is kept.
    pub(crate) ends: BTreeSet<usize>,
    /// The loops of which what it was where an item began is kept.
    pub(crate) items: BTreeSet<usize>,
}
