//! What can be wrong with a carried value.

use crate::escape::Line;

const GO_BACK: &str = "give it its old type or finish with the program that began it";

/// Why a carried value cannot be given back or stored.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CarriedError {
    /// The type has another name than the one it was saved as.
    #[error("`{name}` was saved as `{stored}`, but is now a `{current}`; {GO_BACK}", name = Line(name), stored = Line(stored))]
    TypeChanged {
        /// The variable.
        name: String,
        /// The type it was saved as.
        stored: String,
        /// The type it is to be restored as.
        current: &'static str,
    },
    /// The value does not read as the type without loss.
    #[error(
        "`{name}` was saved as `{stored}`, and does not read as `{current}` without loss: {reason}; {GO_BACK}",
        name = Line(name), stored = Line(stored), reason = Line(reason)
    )]
    ShapeChanged {
        /// The variable.
        name: String,
        /// The shape of the value that was saved.
        stored: String,
        /// The type that did not take it, with the names in it.
        current: String,
        /// Why the stored value does not fit the type.
        reason: String,
    },
    /// There are more variables and steps than a checkpoint holds.
    #[error(
        "`{name}` is one too many: a job holds 256 carried variables and steps; put several into one struct", name = Line(name))]
    TooMany {
        /// The variable or step.
        name: String,
    },
    /// The value's `Serialize` failed.
    #[error("`{name}`, a `{current}`, cannot be saved: {reason}", name = Line(name), reason = Line(reason))]
    Unserializable {
        /// The variable.
        name: String,
        /// Its type.
        current: &'static str,
        /// What serialising it says.
        reason: String,
    },
}

crate::debug_is_one_line!(CarriedError);
