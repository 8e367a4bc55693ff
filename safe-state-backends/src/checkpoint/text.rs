//! Texts that are kept up to a length.

use std::fmt::Write as _;

/// Returns the text, cut like [`cut`] does.
pub(crate) fn bounded(mut text: String, limit: usize) -> String {
    cut(&mut text, limit);
    text
}

/// Cuts a text that is longer than `limit` bytes, at a character, and appends how many bytes are missing.
pub(super) fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let mut end = limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let cut = text.len() - end;
        text.truncate(end);
        // Writing into a string can't fail.
        let _ = write!(text, "… ({cut} bytes more)");
        text.shrink_to_fit();
    }
}
