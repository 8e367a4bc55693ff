//! The part of a URL in front of its host, which may contain a password.

use std::ops::Range;

use super::value;

/// The number of bytes behind `://` that are searched.
const FAR: usize = 2 * 1024;

/// The length from which a user's name is taken for a token.
const LONG_NAME: usize = 20;

/// The result of searching a URL.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The ranges of the secrets.
    pub(super) secrets: Vec<Range<usize>>,
    /// The position where the path begins, or what is behind the URL.
    pub(super) end: usize,
}

/// Finds the secrets in front of the host of the URL whose `://` is at `at`.
pub(super) fn look(text: &str, at: usize) -> Found {
    let start = at + "://".len();
    let url = &text[start..end_of_url(text, start)];
    let authority = &url[..end_of_authority(url)];
    let user_info = match authority.rfind('@') {
        Some(at) => Some(at),
        // Otherwise, the password contains an unescaped `/`, `?` or `#`.
        None if ends_with_port(authority) => None,
        None => url.rfind('@'),
    };
    let Some(length) = user_info else {
        let colon = authority.rfind(':').filter(|_| !ends_with_port(authority));
        // The URL was cut off in its password.
        let secrets = colon.map(|colon| start + colon + 1..start + authority.len());
        return Found { secrets: secrets.into_iter().collect(), end: start + authority.len() };
    };
    let is_web = text[..at].ends_with("http") || text[..at].ends_with("https");
    let (name, password) = match url[..length].find(':') {
        // Some services take a token in place of the name.
        Some(colon) if is_web && colon >= LONG_NAME => (0..colon, colon + 1..length),
        Some(colon) => (0..0, colon + 1..length),
        None if is_web => (0..length, 0..0),
        None => (0..0, 0..0),
    };
    let secrets = [name, password].into_iter().map(|it| start + it.start..start + it.end);
    Found { secrets: secrets.filter(|it| !it.is_empty()).collect(), end: start + length }
}

fn end_of_url(text: &str, start: usize) -> usize {
    let rest = value::start(&text[start..], FAR);
    // Another URL may follow behind a separator.
    let is_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+.-".contains(letter);
    let next = rest.find("://").map(|next| rest[..next].trim_end_matches(is_scheme).len());
    let rest = &rest[..next.unwrap_or(rest.len())];
    let ends = |letter: char| letter.is_whitespace() || "\"'<>`".contains(letter);
    let mut end = rest.find(ends).unwrap_or(rest.len());
    for escape in ["\\\"", "\\n", "\\r"] {
        end = rest[..end].find(escape).unwrap_or(end);
    }
    start + end
}

fn end_of_authority(url: &str) -> usize {
    let end = url.find(['/', '?', '#']).unwrap_or(url.len());
    // An example is `sqlserver://host;user=me;password=..`.
    match url[..end].split_once(';') {
        Some((host, options)) if !host.contains('@') && is_option(options) => host.len(),
        _ => end,
    }
}

fn is_option(text: &str) -> bool {
    let name = text.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
}

/// Returns whether the text behind the last `:` of each host is a port, where there is one.
fn ends_with_port(authority: &str) -> bool {
    authority.split(',').all(|host| match host.rsplit_once(':') {
        Some((name, port)) => {
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
            is_port
                || port.eq_ignore_ascii_case("port")
                || name.starts_with('[') && port.ends_with(']')
        }
        None => true,
    })
}
