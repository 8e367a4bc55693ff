//! Text that comes from outside, made harmless for a terminal.

use std::fmt::Write;

/// The text on one line, without what moves the cursor, colours, or turns the direction of writing.
pub(super) fn line(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            character if is_harmless(character) => escaped.push(character),
            // Writing into a string does not fail.
            character => _ = write!(escaped, "\\u{{{:x}}}", u32::from(character)),
        }
    }
    escaped
}

/// The same with its lines, each but the first behind `indent`.
pub(super) fn block(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join(&format!("\n{indent}"))
}

fn is_harmless(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    !character.is_control() && !turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(line("a\x1b[2Jb\u{9b}31m"), "a\\u{1b}[2Jb\\u{9b}31m");
        assert_eq!(line("two\nlines\r"), "two\\nlines\\r");
        assert_eq!(line("\u{202e}gnp.exe"), "\\u{202e}gnp.exe");
        assert_eq!(line("müller – 客户 🙂"), "müller – 客户 🙂");
        assert_eq!(block("one\ntwo\x07", "  "), "one\n  two\\u{7}");
    }
}
