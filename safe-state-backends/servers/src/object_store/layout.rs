//! The names and sizes of the objects.
//!
//! ```text
//! PREFIX/conditions                     created twice, to learn whether the store refuses that
//! PREFIX/conditions-NUMBER              created by several at a time, for the same, and removed
//! PREFIX/conditions-hold                says that the store refused
//! PREFIX/JOB.job/clock                  written to learn what time it is
//! PREFIX/JOB.job/EPOCH/lease            who took the epoch, for how long; nothing when given back
//! PREFIX/JOB.job/EPOCH/NUMBER           what that run saved, one after the other
//! ```
//!
//! A seal is empty, and the mark of a deletion has one byte, so that a list tells them from saves. It does not tell a snapshot
//! from a record. Numbers have leading zeros, so that they sort as text.

use ::object_store::path::{Error, Path};

/// The length of the head of a saved object: its kind, and the version of this layout.
pub(super) const HEAD: usize = 2;
pub(super) const SNAPSHOT: [u8; HEAD] = *b"S1";
pub(super) const RECORD: [u8; HEAD] = *b"R1";
pub(super) const DELETED: &[u8] = b"D";
pub(super) const SEAL: &[u8] = b"";

const JOB: &str = ".job";
const LEASE: &str = "lease";

/// The path below which all objects are.
#[derive(Clone, Debug)]
pub(super) struct Layout(Path);

/// The role of a job's object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    Lease { epoch: u64 },
    Saved { epoch: u64, number: u64 },
}

impl Layout {
    pub(super) fn below(prefix: &str) -> Result<Self, Error> {
        Path::parse(prefix).map(Layout)
    }

    pub(super) fn prefix(&self) -> &Path {
        &self.0
    }

    /// Returns the directory of a job. The suffix is there because some stores accept no name that ends in a dot, as a key may.
    pub(super) fn job(&self, key: &str) -> Path {
        self.at(&format!("{key}{JOB}"))
    }

    /// Returns the path of the object by which each process tests the store. No job's objects are below it.
    pub(super) fn conditions(&self) -> Path {
        self.at("conditions")
    }

    /// Returns the path of an object that several create at a time.
    pub(super) fn contested(&self, number: u64) -> Path {
        self.at(&format!("conditions-{number:016x}"))
    }

    /// Returns the path of the mark of a store that has passed its test.
    pub(super) fn conditions_hold(&self) -> Path {
        self.at("conditions-hold")
    }

    pub(super) fn clock(&self, key: &str) -> Path {
        self.at(&format!("{key}{JOB}/clock"))
    }

    /// Returns a path behind those of all epochs of a job, and before its clock.
    pub(super) fn behind_epochs(&self, key: &str) -> Path {
        self.at(&format!("{key}{JOB}/a"))
    }

    pub(super) fn epoch(&self, key: &str, epoch: u64) -> Path {
        self.at(&format!("{key}{JOB}/{epoch:020}"))
    }

    pub(super) fn lease(&self, key: &str, epoch: u64) -> Path {
        self.at(&format!("{key}{JOB}/{epoch:020}/{LEASE}"))
    }

    pub(super) fn saved(&self, key: &str, epoch: u64, number: u64) -> Path {
        self.at(&format!("{key}{JOB}/{epoch:020}/{number:020}"))
    }

    /// Returns a path below the prefix, unchanged: the escapes in a key are not escaped again.
    fn at(&self, rest: &str) -> Path {
        let slash = if self.0.as_ref().is_empty() { "" } else { "/" };
        let path = format!("{}{slash}{rest}", self.0);
        Path::parse(&path).unwrap_or_else(|_| Path::from(path))
    }

    /// Returns the key of the job that an object belongs to, and the object's role; `None` if it is not ours.
    pub(super) fn read(&self, path: &Path) -> Option<(String, Name)> {
        let mut parts = path.prefix_match(&self.0)?;
        let key = parts.next()?.as_ref().strip_suffix(JOB)?.to_owned();
        let epoch = parts.next()?.as_ref().parse().ok()?;
        let name = match parts.next()?.as_ref() {
            LEASE => Name::Lease { epoch },
            number => Name::Saved { epoch, number: number.parse().ok()? },
        };
        parts.next().is_none().then_some((key, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for prefix in ["", "a", "a/b c"] {
            let layout = Layout::below(prefix).unwrap();
            for key in ["job", "a%2Fb", "%2E.", "a."] {
                let read = |path: &Path| layout.read(path);
                let lease = Some((key.to_owned(), Name::Lease { epoch: 7 }));
                assert_eq!(read(&layout.lease(key, 7)), lease);
                let saved = Some((key.to_owned(), Name::Saved { epoch: 7, number: 12 }));
                assert_eq!(read(&layout.saved(key, 7, 12)), saved);
                assert_eq!(read(&layout.clock(key)), None);
                assert!(layout.saved(key, 7, 12) > layout.epoch(key, 7));
                assert!(layout.saved(key, 7, 12) < layout.epoch(key, 8));
                assert!(layout.epoch(key, u64::MAX) < layout.behind_epochs(key));
                assert!(layout.behind_epochs(key) < layout.clock(key));
            }
        }
        assert_eq!(Layout::below("a").unwrap().read(&Path::from("b/c.job/1/lease")), None);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        assert!(Layout::below("a//b").is_err());
        assert!(Layout::below("a/../b").is_err());
    }
}
