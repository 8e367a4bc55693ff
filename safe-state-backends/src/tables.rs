//! The tables of a backend in a database: their names, and the version of their columns.

use crate::Error;

/// The version that this release writes, and the newest it uses.
pub(crate) const VERSION: i64 = 1;

const PREFIX: &str = "safe_state";
const PREFIX_LIMIT: usize = 40;

/// The names of the tables. They are the only part of a statement that is not fixed or bound, so
/// they are made of letters, digits and `_` alone.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// One row: the version.
    pub(crate) meta: String,
    /// One row for each job that ever was: its epoch, its holder, its snapshot.
    pub(crate) jobs: String,
    /// The records behind the snapshots.
    pub(crate) records: String,
}

impl Tables {
    pub(crate) fn with_prefix(prefix: &str) -> Result<Self, Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let first = prefix.bytes().next().unwrap_or(b'0');
        if first.is_ascii_digit() || prefix.len() > PREFIX_LIMIT || !prefix.bytes().all(is_plain) {
            return Err(Error::TablePrefix(prefix.to_owned()));
        }
        Ok(Tables::named(prefix))
    }

    fn named(prefix: &str) -> Self {
        Tables {
            meta: format!("{prefix}_meta"),
            jobs: format!("{prefix}_jobs"),
            records: format!("{prefix}_records"),
        }
    }
}

impl Default for Tables {
    fn default() -> Self {
        Tables::named(PREFIX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_word() {
        for good in ["a", "_", "Team_7", &"a".repeat(40)] {
            assert_eq!(Tables::with_prefix(good).unwrap().jobs, format!("{good}_jobs"));
        }
        for bad in ["", "7a", "a b", "a;", "a.b", "\"a\"", "ä", "a\0", &"a".repeat(41)] {
            assert!(matches!(Tables::with_prefix(bad), Err(Error::TablePrefix(_))), "{bad}");
        }
    }
}
