//! Why a value can't be read.

use std::fmt::{self, Display};

use serde::de;

/// Why a stored value does not read as the type that it is wanted as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Where in the value, from the inside out.
    path: Vec<String>,
    reason: String,
    /// What the type is that did not fit, if it has names.
    current: Option<String>,
}

impl ReadError {
    pub(super) fn damaged() -> Self {
        de::Error::custom("its bytes do not fit what is stored of their shape")
    }

    /// In that part of a value.
    pub(super) fn within(mut self, part: impl FnOnce() -> String) -> Self {
        self.path.push(part());
        self
    }

    pub(super) fn of_struct(self, name: &str, fields: &[&str]) -> Self {
        self.of(|| format!("{name} {{ {} }}", fields.join(", ")))
    }

    pub(super) fn of_enum(self, name: &str, variants: &[&str]) -> Self {
        self.of(|| format!("{name}: {}", variants.join(" | ")))
    }

    fn of(mut self, current: impl FnOnce() -> String) -> Self {
        // The innermost is the one that did not fit.
        self.current.get_or_insert_with(current);
        self
    }

    /// The struct or enumeration that the value was wanted as where it did not fit, with the names in it.
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
