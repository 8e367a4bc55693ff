//! The errors of carried values.

use crate::escape::Line;

const GO_BACK: &str = "give it its old type, `#[serde(default)]` on a new field, or convert it by `version` and `migrate`, or \
     finish with the program that began it";

/// The reason why a carried value cannot be given back or stored.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CarriedError {
    /// The type's name is not the one under which the value was saved.
    #[error("`{name}` was saved as `{stored}`, but is now a `{current}`; {GO_BACK}", name = Line(name), stored = Line(stored))]
    TypeChanged {
        /// The variable's name.
        name: String,
        /// The type as which it was saved.
        stored: String,
        /// The type as which it is to be restored.
        current: &'static str,
    },
    /// The value does not read as the type without loss.
    #[error(
        "`{name}` was saved as `{stored}`, and does not read as `{current}` without loss: {reason}; {GO_BACK}",
        name = Line(name), stored = Line(stored), reason = Line(reason)
    )]
    ShapeChanged {
        /// The variable's name.
        name: String,
        /// The shape of the value that was saved.
        stored: String,
        /// The type that did not accept the value, with its field names.
        current: String,
        /// The reason why the stored value does not fit the type.
        reason: String,
    },
    /// The job has more variables and steps than a checkpoint holds.
    #[error(
        "`{name}` is one too many: a job holds 256 carried variables and steps; put several into one struct", name = Line(name))]
    TooMany {
        /// The name of the variable or step.
        name: String,
    },
    /// The value's `Serialize` failed.
    #[error("`{name}`, a `{current}`, cannot be saved: {reason}", name = Line(name), reason = Line(reason))]
    Unserializable {
        /// The variable's name.
        name: String,
        /// The variable's type.
        current: &'static str,
        /// The error of the serialisation.
        reason: String,
    },
}

crate::debug_is_one_line!(CarriedError);
