//! What errors say, to be kept.

use std::any::Any;
use std::fmt::Arguments;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::bounded::{bounded, cut};
use crate::secrets::masked;

/// Longest message that is taken, in bytes, and how much of it is looked at.
const MESSAGE: usize = 16 * 1024 - 4;
const SEEN: usize = 20 * 1024;

/// What an error prints, without secrets: not for ever, and not if that panics.
pub fn message(text: Arguments<'_>) -> String {
    masked_message(&printed(text))
}

/// What an error prints, secrets included.
pub fn printed(text: Arguments<'_>) -> String {
    let printed = catch_unwind(AssertUnwindSafe(|| bounded(SEEN, text)));
    printed.unwrap_or_else(|_| "an error whose message panics".to_owned())
}

/// The text of an error, without secrets.
pub fn masked_message(text: &str) -> String {
    let mut text = masked(text);
    cut(&mut text, MESSAGE);
    text
}

/// What a panic says, without secrets.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    message(format_args!("{}", text.unwrap_or("a value that is no text")))
}
