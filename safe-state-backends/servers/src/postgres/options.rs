//! The options of a URL that the driver does not know, or knows by other names.

use tokio_postgres::Config;

/// The options of the driver.
#[rustfmt::skip]
const KNOWN: [&str; 17] = [
    "user", "password", "dbname", "options", "application_name", "sslnegotiation", "host", "hostaddr", "port",
    "connect_timeout", "tcp_user_timeout", "keepalives", "keepalives_idle", "keepalives_interval",
    "keepalives_retries", "channel_binding", "load_balance_hosts",
];

const TARGET: &str = "target_session_attrs";

/// The kind of host to use, among the several that a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The URL does not say.
    Unsaid,
    /// Any host that answers.
    Any,
    /// A host that accepts writes.
    Primary,
}

/// Takes the option that selects the host out of a URL. Returns it and the rest of the URL; or the error of an unknown option.
pub(super) fn taken_from(url: &str) -> Result<(Target, String), String> {
    let Some((address, query)) = url.split_once('?') else {
        return Ok((Target::Unsaid, url.to_owned()));
    };
    let mut target = Target::Unsaid;
    let mut others = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name == TARGET {
            target = named(value)?;
        } else if KNOWN.contains(&name) {
            others.push(pair);
        } else {
            return Err(format!(
                "there is no option `{name}`; there are `sslmode`, `sslrootcert`, `{TARGET}`, `{}`",
                KNOWN.join("`, `")
            ));
        }
    }
    let question = if others.is_empty() { "" } else { "?" };
    Ok((target, format!("{address}{question}{}", others.join("&"))))
}

/// Returns the `search_path` that the URL's `options` set.
pub(super) fn search_path(config: &Config) -> Option<String> {
    let words = words(config.get_options()?);
    let joined = words.iter().zip(words.iter().skip(1));
    let behind = joined.filter(|(flag, _)| *flag == "-c").map(|(_, setting)| setting.as_str());
    let within =
        words.iter().filter_map(|word| word.strip_prefix("--").or(word.strip_prefix("-c")));
    behind.chain(within).find_map(|it| Some(it.strip_prefix("search_path=")?.to_owned()))
}

/// Splits options at spaces, as the server does: one behind a backslash is a part of the word.
fn words(options: &str) -> Vec<String> {
    let (mut words, mut is_behind) = (vec![String::new()], false);
    let mut letters = options.chars();
    while let Some(letter) = letters.next() {
        let is_space = letter.is_ascii_whitespace();
        if is_space && !is_behind {
            words.push(String::new());
        } else if !is_space && let Some(word) = words.last_mut() {
            word.extend(if letter == '\\' { letters.next() } else { Some(letter) });
        }
        is_behind = is_space;
    }
    words.retain(|word| !word.is_empty());
    words
}

fn named(value: &str) -> Result<Target, String> {
    match value {
        "any" => Ok(Target::Any),
        "primary" | "read-write" => Ok(Target::Primary),
        "standby" | "read-only" => Err(format!(
            "its `{TARGET}` is `{value}`, and a run writes: name the primary, `{TARGET}=primary`"
        )),
        "prefer-standby" => Err(format!(
            "its `{TARGET}` is `{value}`: what a standby has may be older than what was saved, and a run writes; \
             write `{TARGET}=primary`"
        )),
        _ => Err(format!("its `{TARGET}` is none of `any`, `read-write`, `primary`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_for_a_primary_is_taken_out_of_the_url() {
        for (query, target, rest) in [
            ("", Target::Unsaid, ""),
            ("?", Target::Unsaid, ""),
            ("?target_session_attrs=primary", Target::Primary, ""),
            ("?user=a&target_session_attrs=read-write&port=1", Target::Primary, "?user=a&port=1"),
            ("?target_session_attrs=any&options=-c%20a=b", Target::Any, "?options=-c%20a=b"),
        ] {
            let (taken, url) = taken_from(&format!("postgres://a,b/c{query}")).unwrap();
            assert_eq!((taken, url), (target, format!("postgres://a,b/c{rest}")), "{query}");
        }
    }

    #[test]
    fn the_search_path_is_found_among_the_options() {
        let path = |options: &str| search_path(Config::new().options(options));
        for (options, found) in [
            ("-c search_path=a", Some("a")),
            ("-csearch_path=a", Some("a")),
            ("--search_path=a -c x=y", Some("a")),
            (r"  -c  x=y -c search_path=a,\ b", Some("a, b")),
            ("-c x=search_path=a", None),
            ("", None),
        ] {
            assert_eq!(path(options).as_deref(), found, "{options}");
        }
    }

    #[test]
    fn an_unknown_option_is_named_without_its_value() {
        for (query, why) in [
            ("color=secret", "there is no option `color`"),
            ("target_session_attrs=standby", "and a run writes"),
            ("target_session_attrs=prefer-standby", "may be older"),
            ("target_session_attrs=secret", "none of `any`, `read-write`, `primary`"),
        ] {
            let refused = taken_from(&format!("postgres://a/b?{query}")).unwrap_err();
            assert!(refused.contains(why) && !refused.contains("secret"), "{refused}");
        }
    }
}
