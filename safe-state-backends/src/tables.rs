//! The tables of a database backend: their names, and the version of their columns.

use crate::Error;

/// The version of the tables that this release creates, and the newest that it can use.
pub const VERSION: i64 = 1;

/// The error of tables of a newer release.
#[derive(Debug, thiserror::Error)]
#[error(
    "its tables are of version {0}, newer than {VERSION}, the newest this release uses; update safe-state"
)]
pub struct TooNew(i64);

pub fn check_version(found: i64) -> Result<(), TooNew> {
    if found > VERSION { Err(TooNew(found)) } else { Ok(()) }
}

/// The error of tables that are missing and can't be created.
#[derive(Debug, thiserror::Error)]
#[error(
    "the tables `{meta}`, `{jobs}` and `{records}` are not all there, and this user may not make \
     them: let one who may run the statements that the backend's `schema()` gives"
)]
pub struct NotMade<E> {
    meta: String,
    jobs: String,
    records: String,
    source: E,
}

const PREFIX: &str = "safe_state";
const PREFIX_LIMIT: usize = 40;

/// The names of the tables, and of the function beside them. They are the only parts of a statement that are neither fixed nor
/// bound, so they may consist only of letters, digits and `_`.
#[derive(Clone, Debug)]
pub struct Tables {
    /// The table with the version.
    pub meta: String,
    /// The table with one row for each job that ever existed: its epoch, its holder, and with SQLite its snapshot.
    pub jobs: String,
    /// The table with the records behind the snapshots. Except with SQLite, a snapshot is record 0.
    pub records: String,
    /// The name of PostgreSQL's function that adds a record.
    pub append: String,
}

impl Tables {
    pub fn with_prefix(prefix: &str) -> Result<Self, Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let first = prefix.bytes().next().unwrap_or(b'0');
        if first.is_ascii_digit() || prefix.len() > PREFIX_LIMIT || !prefix.bytes().all(is_plain) {
            return Err(Error::TablePrefix(prefix.to_owned()));
        }
        Ok(Tables::named(prefix))
    }

    /// Makes the error of tables that this user may not create.
    pub fn not_made<E>(&self, source: E) -> NotMade<E> {
        let Tables { meta, jobs, records, .. } = self.clone();
        NotMade { meta, jobs, records, source }
    }

    fn named(prefix: &str) -> Self {
        Tables {
            meta: format!("{prefix}_meta"),
            jobs: format!("{prefix}_jobs"),
            records: format!("{prefix}_records"),
            append: format!("{prefix}_append"),
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
