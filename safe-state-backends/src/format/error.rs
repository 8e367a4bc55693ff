//! The reasons why bytes can't be read, or a state can't be written.

/// The format version that this release writes, and the newest that it reads.
pub const VERSION: u16 = 2;

/// The reason why bytes can't be read as a checkpoint, or a state can't be written as one.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin as a checkpoint does.
    #[error("this is not a file of safe-state")]
    Foreign,
    /// The bytes are of safe-state, but are no checkpoint.
    #[error("this is {0}; give each a name of its own")]
    OtherKind(&'static str),
    /// The bytes are a checkpoint of a format newer than this release.
    #[error(
        "format version {found} is newer than {VERSION}, the newest this release reads; update safe-state"
    )]
    Newer {
        /// The format version in the bytes.
        found: u16,
    },
    /// The bytes are a checkpoint that was damaged.
    #[error("damaged at byte {offset}: {what}")]
    Damaged {
        /// The offset in bytes at which the damage was noticed.
        offset: u64,
        /// The problem that was found there.
        what: &'static str,
    },
    /// The bytes are encrypted, and no key was given.
    #[error(
        "it is encrypted; give the job its key, by `encrypt = ..`, or the command, by `$SAFE_STATE_KEY_FILE`"
    )]
    Encrypted,
    /// The bytes are encrypted by a key that was not given.
    #[error(
        "it is encrypted by a key that was not given, with the mark {mark:02x?}; give that key as well, as an older one beside the new one"
    )]
    OtherKey {
        /// The mark of the key that the bytes were encrypted by.
        mark: [u8; 8],
    },
    /// A key was given, but the bytes are not encrypted.
    #[error(
        "it is not encrypted, but the job has a key; `EncryptionKeys::take_plain` takes over what was stored before the job had one"
    )]
    NotEncrypted,
    /// A record does not fit the format's 32-bit length.
    #[error(
        "a record of {0} bytes is larger than the format's 4 GiB; keep what is large in a file of its own, and carry its path"
    )]
    TooLarge(usize),
    /// Many workers share the job of the checkpoint, and the run shares nothing.
    #[error(
        "it is of a job whose items are shared by many workers; put `shared` back on its function, or clear the checkpoint"
    )]
    Shared,
    /// The change is more than a checkpoint can hold, and was not written.
    #[error(
        "{0}; put several variables into one struct, or several loops into a function of their own"
    )]
    TooMany(&'static str),
}

crate::debug_is_one_line!(FormatError);

pub(super) fn damaged(offset: usize, what: &'static str) -> FormatError {
    FormatError::Damaged { offset: offset as u64, what }
}
