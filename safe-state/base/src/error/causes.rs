//! The causes of an error, and all of its text on one line.

use std::error::Error as StdError;

use safe_state_backends::escape::Line;

/// Returns the error's message on one line, followed by those of its causes that it does not contain.
pub fn one_line(error: &(dyn StdError + 'static)) -> String {
    Line(safe_state_backends::one_line(error)).to_string()
}

/// Returns the causes of an error, outermost first.
pub fn causes<E: StdError + ?Sized>(error: &E) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}
