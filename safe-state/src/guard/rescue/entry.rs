//! The bytes of an entry: its key, and its value as [MessagePack](https://msgpack.org), with the names of fields. So a value
//! can be looked at without its type, and whatever is `Serialize` reads back, or is refused.

use std::any::type_name;
use std::io::{self, Write};
use std::ops::Range;

use rmp_serde::Serializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::faithful::Faithful;
use super::layout::Layout;
use crate::guard::GuardError;

/// Writes as much as there is room for, and counts on.
pub(super) struct Fill<'a> {
    room: &'a mut [u8],
    needed: usize,
}

impl Fill<'_> {
    /// How many bytes the entry takes; if that is more than there is room for, it is not whole.
    pub(super) fn entry(
        room: &mut [u8],
        key: &str,
        value: &impl Serialize,
    ) -> Result<usize, GuardError> {
        let mut fill = Fill { room, needed: 0 };
        let len = u32::try_from(key.len()).map_err(|_| GuardError::LongKey { len: key.len() })?;
        fill.put(&len.to_le_bytes());
        fill.put(key.as_bytes());
        let mut serializer = Serializer::new(&mut fill).with_struct_map();
        Faithful::new(value).serialize(&mut serializer).map_err(|error| {
            GuardError::Unserializable { key: key.to_owned(), reason: error.to_string() }
        })?;
        Ok(fill.needed)
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.needed.saturating_add(bytes.len());
        if let Some(room) = self.room.get_mut(self.needed..end) {
            room.copy_from_slice(bytes);
        }
        self.needed = end;
    }
}

impl Write for Fill<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Of what was written by a commit, so that neither what a crash has scribbled over counts, nor a version
/// that was meant for another commit.
pub(super) fn checksum(commit: u64, entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&commit.to_le_bytes());
    hasher.update(entry);
    hasher.finalize()
}

/// Where an entry lies, if it lies among the data.
pub(super) fn bytes(layout: Layout, at: u64, len: u64) -> Option<Range<usize>> {
    let (at, len) = (usize::try_from(at).ok()?, usize::try_from(len).ok()?);
    let (data, end) = (layout.data(), at.checked_add(len)?);
    (data.start <= at && end <= data.end).then_some(at..end)
}

/// Its key and its value's bytes.
pub(super) fn split(entry: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = entry.split_first_chunk()?;
    let (key, value) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    Some((std::str::from_utf8(key).ok()?, value))
}

/// The value that the bytes are.
pub(super) fn value<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, GuardError> {
    rmp_serde::from_slice(bytes).map_err(|error| GuardError::OtherType {
        key: key.to_owned(),
        type_name: type_name::<T>(),
        reason: error.to_string(),
    })
}
