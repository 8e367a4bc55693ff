//! Secrets in text of any kind. Each name is examined with the text around it.

use std::ops::Range;

use super::names::{is_password, secret, secret_in_query};
use super::url;
use super::value::{self, Until};

/// The text that replaces a secret.
pub const MASK: &str = "***";

/// The most values that are searched after URL escapes are decoded, and the longest of these in bytes: the search has to be
/// short for any text.
const UNESCAPED: usize = 64;
const ESCAPED_LENGTH: usize = 2 * 1024;

/// Returns the text with each secret masked.
pub fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut kept = 0;
    for secret in secrets(text, UNESCAPED) {
        if secret.start >= kept {
            shown.push_str(&text[kept..secret.start]);
            shown.push_str(MASK);
            kept = secret.end;
        }
    }
    shown.push_str(&text[kept..]);
    shown
}

/// Returns the ranges of the secrets. At most `unescaped` values are searched after their escapes are decoded.
fn secrets(text: &str, mut unescaped: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        if text[at..].starts_with("://") {
            let url = url::look(text, at);
            found.extend(url.secrets);
            at = url.end.max(at + 3);
        } else if is_of_name(letter) {
            let length = text[at..].len() - text[at..].trim_start_matches(is_of_name).len();
            let name = Name { text, start: at, end: at + length };
            let secret = name.secret().or_else(|| {
                let value = if unescaped > 0 { name.escaped_value() } else { None }?;
                unescaped -= 1;
                (!secrets(&decoded(&text[value.clone()]), 0).is_empty()).then_some(value)
            });
            at = secret.as_ref().map_or(name.end, |secret| secret.end.max(name.end));
            found.extend(secret.filter(|secret| !secret.is_empty()));
        } else {
            at += letter.len_utf8();
        }
    }
    found
}

/// Returns whether the character can be in a name. A `%` occurs in names that are escaped in a URL.
fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_-%".contains(letter)
}

/// A word that may be the name of a secret.
#[derive(Clone, Copy)]
struct Name<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

/// The sign between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Equals,
    /// A `:`, with whether a space follows.
    Colon {
        is_spaced: bool,
    },
    /// The comma of a pair in brackets.
    Comma,
    /// The end of a tag.
    Tag,
    /// A space behind `--name`.
    Space,
    /// The bracket behind the name of a type.
    Bracket,
}

