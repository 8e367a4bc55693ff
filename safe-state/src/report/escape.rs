//! Text of unknown origin made harmless: in a terminal it may move the cursor or turn around what is
//! read, in a page it may be markup.

use std::fmt::Write;

/// The text for a terminal: what does not print as itself is named by its number. Lines stay lines.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push('\n'),
            '\t' => shown.push_str("    "),
            hidden if is_hidden(hidden) => {
                // Writing into a string does not fail.
                let _ = write!(shown, "{}", hidden.escape_unicode());
            }
            other => shown.push(other),
        }
    }
    shown
}

/// The same on one line.
pub(crate) fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n")
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

/// Whether it is a control character, one that changes the direction of text, or one that can't be seen.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(printable("\x1b[2Ja\rb\x07"), "\\u{1b}[2Ja\\u{d}b\\u{7}");
        assert_eq!(printable("\u{9b}31m\u{202e}txt.exe"), "\\u{9b}31m\\u{202e}txt.exe");
        assert_eq!(printable("ä\n\tö"), "ä\n    ö");
        assert_eq!(one_line("a\nb"), "a\\nb");
    }

    #[test]
    fn a_page_has_no_tags_of_others() {
        assert_eq!(markup("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
    }
}
