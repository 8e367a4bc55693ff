//! The places at which a variable's value is kept.

use std::collections::BTreeSet;

/// The places where one variable's value is kept. A loop is given by its index in the survey.
#[derive(Default)]
pub(crate) struct Places {
    /// The resumable loops that may change the variable.
    pub(crate) changing: BTreeSet<usize>,
    /// The loops in `changing` whose body, or a macro that it may call, mentions the variable.
    pub(crate) mentioning: BTreeSet<usize>,
    /// The loops in `changing`, and the resumable loops inside them, which save the progress of the loops around them
    /// too.
    pub(crate) saving: BTreeSet<usize>,
    /// Whether the value at the variable's declaration is kept.
    pub(crate) start: bool,
    /// The loops at whose end the variable's value is kept.
    pub(crate) ends: BTreeSet<usize>,
    /// The loops that keep the variable's value where an item begins.
    pub(crate) items: BTreeSet<usize>,
    /// The loops before which code has moved the variable away, if the guess is right that the compiler checks.
    pub(crate) moved: BTreeSet<usize>,
    /// The loops before which code has lent the variable to a local that can't change it, if the guess is right.
    pub(crate) lent: BTreeSet<usize>,
}