impl<'a> Name<'a> {
    fn word(self) -> &'a str {
        &self.text[self.start..self.end]
    }

    fn before(self) -> &'a str {
        &self.text[..self.start]
    }

    /// Returns the range of the value behind the name, if it has to be hidden.
    fn secret(self) -> Option<Range<usize>> {
        if let Some(scheme) = self.credentials() {
            return Some(scheme);
        }
        let (sign, at) = self.sign()?;
        let name = decoded(self.word());
        let is_in_query = self.before().ends_with(['?', '&']);
        let secret = if is_in_query { secret_in_query(&name) } else { secret(&name) };
        let secret = secret.or_else(|| self.secret_of_two_words())?;
        if !self.is_a_name(sign, at) {
            return None;
        }
        let value = self.with_scheme(value::of(self.text, at, self.until(sign, at)));
        secret.hides(&self.text[value.clone()]).then_some(value)
    }

    /// Returns the meaning of a name of two words, as in `API key: ..`.
    fn secret_of_two_words(self) -> Option<super::names::Secret> {
        let before = self.before().strip_suffix(' ')?;
        let first = before.rsplit(|letter: char| !letter.is_alphanumeric()).next()?;
        (self.word().eq_ignore_ascii_case("key") && !first.is_empty())
            .then(|| secret(&format!("{first} key")))?
    }

    /// Returns the sign behind the name, and the position where the value begins.
    fn sign(self) -> Option<(Sign, usize)> {
        let quote = self.opening_quote();
        let mut rest = &self.text[self.end..];
        if !quote.is_empty() {
            rest = rest.strip_prefix(quote)?;
            rest = rest.strip_prefix(']').unwrap_or(rest);
        }
        let is_tag = self.before().ends_with('<') && rest.starts_with('>');
        let is_type = quote.is_empty()
            && self.word().starts_with(|letter: char| letter.is_ascii_uppercase())
            && rest.starts_with('(');
        let spaced = rest.trim_start_matches([' ', '\t']);
        let is_flag = self.word().starts_with("--") && spaced.len() < rest.len();
        let at = |rest: &str| self.text.len() - rest.len();
        let value = |rest: &'a str| at(rest.trim_start_matches([' ', '\t']));
        if is_tag {
            Some((Sign::Tag, at(&rest[1..])))
        } else if is_type {
            Some((Sign::Bracket, at(rest)))
        } else if let Some(rest) = spaced.strip_prefix("=>").or_else(|| spaced.strip_prefix(":=")) {
            Some((Sign::Equals, value(rest)))
        } else if let Some(rest) = spaced.strip_prefix('=').filter(|it| !it.starts_with('=')) {
            Some((Sign::Equals, value(rest)))
        } else if let Some(rest) = spaced.strip_prefix(':').filter(|it| !it.starts_with([':', '/']))
        {
            let is_spaced = rest.starts_with([' ', '\t']);
            Some((Sign::Colon { is_spaced }, value(rest)))
        } else if let Some(rest) = spaced.strip_prefix(',').filter(|_| self.is_in_pair(quote)) {
            Some((Sign::Comma, value(rest)))
        } else if is_flag && !spaced.starts_with('-') {
            Some((Sign::Space, at(spaced)))
        } else {
            None
        }
    }

    /// Returns the quote before the name, with the backslashes that escape it.
    fn opening_quote(self) -> &'a str {
        let before = self.before();
        let Some(inside) = before.strip_suffix(['"', '\'', '`']) else { return "" };
        &before[inside.trim_end_matches('\\').len()..]
    }

    /// Returns whether the name is the first of a pair, as in `("password", "..")`.
    fn is_in_pair(self, quote: &str) -> bool {
        !quote.is_empty() && self.before().trim_end_matches(quote).ends_with('(')
    }

    /// Returns whether the word is at a position where a name is, and not in a sentence or a path.
    fn is_a_name(self, sign: Sign, at: usize) -> bool {
        let before = self.before();
        if before.ends_with('/') {
            return false;
        }
        let value = self.text[at..].lines().next().unwrap_or_default();
        let is_flag = self.word().starts_with('-');
        match sign {
            _ if value.is_empty() => false,
            Sign::Equals | Sign::Comma | Sign::Tag => true,
            Sign::Bracket => is_password(self.word()),
            Sign::Space => !is_prose(value),
            Sign::Colon { .. } if !self.opening_quote().is_empty() || is_flag => true,
            // This may be a host and its port.
            Sign::Colon { is_spaced: false } => {
                is_password(self.word()) || !value.starts_with(|it: char| it.is_ascii_digit())
            }
            Sign::Colon { is_spaced: true } => {
                let before = before.trim_end_matches([' ', '\t']);
                let begins =
                    before.is_empty() || before.ends_with(|it: char| "\n{([,;|\"'`-".contains(it));
                let is_last = !value.trim_end().contains(' ');
                begins || is_last && (is_password(self.word()) || Self::is_part_of_a_name(before))
            }
        }
    }

    /// Returns whether the word before makes it a name: `access token` is one, `unexpected token` is not.
    fn is_part_of_a_name(before: &str) -> bool {
        const FIRST: [&str; 8] =
            ["access", "api", "auth", "bearer", "csrf", "refresh", "security", "session"];
        let word = before.rsplit(|letter: char| !letter.is_alphanumeric()).next();
        word.is_some_and(|word| FIRST.iter().any(|first| word.eq_ignore_ascii_case(first)))
    }

    fn until(self, sign: Sign, at: usize) -> Until {
        let word = self.word().to_ascii_lowercase();
        let is_header = word.contains("authorization") || word.contains("cookie");
        let before = self.before().trim_end();
        // A word of the value may be followed by a space, up to the `;`.
        let ahead = value::start(&self.text[at..], value::AHEAD);
        let behind = ahead.chars().find(|letter| "=;\n".contains(*letter));
        match sign {
            Sign::Tag => Until::Tag,
            Sign::Colon { .. } if is_header => Until::Line,
            Sign::Equals if before.ends_with(';') || behind == Some(';') => Until::Semicolon,
            Sign::Colon { is_spaced: true } if is_password(&word) && before.is_empty() => {
                Until::Line
            }
            _ => Until::Word,
        }
    }

    /// Returns the value's range, extended by what follows the name of a scheme at its beginning, as in `Bearer ..`.
    fn with_scheme(self, value: Range<usize>) -> Range<usize> {
        const SCHEMES: [&str; 5] = ["bearer", "basic", "digest", "negotiate", "token"];
        let is_scheme =
            SCHEMES.iter().any(|scheme| self.text[value.clone()].eq_ignore_ascii_case(scheme));
        let rest = &self.text[value.end..];
        let next = rest.trim_start_matches(' ');
        if !is_scheme || next.len() == rest.len() || next.is_empty() {
            return value;
        }
        let is_list = self.text[value.clone()].eq_ignore_ascii_case("digest");
        let until = if is_list { Until::Line } else { Until::Word };
        value.start..value::of(self.text, self.text.len() - next.len(), until).end
    }

    /// Returns the value of `Bearer ..` or `Basic ..` without another name.
    fn credentials(self) -> Option<Range<usize>> {
        let is_bearer = self.word().eq_ignore_ascii_case("bearer");
        let is_basic = self.word().eq_ignore_ascii_case("basic");
        if !is_bearer && !is_basic || !self.text[self.end..].starts_with(' ') {
            return None;
        }
        let value = value::of(self.text, self.end + 1, Until::Word);
        let text = &self.text[value.clone()];
        let is_random =
            text.bytes().any(|byte| byte.is_ascii_digit() || b"-_.~+/=".contains(&byte))
                || text.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
        let is_long = text.len() >= if is_basic { 8 } else { 4 };
        (is_random && is_long).then_some(value)
    }

    /// Returns the value behind the name, if it may contain a secret once its escapes are decoded, like a URL in the query of
    /// another URL.
    fn escaped_value(self) -> Option<Range<usize>> {
        let (sign, at) = self.sign().filter(|(sign, _)| *sign == Sign::Equals)?;
        let near = at + value::start(&self.text[at..], ESCAPED_LENGTH).len();
        let value = value::of(&self.text[..near], at, self.until(sign, at));
        self.text[value.clone()].contains('%').then_some(value)
    }
}

/// Returns whether the text continues a sentence behind the name of a flag.
fn is_prose(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "and", "as", "for", "has", "in", "is", "must", "not", "of", "option", "or", "to", "was",
        "with",
    ];
    let word = text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    WORDS.contains(&word)
}

/// Returns the text with URL escapes decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(code) = code.filter(|_| *first == b'%') {
            bytes.push(code);
            rest = rest.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
