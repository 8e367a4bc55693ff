//! The messages of errors, bounded and without secrets, to be stored.

use std::any::Any;
use std::fmt::Arguments;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::bounded::{bounded, cut};
use crate::secrets::masked;

/// The longest message that is kept, in bytes, and the length of a message that is searched for secrets.
const MESSAGE: usize = 16 * 1024 - 4;
const SEEN: usize = 20 * 1024;

/// Returns the text of an error without secrets. Stops at a limit, and catches a panic of the error's code.
pub fn message(text: Arguments<'_>) -> String {
    masked_message(&printed(text))
}

/// Returns the text of an error, secrets included. Stops at a limit, and catches a panic of the error's code.
pub fn printed(text: Arguments<'_>) -> String {
    let printed = catch_unwind(AssertUnwindSafe(|| bounded(SEEN, text)));
    printed.unwrap_or_else(|_| "an error whose message panics".to_owned())
}

/// Returns a text without secrets, cut to the longest message.
pub fn masked_message(text: &str) -> String {
    let mut text = masked(text);
    cut(&mut text, MESSAGE);
    text
}

/// Returns the message of a panic, without secrets.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    message(format_args!("{}", text.unwrap_or("a value that is no text")))
}
