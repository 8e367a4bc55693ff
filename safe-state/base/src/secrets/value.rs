//! The end of a value behind a name.

use std::ops::Range;

/// The number of bytes behind a separator that are searched for another name.
pub(super) const AHEAD: usize = 256;

/// The way in which a value is written, which determines its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Up to a space, or a separator with another name behind it.
    Word,
    /// Up to the `;` before the next name, as in `User Id=me;Password=a word;Server=db`.
    Semicolon,
    /// Up to the end of the line, as in a header.
    Line,
    /// Up to the next tag.
    Tag,
}

/// Returns the range of the value that begins at `at`, without quotes around it.
pub(super) fn of(text: &str, at: usize, until: Until) -> Range<usize> {
    let rest = &text[at..];
    if let Some((open, close)) = quoted(rest) {
        return at + open..at + close;
    }
    if let Some(end) = braced(rest).or_else(|| constructed(rest)) {
        return at..at + end;
    }
    let end = match until {
        Until::Word => end_of_word(rest),
        Until::Semicolon => rest.find([';', '\n', '"', '\'']).unwrap_or(rest.len()),
        Until::Line => end_of_line(rest),
        Until::Tag => rest.find('<').unwrap_or(rest.len()),
    };
    at..at + without_closing(&rest[..end]).len()
}

/// Returns where a quoted text at the beginning of `text` begins and ends within its quotes. If the opening quote is escaped by
/// some backslashes, so is the closing one.
fn quoted(text: &str) -> Option<(usize, usize)> {
    let prefix = text.len() - text.trim_start_matches(['b', 'r', 'u']).len();
    let backslashes = text[prefix..].len() - text[prefix..].trim_start_matches('\\').len();
    let quote = text[prefix + backslashes..].chars().next()?;
    if !"\"'`".contains(quote) {
        return None;
    }
    let open = prefix + backslashes + 1;
    let mut at = open;
    while let Some(found) = text[at..].find(quote) {
        let end = at + found;
        let inside = &text[open..end];
        let escapes = inside.len() - inside.trim_end_matches('\\').len();
        let is_doubled = text[end + 1..].starts_with(quote) && backslashes == 0 && end > open;
        if escapes == backslashes && !is_doubled {
            return Some((open, end - escapes));
        }
        // An even number of backslashes stands for themselves.
        if backslashes == 0 && escapes.is_multiple_of(2) && !is_doubled {
            return Some((open, end));
        }
        at = end + if is_doubled { 2 } else { 1 };
    }
    Some((open, text.len()))
}

/// Returns the end of a value in brackets at the beginning of `text`.
fn braced(text: &str) -> Option<usize> {
    if !text.starts_with(['{', '[', '(']) {
        return None;
    }
    // In ODBC's syntax, a brace in the value is doubled.
    let doubled = text.starts_with('{').then(|| {
        let mut at = 1;
        while let Some(found) = text[at..].find('}') {
            at += found + 1;
            if !text[at..].starts_with('}') {
                return at;
            }
            at += 1;
        }
        text.len()
    });
    let balanced = balanced(text);
    Some(doubled.map_or(balanced, |doubled| doubled.max(balanced)))
}

/// Returns the end of a value that is printed with its type: `Some(..)`, `Secret { .. }`.
fn constructed(text: &str) -> Option<usize> {
    let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let name = text.len() - text.trim_start_matches(is_path).len();
    let rest = &text[name..];
    let space = rest.len() - rest.trim_start_matches(' ').len();
    let is_struct = space == 1 && rest[1..].starts_with('{');
    let begins = text.starts_with(|letter: char| letter.is_ascii_uppercase());
    (begins && (is_struct || rest.starts_with(['(', '[', '{']))).then(|| {
        name + space * usize::from(is_struct) + balanced(&rest[space * usize::from(is_struct)..])
    })
}

/// Returns the position behind the bracket that closes the one at the beginning.
fn balanced(text: &str) -> usize {
    let mut open = 0_usize;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        match letter {
            '"' => {
                at = quoted(&text[at..]).map_or(text.len(), |(_, end)| at + end);
                if at >= text.len() {
                    break;
                }
            }
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
        if open == 0 {
            return at;
        }
    }
    text.len()
}

fn end_of_word(text: &str) -> usize {
    for (at, letter) in text.char_indices() {
        let behind = &text[at + letter.len_utf8()..];
        let ends = match letter {
            '<' | '>' => true,
            ',' | ';' | '&' | '|' => separates(behind),
            '"' | '\'' | '`' => closes(behind),
            '\\' => behind.starts_with('"'),
            letter => letter.is_whitespace(),
        };
        if ends {
            return at;
        }
    }
    text.len()
}

/// Returns the end of a header's line, or of the quoted text that contains it.
fn end_of_line(text: &str) -> usize {
    // These say whether a quote of each kind is open within the line.
    let mut open = [false; 3];
    for (at, letter) in text.char_indices() {
        let behind = &text[at + letter.len_utf8()..];
        let quote = "\"'`".find(letter).and_then(|kind| open.get_mut(kind));
        let ends = match (letter, quote) {
            ('\n' | '\r', _) => true,
            ('\\', _) => behind.starts_with(['"', 'n', 'r']),
            (_, Some(open)) => !std::mem::replace(open, !*open) && closes(behind),
            _ => false,
        };
        if ends {
            return at;
        }
    }
    text.len()
}

/// Returns whether another name, or nothing, follows a separator.
fn separates(behind: &str) -> bool {
    let behind = start(behind, AHEAD);
    let next = behind.trim_start();
    let is_name = |letter: char| letter.is_alphanumeric() || "_-. \"'".contains(letter);
    let name = next.len() - next.trim_start_matches(is_name).len();
    next.len() < behind.len()
        || next.is_empty()
        || name > 0 && next[name..].starts_with(['=', ':', '&'])
        || next.starts_with(['"', '\'', '}', ')', ']'])
        || !next.contains(['=', ' ']) && next.contains("://")
}

/// Returns at most `length` bytes from the beginning of a text.
pub(super) fn start(text: &str, length: usize) -> &str {
    let end = (0..=text.len().min(length)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// Returns whether a quote closes the text that it is around.
fn closes(behind: &str) -> bool {
    behind.is_empty()
        || behind.starts_with(|next: char| next.is_whitespace() || ",;:)]}>.&".contains(next))
}

/// Returns the value without brackets and commas that belong to the text around it.
fn without_closing(value: &str) -> &str {
    let mut value = value.trim_end();
    loop {
        let open = |bracket| value.matches(bracket).count();
        let is_outside = match value.chars().next_back() {
            Some(')') => open(')') > open('('),
            Some(']') => open(']') > open('['),
            Some('}') => open('}') > open('{'),
            Some(',' | ';') => true,
            _ => false,
        };
        if !is_outside {
            return value;
        }
        value = &value[..value.len() - 1];
    }
}
