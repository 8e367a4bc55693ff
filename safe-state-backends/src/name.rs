//! The names that jobs can have, and their encoding as file names and keys, one to one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Error;

pub(crate) const CHECKPOINT: &str = ".safestate";
pub(crate) const LOCK: &str = ".lock";
pub(crate) const PAGE: &str = ".page";
const TEMPORARY: &str = ".tmp";

/// The longest file name that file systems accept, in bytes.
pub(crate) const FILE_NAME_LIMIT: usize = 255;
/// The longest stem, in bytes, that leaves room for the longest suffix.
const STEM_LIMIT: usize = FILE_NAME_LIMIT - CHECKPOINT.len() - TEMPORARY.len();
/// The length of `%%` and 32 hexadecimal digits. No encoded name contains `%%`.
const HASH_LEN: usize = 2 + 32;

/// The beginning of names that belong to no job.
pub(crate) const RESERVED: &str = "safe-state/";
/// The beginning of the names of requests, which the job's name follows.
pub(crate) const REQUEST: &str = "safe-state/request/";

/// Returns whether the name is reserved, so that no job can have it.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED)
}

/// Checks that `job` can be a job's name.
///
/// # Errors
///
/// The name is empty, or reserved.
pub fn check_job(job: &str) -> Result<(), Error> {
    if is_reserved(job) {
        return Err(Error::ReservedName(job.to_owned()));
    }
    if job.is_empty() { Err(Error::EmptyName) } else { Ok(()) }
}

/// Returns the stem of the names of a job's files.
pub fn encode(job: &str) -> String {
    encode_within(job, STEM_LIMIT)
}

/// Encodes a name in at most `limit` bytes, of which a hash needs 34. A name that is too long ends in a hash.
pub fn encode_within(job: &str, limit: usize) -> String {
    let mut stem = String::with_capacity(job.len());
    for (at, byte) in job.bytes().enumerate() {
        // A leading dot would hide the file, or name a directory.
        let plain =
            byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && at > 0);
        if plain {
            stem.push(char::from(byte));
        } else {
            // Writing into a string can't fail.
            let _ = write!(stem, "%{byte:02X}");
        }
    }
    if stem.len() > limit {
        stem.truncate(limit.saturating_sub(HASH_LEN));
        let _ = write!(stem, "%%{:032x}", hash(job.as_bytes()));
    }
    stem
}

/// Returns the job whose encoded name is `stem`; `None` if the stem ends in a hash, or is no encoded name.
pub fn decode(stem: &str) -> Option<String> {
    let mut job = Vec::with_capacity(stem.len());
    let mut bytes = stem.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                job.push(u8::from_str_radix(digits, 16).ok()?);
            }
            byte => job.push(byte),
        }
    }
    let job = String::from_utf8(job).ok()?;
    (encode(&job) == stem).then_some(job)
}

/// Returns the path at which a checkpoint is written before it is renamed. Each checkpoint has one such path, used under its
/// lock: the next save overwrites what a crash leaves.
pub(crate) fn temporary(checkpoint: &Path) -> PathBuf {
    let mut name = checkpoint.as_os_str().to_owned();
    name.push(TEMPORARY);
    name.into()
}

/// [FNV-1a](https://www.ietf.org/archive/id/draft-eastlake-fnv-21.html), 128 bits. Two names
/// that share a hash are told apart by the name in the checkpoint.
pub(crate) fn hash(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn short_names_come_back(job in "\\PC{1,20}") {
            prop_assert_eq!(decode(&encode(&job)), Some(job));
        }

        #[test]
        fn names_never_share_a_file(a in "[a-c/%._]{1,3}|.{200,300}", b in "[a-c/%._]{1,3}|.{200,300}") {
            prop_assert_eq!(encode(&a) == encode(&b), a == b);
        }

        #[test]
        fn every_name_fits(job in ".{1,400}", limit in HASH_LEN..300) {
            prop_assert!(encode_within(&job, limit).len() <= limit);
            let stem = encode(&job);
            prop_assert!(stem.len() + CHECKPOINT.len() + TEMPORARY.len() <= 255);
            prop_assert!(!stem.contains('/') && !stem.starts_with('.') && stem.is_ascii());
        }
    }

    #[test]
    fn odd_names_stand_for_themselves() {
        assert_eq!(encode("a/b"), "a%2Fb");
        assert_eq!(encode("a_b"), "a_b");
        assert_eq!(encode(".."), "%2E.");
        assert_eq!(encode("my_crate::jobs::import"), "my_crate%3A%3Ajobs%3A%3Aimport");
    }

    #[test]
    fn a_long_name_and_its_own_stem_differ() {
        let long = "x".repeat(500);
        let stem = encode(&long);
        assert_eq!(decode(&stem), None);
        assert_ne!(encode(&stem), stem);
    }

    #[test]
    fn fnv_matches_its_published_vectors() {
        assert_eq!(hash(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(hash(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(hash(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }
}
