//! Masking of secrets in text: passwords and similar values, recognised by their names.
//!
//! Text is parsed in the forms that people and programs use: URLs, connection strings, names with values, command lines, JSON
//! and headers. Each secret value is masked by itself, and the rest stays as it is.

mod command_line;
mod names;
mod text;
mod url;
mod value;

pub use command_line::command_line;
pub use names::{is_password, is_secret};
pub use text::{MASK, masked};

use crate::bounded::{bounded, cut};
use names::Secret;

/// The number of bytes that are searched beyond the ones that are kept: the sign that a text is a secret may come behind it.
const AHEAD: usize = 4 * 1024;

/// Returns a printed value without secrets, cut to `limit` bytes, or slightly more with the mark of the cut.
pub fn bounded_and_masked(limit: usize, printed: std::fmt::Arguments<'_>) -> String {
    let mut text = masked(&bounded(limit + AHEAD, printed));
    cut(&mut text, limit);
    text
}

/// Returns the text of a value with the name `name`, masked if the name is that of a secret.
pub fn masked_value(name: &str, text: &str) -> String {
    match names::secret(name) {
        Some(secret) if secret.hides(text) => MASK.to_owned(),
        _ => command_line::argument(text),
    }
}

impl Secret {
    /// Returns whether the value has to be hidden: `tokens = 3` is only a number of tokens.
    fn hides(self, value: &str) -> bool {
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        self == Secret::One || !is_number
    }
}

#[cfg(test)]
mod tests;
