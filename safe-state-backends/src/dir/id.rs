//! The identity of a file on this machine.

use std::fs::Metadata;

/// A file's device and its inode number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(u64, u64);

impl Id {
    #[cfg(unix)]
    pub(crate) fn of(file: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Id(file.dev(), file.ino())
    }

    /// Returns the same id for all files, as the standard library can't tell them apart here.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Id(0, 0)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn numbers(self) -> (u64, u64) {
        (self.0, self.1)
    }

    #[cfg(unix)]
    pub(super) fn new(device: u64, number: u64) -> Self {
        Id(device, number)
    }
}
