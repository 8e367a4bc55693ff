//! Writes the text of tokens, as close to the user's as their places tell.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Returns the text of the tokens, with a space wherever the source has space between them. A text of more than `limit`
/// bytes is cut, and ends in `…`.
pub(crate) fn text_of(tokens: &TokenStream, limit: usize) -> String {
    let mut text = Text { written: String::new(), end: None, limit };
    text.tokens(tokens);
    if text.is_full() {
        let end = (0..=limit).rev().find(|end| text.written.is_char_boundary(*end)).unwrap_or(0);
        text.written.truncate(end);
        text.written.push('…');
    }
    text.written
}

struct Text {
    written: String,
    /// The line and column where the last token ended.
    end: Option<(usize, usize)>,
    limit: usize,
}

impl Text {
    fn is_full(&self) -> bool {
        self.written.len() > self.limit
    }

    fn tokens(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            if self.is_full() {
                return;
            }
            match &token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    // If the group was parsed, either of the two spans may be the whole group's.
                    let (start, end) = (group.span_open().start(), group.span_close().end());
                    let open_end = (start.line, start.column + open.len());
                    let close_start = (end.line, end.column.saturating_sub(close.len()));
                    self.word(open, (start.line, start.column), open_end);
                    self.tokens(&group.stream());
                    self.word(close, close_start, (end.line, end.column));
                }
                other => {
                    let (start, end) = (other.span().start(), other.span().end());
                    let start = (start.line, start.column);
                    self.word(&other.to_string(), start, (end.line, end.column));
                }
            }
        }
    }

    fn word(&mut self, word: &str, start: (usize, usize), end: (usize, usize)) {
        if self.end.is_some_and(|end| end != start) {
            self.written.push(' ');
        }
        self.written.push_str(word);
        self.end = Some(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_tokens_is_as_the_user_wrote_it() {
        for text in ["client.get(url)", "a + b[1]", "f::<u8>(&mut x, \"ä b\")", "{ x }"] {
            assert_eq!(text_of(&text.parse().unwrap(), 200), text);
        }
        assert_eq!(text_of(&"f(\n    a,\n    b\n)".parse().unwrap(), 200), "f( a, b )");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(text_of(&"\"äääääääääää\" + 1".parse().unwrap(), 4), "\"ä…");
    }
}
