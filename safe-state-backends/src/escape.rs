//! Escaping of text of unknown origin, which in a terminal could move the cursor or reverse the text's direction.

use std::fmt::{self, Display, Formatter, Write};

/// A value shown on one line. Characters that are not visible are shown by their number.
#[derive(Clone, Copy, Debug)]
pub struct Line<T>(pub T);

/// A value shown on its lines, each but the first indented by the given number of spaces. Characters that are not visible are
/// shown by their number.
#[derive(Clone, Copy, Debug)]
pub struct Lines<T>(pub T, pub usize);

impl<T: Display> Display for Line<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Escaper { f, new_line: &"\\n" }, "{}", self.0)
    }
}

impl<T: Display> Display for Lines<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Lines(value, indent) = self;
        write!(Escaper { f, new_line: &format_args!("\n{:indent$}", "") }, "{value}")
    }
}

/// Returns the job's name as an argument of a command; a name that a shell would read in another way is left to the reader.
pub fn argument(job: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@+".contains(&byte);
    if job.bytes().all(is_plain) && !job.starts_with('-') { job } else { "JOB" }
}

/// Makes JSON safe for a terminal: writes each invisible character as its JSON escape. These characters occur only inside
/// strings.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || !is_hidden(character) {
            shown.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing into a string can't fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

/// Returns whether a character is a control character, one that changes the direction of text, or an invisible one.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

struct Escaper<'a, 'b> {
    f: &'a mut Formatter<'b>,
    new_line: &'a dyn Display,
}

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(is_hidden) {
            let (plain, from) = rest.split_at(at);
            self.f.write_str(plain)?;
            let mut characters = from.chars();
            match characters.next() {
                Some('\n') => write!(self.f, "{}", self.new_line)?,
                Some('\t') => self.f.write_str("    ")?,
                Some(hidden) => write!(self.f, "{}", hidden.escape_unicode())?,
                None => {}
            }
            rest = characters.as_str();
        }
        self.f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_steered() {
        let shown = |text: &str| Line(text).to_string();
        assert_eq!(shown("\x1b[2Ja\rb\x07"), "\\u{1b}[2Ja\\u{d}b\\u{7}");
        assert_eq!(shown("\u{9b}31m\u{202e}txt.exe"), "\\u{9b}31m\\u{202e}txt.exe");
        assert_eq!(shown("ä\n\tö"), "ä\\n    ö");
        assert_eq!(Lines("ä\n\tö\r", 0).to_string(), "ä\n    ö\\u{d}");
        assert_eq!(Lines("a\nb", 2).to_string(), "a\n  b");
    }

    #[test]
    fn json_means_the_same() {
        let text = "\x1b[2J\u{9b}\u{202e}\u{7f}\u{e0041}ä\n\"\\";
        let raw = serde_json::to_string_pretty(&[text]).unwrap();
        let shown = json(&raw);
        assert!(shown.chars().all(|it| it == '\n' || !is_hidden(it)), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
    }
}
