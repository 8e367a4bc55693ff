//! Makes text of unknown origin harmless: in a terminal it might move the cursor or reverse the reading direction, in a
//! page it might be markup.

use safe_state_backends::escape::{Line, Lines};

/// Returns the text for a terminal: a character that can't be printed is replaced by its number. Lines stay lines.
pub(super) fn printable(text: &str) -> String {
    Lines(text, 0).to_string()
}

/// Returns the text for a terminal, on one line.
pub(crate) fn one_line(text: &str) -> String {
    Line(text).to_string()
}

/// Returns the text for a page, to stand between tags or in a quoted attribute.
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
