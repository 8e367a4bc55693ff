//! Parses the attribute's options, and the function under it.

pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod options;
pub(crate) mod parameters;
