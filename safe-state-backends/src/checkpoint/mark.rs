//! The fingerprint of an item.

use serde::{Deserialize, Serialize};

/// An item's fingerprint, by which a later run recognises the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The item's index.
    pub index: u64,
    /// A checksum of the item's value.
    pub fingerprint: u32,
}

/// The fingerprint that stands for an item of an input that gives each item once.
#[doc(hidden)]
pub const CONSUMED: u32 = 0x636f_6e73;
