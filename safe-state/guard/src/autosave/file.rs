//! The file of an autosave: a header, the length of the contents, a checksum, and the contents, compressed. See
//! `docs/format.md`.

use std::fs::Permissions;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteBuf, Bytes};

use crate::reader::Snapshot;

/// The first byte is not ASCII, and the line ends reveal a transfer in text mode.
const MAGIC: [u8; 8] = *b"\x89SAVE\r\n\x1a";
const VERSION: u16 = 2;
/// The header: magic, version, reserved, and the checksum of the twelve bytes before it, as in checkpoints.
const HEADER_LEN: usize = 16;
/// The compression level: the fastest that still makes a small file.
const LEVEL: i32 = 1;

/// The contents of an autosave.
pub(super) struct Autosaved {
    pub(super) name: String,
    /// Why the job ended badly; `None` if it was running.
    pub(super) cause: Option<String>,
    pub(super) snapshot: Snapshot,
}

#[derive(Serialize)]
struct Writing<'a> {
    name: &'a str,
    cause: Option<String>,
    commit: u64,
    lost: usize,
    entries: Vec<(&'a str, &'a Bytes)>,
}

#[derive(Deserialize)]
struct Reading {
    name: String,
    cause: Option<String>,
    commit: u64,
    lost: usize,
    entries: Vec<(String, ByteBuf)>,
}

/// Replaces the file. The old one stays until the new one is durable.
pub(super) fn write(
    path: &Path,
    name: &str,
    cause: Option<String>,
    snapshot: &Snapshot,
) -> io::Result<()> {
    let bytes = encode(name, cause, snapshot)?;
    safe_state_backends::publish(path, |file| {
        // The data may be secret, so only the owner may read it.
        file.get_ref().set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(&bytes)
    })
}

fn encode(name: &str, cause: Option<String>, snapshot: &Snapshot) -> io::Result<Vec<u8>> {
    let entries = snapshot.entries.iter().map(|(key, value)| (key.as_str(), Bytes::new(value)));
    let (commit, lost) = (snapshot.commit, snapshot.lost);
    let contents = Writing { name, cause, commit, lost, entries: entries.collect() };
    let contents = postcard::to_stdvec(&contents).map_err(io::Error::other)?;
    let compressed = zstd::encode_all(&*contents, LEVEL)?;
    let len = (contents.len() as u64).to_le_bytes();
    let mut bytes = header(VERSION, 0).to_vec();
    bytes.extend(len);
    bytes.extend(checksum(&len, &compressed).to_le_bytes());
    bytes.extend(compressed);
    Ok(bytes)
}

/// Returns the contents of the file, or a text that says what is wrong with it.
pub(super) fn read(path: &Path) -> io::Result<Result<Autosaved, String>> {
    Ok(decode(&safe_state_backends::read_own(path)?))
}

fn decode(bytes: &[u8]) -> Result<Autosaved, String> {
    let rest = checked_header(bytes)?;
    let short = || "it is cut short".to_owned();
    let (len, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    let (stored, compressed) = rest.split_first_chunk::<4>().ok_or_else(short)?;
    if u32::from_le_bytes(*stored) != checksum(len, compressed) {
        return Err("its checksum is not that of its contents".to_owned());
    }
    let len = u64::from_le_bytes(*len);
    let contents = decompressed(compressed, len).map_err(|error| error.to_string())?;
    let Reading { name, cause, commit, lost, entries } =
        postcard::from_bytes(&contents).map_err(|error| error.to_string())?;
    let entries = entries.into_iter().map(|(key, value)| (key, value.into_vec().into())).collect();
    Ok(Autosaved { name, cause, snapshot: Snapshot { commit, entries, lost } })
}

/// Checks the header, and returns the bytes after it.
fn checked_header(bytes: &[u8]) -> Result<&[u8], String> {
    let (found, rest) = bytes.split_first_chunk::<HEADER_LEN>().ok_or("it is cut short")?;
    if found[..8] != MAGIC {
        return Err("it is no autosave".to_owned());
    }
    let (version, reserved) = ([found[8], found[9]], [found[10], found[11]]);
    let version = u16::from_le_bytes(version);
    if *found != header(version, u16::from_le_bytes(reserved)) {
        return Err("its header is not whole".to_owned());
    }
    if version < VERSION {
        return Err(format!(
            "its format, version {version}, is of a release that stored values as MessagePack; recover it by a program \
             with that release"
        ));
    }
    if version != VERSION {
        return Err(format!("its format, version {version}, is newer than this program"));
    }
    Ok(rest)
}

fn header(version: u16, reserved: u16) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..8].copy_from_slice(&MAGIC);
    header[8..10].copy_from_slice(&version.to_le_bytes());
    header[10..12].copy_from_slice(&reserved.to_le_bytes());
    let checksum = crc32fast::hash(&header[..12]);
    header[12..].copy_from_slice(&checksum.to_le_bytes());
    header
}

fn checksum(len: &[u8], compressed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(len);
    hasher.update(compressed);
    hasher.finalize()
}

/// Decompresses at most `len` bytes, whatever the data would expand to.
fn decompressed(compressed: &[u8], len: u64) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    zstd::Decoder::with_buffer(compressed)?.take(len).read_to_end(&mut contents)?;
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Snapshot {
        let entries = [("at", vec![7]), ("rows", vec![3; 200])];
        let entries = entries.map(|(key, value)| (key.to_owned(), value.into_boxed_slice()));
        Snapshot { commit: 9, entries: entries.into(), lost: 0 }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = encode("import", Some("killed".into()), &sample()).unwrap();
        let read = decode(&bytes).ok().unwrap();
        assert_eq!((&*read.name, read.cause.as_deref()), ("import", Some("killed")));
        assert_eq!(read.snapshot, sample());
    }

    #[test]
    fn every_part_is_refused_and_every_bit_matters() {
        let bytes = encode("import", None, &sample()).unwrap();
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len]).is_err(), "{len} bytes");
        }
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped).is_err(), "bit {bit}");
        }
        let longer = [&*bytes, &[0]].concat();
        assert!(decode(&longer).is_err());
    }

    /// Checksums do not protect against a forged file, which can have right ones.
    #[test]
    fn whatever_is_in_a_file_is_an_error_at_worst() {
        let mut random = fastrand::Rng::with_seed(11);
        for round in 0..3_000 {
            let mut contents: Vec<u8> = (0..random.usize(..80)).map(|_| random.u8(..)).collect();
            if round % 2 == 0 {
                contents = zstd::encode_all(&*contents, LEVEL).unwrap();
            }
            let len = random.u64(..) >> random.u32(..64);
            let mut bytes = header(VERSION, 0).to_vec();
            bytes.extend(len.to_le_bytes());
            bytes.extend(checksum(&len.to_le_bytes(), &contents).to_le_bytes());
            bytes.extend(contents);
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_newer_format_is_told_of() {
        let mut bytes = encode("import", None, &sample()).unwrap();
        bytes[..HEADER_LEN].copy_from_slice(&header(3, 0));
        assert!(decode(&bytes).err().unwrap().contains("version 3, is newer"));
    }

    #[test]
    fn an_older_format_is_told_of() {
        let mut bytes = encode("import", None, &sample()).unwrap();
        bytes[..HEADER_LEN].copy_from_slice(&header(1, 0));
        assert!(decode(&bytes).err().unwrap().contains("version 1, is of a release"));
    }
}
