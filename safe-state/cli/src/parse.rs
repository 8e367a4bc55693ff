//! Reads values of options. An error says what to write.

use std::str::FromStr;
use std::time::Duration;

/// Parses a time such as `30s`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let expected = "expected a time such as `30s`, `5m`, `2h` or `30d`";
    humantime::parse_duration(text).map_err(|error| format!("{error}; {expected}"))
}

/// Parses a number that is not negative.
pub(super) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "expected a number such as `7`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_to_write() {
        assert_eq!(time("30d"), Ok(Duration::from_secs(30 * 24 * 3600)));
        for text in ["", "soon", "5", "-3s", "1parsec"] {
            assert!(time(text).unwrap_err().ends_with("or `30d`"), "{text}");
        }
        assert_eq!(number::<u16>("7"), Ok(7));
        for text in ["", "-3", "first", "70000"] {
            assert_eq!(number::<u16>(text).unwrap_err(), "expected a number such as `7`");
        }
    }
}
