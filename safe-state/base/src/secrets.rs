//! What is not to be told: passwords and the like, known by the names that they go by.
//!
//! Text is taken apart as people and programs write such things: URLs, connection strings, names with
//! values, command lines, JSON and headers. Each value is masked by itself, the rest stays as it is.

mod command_line;
mod names;
mod text;
mod url;
mod value;

pub use command_line::command_line;
pub use names::{is_password, is_secret};
pub use text::masked;

use crate::bounded::{bounded, cut};
use names::Secret;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// How much more of a text is looked at than is kept of it: what tells that a text is a secret may come
/// behind it.
const AHEAD: usize = 4 * 1024;

/// What prints as text of no more than `limit` bytes, or a little more to say so, without secrets.
pub fn bounded_and_masked(limit: usize, printed: std::fmt::Arguments<'_>) -> String {
    let mut text = masked(&bounded(limit + AHEAD, printed));
    cut(&mut text, limit);
    text
}

/// The text of a value that goes by this name.
pub fn masked_value(name: &str, text: &str) -> String {
    match names::secret(name) {
        Some(secret) if secret.hides(text) => MASK.to_owned(),
        _ => command_line::argument(text),
    }
}

impl Secret {
    /// Whether this value is one to hide: `tokens = 3` counts them.
    fn hides(self, value: &str) -> bool {
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        self == Secret::One || !is_number
    }
}

#[cfg(test)]
mod tests;
