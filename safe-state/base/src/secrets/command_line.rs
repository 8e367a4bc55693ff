//! Secrets in the arguments of a program.

use super::names::secret;
use super::text::{MASK, masked};

/// Returns a command line with each secret masked.
pub fn command_line(arguments: impl Iterator<Item = String>) -> String {
    let arguments: Vec<String> = arguments.collect();
    // The clients of MySQL accept `-ume -ppassword`.
    let names_user = arguments.iter().any(|it| it.starts_with("-u") || it.starts_with("--user"));
    let mut next = Next::Anything;
    let shown = arguments.iter().map(|argument| {
        let (shown, following) = match next {
            Next::Secret(secret) if secret.hides(argument) => {
                (MASK.to_owned(), after_secret(argument))
            }
            Next::User => (without_password(argument), Next::Anything),
            _ => one(argument, names_user),
        };
        next = following;
        shown
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// The meaning of the next argument.
#[derive(Clone, Copy)]
enum Next {
    Anything,
    /// The value of a flag for a secret.
    Secret(super::names::Secret),
    /// A user name, which may have a password behind a `:`.
    User,
}

/// Returns an argument with its secrets masked, and the meaning of the next one.
fn one(text: &str, names_user: bool) -> (String, Next) {
    let is_flag = text.starts_with('-') && !text.contains(['=', ':', ' ', '/']);
    let is_open = text.ends_with([':', '=']) && !text.contains(' ');
    if let Some(secret) = secret(text).filter(|_| is_flag || is_open) {
        return (text.to_owned(), Next::Secret(secret));
    }
    if matches!(text, "-u" | "-U" | "--user" | "--proxy-user") {
        return (text.to_owned(), Next::User);
    }
    if text == "-p" && names_user {
        return (text.to_owned(), Next::Secret(super::names::Secret::Several));
    }
    if let Some(password) = text.strip_prefix("-p").filter(|_| names_user && is_flag)
        && !password.bytes().all(|byte| byte.is_ascii_digit())
    {
        return (format!("-p{MASK}"), Next::Anything);
    }
    for flag in ["--user=", "--proxy-user="] {
        if let Some(user) = text.strip_prefix(flag) {
            return (format!("{flag}{}", without_password(user)), Next::Anything);
        }
    }
    (argument(text), Next::Anything)
}

/// Returns the meaning of the argument behind a masked one: if that was the name of a scheme, the secret follows.
fn after_secret(argument: &str) -> Next {
    let is_scheme = ["bearer", "basic", "digest", "token"]
        .iter()
        .any(|scheme| argument.eq_ignore_ascii_case(scheme));
    if is_scheme { Next::Secret(super::names::Secret::One) } else { Next::Anything }
}

fn without_password(user: &str) -> String {
    match user.split_once(':') {
        Some((user, password)) if !password.is_empty() && !password.starts_with('/') => {
            format!("{user}:{MASK}")
        }
        _ => argument(user),
    }
}

/// Returns an argument or a value with each secret masked. A single word may be an address with a password in front of it.
pub(super) fn argument(text: &str) -> String {
    let shown = masked(text);
    if shown != text {
        return shown;
    }
    let quotes: &[char] = &['"', '\''];
    let word = text.trim_matches(quotes);
    let Some((user, host)) = word.rsplit_once('@').filter(|_| !word.contains(char::is_whitespace))
    else {
        return shown;
    };
    match user.split_once(':') {
        Some((name, password))
            if is_user(name, host) && !password.is_empty() && !password.starts_with("//") =>
        {
            text.replacen(&format!(":{password}@"), &format!(":{MASK}@"), 1)
        }
        _ => shown,
    }
}

/// Returns whether the name before a `:` is probably a user's, and the text behind the `@` a host.
fn is_user(name: &str, host: &str) -> bool {
    const OTHERS: [&str; 12] = [
        "acct", "bcc", "cc", "email", "from", "https", "mail", "mailto", "sip", "sips", "to",
        "xmpp",
    ];
    let is_digest = host.starts_with("sha256:") || host.starts_with("sha512:");
    let is_known = |name: &str| OTHERS.contains(&name.to_ascii_lowercase().as_str());
    !name.contains(['/', '@', '=']) && !host.contains("//") && !is_known(name) && !is_digest
}
