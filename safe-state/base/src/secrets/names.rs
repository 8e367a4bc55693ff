//! The names that secrets have.
//!
//! A name is a list of words: `db_password`, `dbPassword`, `DB-PASSWORD` and `db.password` are the same. A name is that of a
//! secret if one of its words says so, unless the last word says that the value is only about a secret, as in `token_count` or
//! `password_file`.

/// Words that mean a secret if they are a whole word.
const WORDS: [&str; 9] = ["pass", "pw", "pwd", "auth", "bearer", "session", "jwt", "otp", "passwd"];

/// Parts that occur only in words for secrets.
const PARTS: [&str; 14] = [
    "passw",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "accesskey",
    "accountkey",
    "privatekey",
    "secretkey",
    "credential",
    "authorization",
    "cookie",
    "sessionid",
    "sessid",
];

/// Ends of words for secrets.
const ENDS: [&str; 4] = ["token", "bearer", "pwd", "jwt"];

/// Words that make a `key` behind them a secret.
const BEFORE_KEY: [&str; 13] = [
    "api",
    "access",
    "private",
    "secret",
    "account",
    "signing",
    "encryption",
    "master",
    "shared",
    "auth",
    "storage",
    "service",
    "app",
];

/// Last words of names whose value is about a secret, and is none.
const ABOUT: [&str; 75] = [
    "age",
    "algorithm",
    "at",
    "attempts",
    "audience",
    "budget",
    "client",
    "count",
    "counts",
    "database",
    "date",
    "day",
    "db",
    "dir",
    "directory",
    "domain",
    "email",
    "enabled",
    "endpoint",
    "env",
    "error",
    "errors",
    "expired",
    "expires",
    "expiry",
    "file",
    "filename",
    "folder",
    "format",
    "host",
    "index",
    "issuer",
    "kind",
    "len",
    "length",
    "level",
    "limit",
    "login",
    "max",
    "mechanism",
    "method",
    "min",
    "mode",
    "name",
    "number",
    "offset",
    "path",
    "plugin",
    "policy",
    "position",
    "prompt",
    "provider",
    "realm",
    "region",
    "required",
    "role",
    "rules",
    "scheme",
    "scope",
    "server",
    "size",
    "source",
    "span",
    "status",
    "stdin",
    "time",
    "timeout",
    "total",
    "ttl",
    "type",
    "uri",
    "url",
    "used",
    "user",
    "username",
];

/// The meaning of a name for its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// The value is a secret.
    One,
    /// The value is several secrets, or their number.
    Several,
}

/// Returns whether a value with this name has to be kept secret.
pub fn is_secret(name: &str) -> bool {
    secret(name).is_some()
}

/// Returns the meaning of a name for its value; `None` if it is not about secrets.
pub(super) fn secret(name: &str) -> Option<Secret> {
    let words = words(name);
    let (first, last) = (words.first()?.as_str(), words.last()?.as_str());
    if first == "no" || words.len() > 1 && ABOUT.contains(&last) {
        return None;
    }
    let one = |is_several: bool| if is_several { Secret::Several } else { Secret::One };
    let secrets = words.iter().filter(|word| is_secret_word(word)).map(|word| one(is_plural(word)));
    let found: Vec<Secret> = secrets.chain(secret_keys(&words).map(one)).collect();
    if found.contains(&Secret::One) { Some(Secret::One) } else { found.first().copied() }
}

/// Returns whether the name is that of a password, by a word with no other meaning.
pub fn is_password(name: &str) -> bool {
    const UNMISTAKABLE: [&str; 4] = ["passw", "passphrase", "pwd", "secret"];
    let words = words(name);
    is_secret(name) && words.iter().any(|word| UNMISTAKABLE.iter().any(|part| word.contains(part)))
}

/// Returns the meaning of a name in the query of a URL, where further names are those of secrets.
pub(super) fn secret_in_query(name: &str) -> Option<Secret> {
    let in_queries = |word: &String| matches!(word.as_str(), "sig" | "signature");
    let words = words(name);
    let is_one = words.iter().any(in_queries) || matches!(words.as_slice(), [key] if key == "key");
    if is_one { Some(Secret::One) } else { secret(name) }
}

fn is_secret_word(word: &str) -> bool {
    let singular = word.strip_suffix('s').unwrap_or(word);
    WORDS.contains(&word)
        || singular == "session"
        || ENDS.iter().any(|end| singular.ends_with(end))
        || PARTS.iter().any(|part| word.contains(part)) && !word.contains("secretar")
}

fn is_plural(word: &str) -> bool {
    word.ends_with('s') && !matches!(word, "pass" | "access")
}

/// Returns for each `key` that is a secret whether it is a plural.
fn secret_keys(words: &[String]) -> impl Iterator<Item = bool> {
    words.windows(2).filter_map(|pair| match pair {
        [before, key] if BEFORE_KEY.contains(&before.as_str()) => match key.as_str() {
            "key" => Some(false),
            "keys" => Some(true),
            _ => None,
        },
        _ => None,
    })
}

/// Returns the words of a name in lower case, without numbers at their ends.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut letters = name.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        let next_is_lower = letters.peek().is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_uppercase() && next_is_lower);
        if begins || !letter.is_ascii_alphanumeric() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_ascii_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    words.push(word);
    let without_number =
        |word: String| word.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned();
    words.into_iter().map(without_number).filter(|word| !word.is_empty()).collect()
}
