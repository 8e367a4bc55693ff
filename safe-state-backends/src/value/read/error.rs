//! The error of a value that can't be read.

use std::fmt::{self, Display};

use serde::de;

use super::super::scalar::Scalar;
use super::{Conversion, ScalarValue};

/// The reason why a stored value does not read as the wanted type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The path to the place in the value, from the inside out.
    path: Vec<String>,
    reason: String,
    /// The description of the type that did not fit, if it has names.
    current: Option<String>,
}

impl ReadError {
    pub(super) fn damaged() -> Self {
        de::Error::custom("its bytes do not fit what is stored of their shape")
    }

    pub(super) fn inexact(scalar: Scalar) -> Self {
        let kind = scalar.name();
        de::Error::custom(format!("a {kind} was stored that is no number of this type"))
    }

    pub(super) fn used_up() -> Self {
        de::Error::custom(
            "a `RangeInclusive` whose bounds are the same does not tell whether it is used up; write `start..end + 1`",
        )
    }

    /// Refuses the loss of the stored field `old`, which `new` may be under a new name.
    pub(in super::super) fn no_field(old: &str, new: Option<&str>) -> Self {
        let Some(new) = new else {
            return de::Error::custom(format!(
                "there is no field `{old}` any more; if it was taken away, keep it until the job has finished"
            ));
        };
        de::Error::custom(format!(
            "there is no field `{old}` any more, and none was stored for `{new}`; if it was renamed, add \
             `#[serde(alias = \"{old}\")]` to `{new}`, and if it was taken away, keep it until the job has finished"
        ))
    }

    /// Refuses the loss of a field of a struct, which may have become a field of another one.
    pub(in super::super) fn moved(field: &str) -> Self {
        de::Error::custom(format!(
            "there is no field `{field}` any more where it was stored, and another struct has a new one of that name; convert the \
             value, or keep the old field until the job has finished"
        ))
    }

    pub(in super::super) fn rounded(old: &ScalarValue<'_>, new: &ScalarValue<'_>) -> Self {
        de::Error::custom(format!("{} was stored, and is rounded to {}", old.text(), new.text()))
    }

    /// Refuses a type that reads every value that it does not know as the same one.
    pub(in super::super) fn taken_as(conversion: &Conversion) -> Self {
        let Conversion { stored, again } = conversion;
        de::Error::custom(format!(
            "`{stored}` was stored, which is not known any more, and is taken as `{again}`, as any other would be; keep it until \
             the job has finished"
        ))
    }

    pub(super) fn no_struct() -> Self {
        de::Error::custom("it was stored as something else than a struct")
    }

    pub(super) fn no_enum() -> Self {
        de::Error::custom("it was stored as something else than an enumeration")
    }

    #[cold]
    pub(in super::super) fn within_element(self, at: u64) -> Self {
        self.within(format!("[{at}]"))
    }

    #[cold]
    pub(in super::super) fn within_entry(self) -> Self {
        self.within("[..]".to_owned())
    }

    #[cold]
    pub(in super::super) fn within_field(self, name: &str) -> Self {
        self.within(format!(".{name}"))
    }

    #[cold]
    pub(in super::super) fn within_variant(self, name: &str) -> Self {
        self.within(format!("({name})"))
    }

    fn within(mut self, part: String) -> Self {
        self.path.push(part);
        self
    }

    #[cold]
    pub(in super::super) fn of_struct(self, name: &str, fields: &[&str]) -> Self {
        self.of(|| format!("{name} {{ {} }}", fields.join(", ")))
    }

    #[cold]
    pub(super) fn of_enum(self, name: &str, variants: &[&str]) -> Self {
        self.of(|| format!("{name}: {}", variants.join(" | ")))
    }

    fn of(mut self, current: impl FnOnce() -> String) -> Self {
        // The innermost type is the one that did not fit.
        self.current.get_or_insert_with(current);
        self
    }

    /// Returns the struct or enumeration that the value did not fit, with the names in it.
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }
}

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            f.write_str("in `")?;
            for part in self.path.iter().rev() {
                f.write_str(part)?;
            }
            f.write_str("`: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: Display>(reason: T) -> Self {
        ReadError { path: Vec::new(), reason: reason.to_string(), current: None }
    }
}
