//! The TLS options of a database URL.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// The verification of the server, in the words of PostgreSQL's own library and of MySQL's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SslMode {
    Disable,
    /// Encrypted if the server supports it; any server is accepted.
    #[default]
    Prefer,
    /// Encrypted; any server is accepted.
    Require,
    /// Encrypted; the server needs a certificate of a trusted authority.
    VerifyCa,
    /// Encrypted; the server needs a certificate of a trusted authority for the name in the URL.
    VerifyFull,
}

/// The names of a URL's options in a database's own library, and in our docs.
#[derive(Debug)]
pub(crate) struct Words {
    mode: &'static str,
    authorities: &'static str,
    verify_full: &'static str,
}

/// The names for PostgreSQL.
#[cfg(any(feature = "postgres", test))]
pub(crate) const POSTGRES: Words =
    Words { mode: "sslmode", authorities: "sslrootcert", verify_full: "verify-full" };

/// The names for MySQL.
#[cfg(any(feature = "mysql", test))]
pub(crate) const MYSQL: Words =
    Words { mode: "ssl-mode", authorities: "ssl-ca", verify_full: "verify-identity" };

/// The TLS options of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ssl {
    pub(crate) mode: SslMode,
    /// The file with the authorities to trust instead of the system's.
    pub(crate) authorities: Option<PathBuf>,
}

impl Ssl {
    /// Takes the TLS options out of a URL. Returns them and the rest of the URL.
    pub(crate) fn taken_from(url: &str, words: &Words) -> Result<(Ssl, String), String> {
        let twice = |name| format!("it has `{name}` more than once; say it once");
        let mut ssl = Ssl::default();
        let Some((address, query)) = url.split_once('?') else { return Ok((ssl, url.to_owned())) };
        let mut mode = None;
        let mut others = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("sslmode" | "ssl-mode", _)) if mode.is_some() => {
                    return Err(twice(words.mode));
                }
                Some(("sslrootcert" | "ssl-ca", _)) if ssl.authorities.is_some() => {
                    return Err(twice(words.authorities));
                }
                Some(("sslmode" | "ssl-mode", word)) => mode = Some(SslMode::named(word, words)?),
                Some(("sslrootcert" | "ssl-ca", path)) => {
                    let path = percent_decode_str(path).decode_utf8_lossy();
                    ssl.authorities = Some(PathBuf::from(&*path));
                }
                _ => others.push(pair),
            }
        }
        ssl.mode = match (mode.unwrap_or_default(), &ssl.authorities) {
            // With `require`, naming authorities means that one of them has to have issued the certificate, as in PostgreSQL's
            // library.
            (SslMode::Require, Some(_)) => SslMode::VerifyCa,
            (mode, _) => mode,
        };
        let question = if others.is_empty() { "" } else { "?" };
        Ok((ssl, format!("{address}{question}{}", others.join("&"))))
    }

    /// Returns whether an unencrypted connection is acceptable.
    #[cfg(any(
        all(feature = "postgres", not(feature = "postgres-tls")),
        all(feature = "mysql", not(feature = "mysql-tls"))
    ))]
    pub(crate) fn is_optional(&self) -> bool {
        matches!(self.mode, SslMode::Disable | SslMode::Prefer)
    }

    #[cfg(any(feature = "postgres-tls", feature = "mysql-tls"))]
    pub(crate) fn verifies(&self) -> bool {
        matches!(self.mode, SslMode::VerifyCa | SslMode::VerifyFull)
    }
}

impl SslMode {
    fn named(word: &str, words: &Words) -> Result<Self, String> {
        let Words { mode, verify_full, .. } = words;
        let word = word.to_ascii_lowercase().replace('_', "-");
        Ok(match word.as_str() {
            "disable" | "disabled" => SslMode::Disable,
            "prefer" | "preferred" => SslMode::Prefer,
            "require" | "required" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" | "verify-identity" => SslMode::VerifyFull,
            _ => {
                return Err(format!(
                    "its `{mode}` is none of `disable`, `prefer`, `require`, `verify-ca`, `{verify_full}`"
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(query: &str) -> (SslMode, Option<PathBuf>, String) {
        let (ssl, rest) = Ssl::taken_from(&format!("db://host/x{query}"), &POSTGRES).unwrap();
        (ssl.mode, ssl.authorities, rest)
    }

    #[test]
    fn the_tls_mode_is_taken_out_of_the_url() {
        let rest = || "db://host/x".to_owned();
        assert_eq!(taken(""), (SslMode::Prefer, None, rest()));
        assert_eq!(taken("?sslmode=disable"), (SslMode::Disable, None, rest()));
        assert_eq!(taken("?ssl-mode=VERIFY_IDENTITY"), (SslMode::VerifyFull, None, rest()));
        let (mode, authorities, rest) = taken("?a=1&sslmode=verify-ca&sslrootcert=/a%20b&c=2");
        assert_eq!((mode, rest.as_str()), (SslMode::VerifyCa, "db://host/x?a=1&c=2"));
        assert_eq!(authorities, Some("/a b".into()));
    }

    #[test]
    fn authorities_that_are_named_are_asked() {
        assert_eq!(taken("?sslmode=require").0, SslMode::Require);
        assert_eq!(taken("?sslmode=require&ssl-ca=ca.pem").0, SslMode::VerifyCa);
        assert_eq!(taken("?ssl-ca=ca.pem").0, SslMode::Prefer);
    }

    #[test]
    fn unknown_tls_modes_are_refused() {
        let refusal = |query: &str, words| {
            Ssl::taken_from(&format!("db://host/x?{query}"), words).unwrap_err()
        };
        let text = refusal("sslmode=allow", &POSTGRES);
        assert!(
            text.contains("`sslmode` is none of `disable`") && text.ends_with("`verify-full`"),
            "{text}"
        );
        let text = refusal("ssl-mode=bogus", &MYSQL);
        assert!(
            text.contains("its `ssl-mode` is none") && text.ends_with("`verify-identity`"),
            "{text}"
        );
    }

    #[test]
    fn a_tls_option_that_is_given_twice_is_refused() {
        for (query, words, name) in [
            ("sslmode=disable&sslmode=require", &POSTGRES, "sslmode"),
            ("sslmode=disable&a=1&sslmode=disable", &POSTGRES, "sslmode"),
            ("sslmode=require&ssl-mode=disable", &MYSQL, "ssl-mode"),
            ("ssl-ca=a&ssl-ca=b", &MYSQL, "ssl-ca"),
            ("sslrootcert=a&sslrootcert=b", &POSTGRES, "sslrootcert"),
        ] {
            let text = Ssl::taken_from(&format!("db://host/x?{query}"), words).unwrap_err();
            assert!(text.contains(&format!("`{name}` more than once")), "{text}");
        }
    }
}
