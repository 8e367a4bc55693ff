//! Text of unknown origin made harmless: in a terminal it may move the cursor or turn around what is
//! read, in a page it may be markup.

use safe_state_backends::escape::{Line, Lines};

/// The text for a terminal: what does not print as itself is named by its number. Lines stay lines.
pub(super) fn printable(text: &str) -> String {
    Lines(text, 0).to_string()
}

/// The text for a terminal on one line.
pub(crate) fn one_line(text: &str) -> String {
    Line(text).to_string()
}

/// The text for a page, between tags or in the quotes of an attribute.
pub(super) fn markup(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_no_tags_of_others() {
        assert_eq!(markup("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
    }
}
