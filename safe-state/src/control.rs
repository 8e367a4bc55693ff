//! Stage 6, control: what a run looks at between two items, or two attempts at one.

#[cfg_attr(not(feature = "limits"), path = "control/limits/none.rs")]
pub(crate) mod limits;
pub(crate) mod pacing;
pub(crate) mod rate;
pub(crate) mod requests;
