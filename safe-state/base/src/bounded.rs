//! Text that is cut at a limit, however long the value is or claims to be.

use std::fmt::{self, Arguments, Write};

/// Appends at most `limit` bytes of a value, and `…` if it has more.
pub fn write_bounded(text: &mut String, limit: usize, value: Arguments<'_>) {
    struct Bounded<'a>(&'a mut String, usize);
    impl Write for Bounded<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            let Bounded(text, room) = self;
            if part.len() <= *room {
                *room -= part.len();
                text.push_str(part);
                return Ok(());
            }
            let end = (0..=*room).rev().find(|end| part.is_char_boundary(*end)).unwrap_or(0);
            text.push_str(&part[..end]);
            *room = 0;
            Err(fmt::Error)
        }
    }
    if Bounded(text, limit).write_fmt(value).is_err() {
        text.push('…');
    }
}

/// Returns a value as text of at most `limit` bytes, followed by `…` if it has more.
pub fn bounded(limit: usize, value: Arguments<'_>) -> String {
    let mut text = String::new();
    write_bounded(&mut text, limit, value);
    text
}

/// Cuts a text to at most `limit` bytes, followed by `…` if it had more.
pub fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
}
