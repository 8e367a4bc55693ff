//! What is not to be in a report: passwords and the like, known by the names they go by.

/// What stands in their place.
pub(super) const MASK: &str = "***";

const NAMES: [&str; 12] = [
    "passw",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "authorization",
    "cookie",
    "session",
];

/// Whether what goes by this name is to be kept secret.
pub(super) fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    NAMES.iter().any(|secret| plain.contains(secret))
}

/// The text with the password of each URL in it masked.
pub(super) fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(|it: char| "/?# \t\n\"'<>`,".contains(it)).unwrap_or(after.len());
        let (authority, behind) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                let user = user.split_once(':').map_or(user, |(user, _)| user);
                shown.extend([user, ":", MASK, "@", host]);
            }
            None => shown.push_str(authority),
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// A command line, each argument that may be a secret masked.
pub(super) fn command_line(arguments: impl Iterator<Item = String>) -> String {
    let mut hides_next = false;
    let shown = arguments.map(|argument| {
        let hides = std::mem::take(&mut hides_next);
        match argument.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
            _ if argument.starts_with('-') && is_secret(&argument) => {
                hides_next = true;
                argument
            }
            _ if hides => MASK.to_owned(),
            _ => without_passwords(&argument),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in ["password", "DB_PASSWD", "api-key", "x-Api_Key", "accessToken", "Set-Cookie"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["user", "key", "path", "monkey"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn urls_keep_all_but_the_password() {
        let text = "at postgres://me:s3:cr@t@db:5432/jobs?x=1, and http://a.example/@b";
        assert_eq!(
            without_passwords(text),
            "at postgres://me:***@db:5432/jobs?x=1, and http://a.example/@b"
        );
    }

    #[test]
    fn a_command_line_keeps_its_secrets() {
        let line =
            ["job", "--password", "hunter2", "--token=x", "KEY_SECRET=y", "redis://:p@h/0", "-v"];
        assert_eq!(
            command_line(line.into_iter().map(str::to_owned)),
            "job --password *** --token=*** KEY_SECRET=*** redis://:***@h/0 -v"
        );
    }
}
