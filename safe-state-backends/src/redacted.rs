//! URLs without their secrets, for messages.

/// Returns a URL for messages, without the parts that may be secret: its user, password and query. Of a URL that is malformed,
/// little is left.
pub fn redacted(url: &str) -> String {
    const HIDDEN: &str = "...";
    let Some((scheme, rest)) = url.split_once(':') else { return HIDDEN.to_owned() };
    let Some(rest) = rest.strip_prefix("//") else {
        // This is a path or a name, unless an `@` shows that it was meant to have an authority.
        let path = rest.split_once(['?', '#']).map_or(rest, |(path, _)| path);
        let shown = if rest.contains('@') { HIDDEN } else { path };
        return format!("{scheme}:{shown}");
    };
    let (user, address) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (address, _) = address.split_once(['?', '#']).unwrap_or((address, ""));
    let authority = address.split_once('/').map_or(address, |(authority, _)| authority);
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    // Otherwise the `@` was in a query, or the port is the password of a URL cut short.
    let is_plain = !user.contains(['?', '#']) && port.bytes().all(|byte| byte.is_ascii_digit());
    let user = if user.is_empty() { "" } else { "...@" };
    if is_plain { format!("{scheme}://{user}{address}") } else { format!("{scheme}://{HIDDEN}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_however_it_is_written() {
        for url in [
            "postgres://me:secret@host/db",
            "postgres://me:sec/secret@host/db",
            "postgres://me:se?secret@host/db",
            "postgres://me:secret@secret@host/db",
            "postgres://host/db?password=secret",
            "postgres://host/db?password=se@secret",
            "postgres://host/db#secret",
            "postgres://me:secret",
            "postgres://me:secret/db",
            "postgres:me:secret@host",
            "me-secret@host",
            "s3:?token=secret",
        ] {
            let shown = redacted(url);
            assert!(!shown.contains("secret"), "{url} is shown as {shown}");
        }
        assert_eq!(redacted("redis://[::1]:6379/0"), "redis://[::1]:6379/0");
        assert_eq!(redacted("sqlite:state.db"), "sqlite:state.db");
    }
}
