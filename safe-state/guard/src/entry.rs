//! The bytes of an entry: its key, its value, and the schema of the value with the names of its fields and variants. So
//! a value can be shown without its type, and any `Serialize` value can be read back.

use std::any::type_name;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use safe_state_backends::value::{self, ReadError, Schema, Value};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};

use super::layout::Layout;
use crate::GuardError;

/// The most versions of a schema. Beyond that, the values under one key have too little in common, and a new schema
/// begins.
const MOST_VERSIONS: u32 = 16;

/// Makes the bytes of entries. It remembers the schema of each key.
#[derive(Debug, Default)]
pub(super) struct Entries {
    schemas: HashMap<Box<str>, KnownSchema>,
}

/// A schema, and its bytes.
#[derive(Debug, Default)]
struct KnownSchema {
    schema: Schema,
    bytes: Vec<u8>,
}

impl KnownSchema {
    fn new(schema: Schema) -> Self {
        // Serialising a schema into memory never fails.
        let bytes = postcard::to_stdvec(&schema).unwrap_or_default();
        KnownSchema { schema, bytes }
    }
}

impl Entries {
    /// Writes an entry into `room`. Returns how many bytes it takes; if they are more than the room, the entry is not
    /// complete.
    pub(super) fn write(
        &mut self,
        room: &mut [u8],
        key: &str,
        value: &impl Serialize,
    ) -> Result<usize, GuardError> {
        let len = u32::try_from(key.len()).map_err(|_| GuardError::LongKey { len: key.len() })?;
        let at = put(room, 0, &len.to_le_bytes());
        let at = put(room, at, key.as_bytes());
        let known = self.schemas.get(key);
        let known = known.filter(|known| known.schema.version() < MOST_VERSIONS);
        let schema = known.map_or_else(Cow::default, |known| Cow::Borrowed(&known.schema));
        let behind = room.get_mut(at..).unwrap_or_default();
        let (schema, len) = value::write_within(value, schema, behind).map_err(|error| {
            GuardError::Unserializable { key: key.to_owned(), reason: error.to_string() }
        })?;
        if let Cow::Owned(schema) = schema {
            self.schemas.insert(key.into(), KnownSchema::new(schema));
        }
        let at = at + len;
        let Some(known) = self.schemas.get(key) else { return Ok(at) };
        let at = put(room, at, &known.bytes);
        let at = put(room, at, &known.schema.version().to_le_bytes());
        // A schema is smaller than the names in the program, so its length always fits.
        let len = u32::try_from(known.bytes.len()).unwrap_or(u32::MAX);
        Ok(put(room, at, &len.to_le_bytes()))
    }

    /// Forgets the schema of a key.
    pub(super) fn forget(&mut self, key: &str) {
        self.schemas.remove(key);
    }
}

/// Copies bytes to the offset `at`, if the room is large enough. Returns the offset behind them.
fn put(room: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let end = at.saturating_add(bytes.len());
    if let Some(part) = room.get_mut(at..end) {
        part.copy_from_slice(bytes);
    }
    end
}

/// Returns the checksum of an entry as written by `commit`. So neither bytes that a crash has overwritten are accepted,
/// nor a version that belongs to another commit.
pub(super) fn checksum(commit: u64, entry: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&commit.to_le_bytes());
    hasher.update(entry);
    hasher.finalize()
}

/// Returns the range of an entry in the memory, if it lies within the data.
pub(super) fn bytes(layout: Layout, at: u64, len: u64) -> Option<Range<usize>> {
    let (at, len) = (usize::try_from(at).ok()?, usize::try_from(len).ok()?);
    let (data, end) = (layout.data(), at.checked_add(len)?);
    (data.start <= at && end <= data.end).then_some(at..end)
}

/// Returns the key of an entry, and the bytes of its value.
pub(super) fn split(entry: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = entry.split_first_chunk()?;
    let (key, value) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    Some((std::str::from_utf8(key).ok()?, value))
}

/// Reads a value of the type `T` from its bytes.
pub(super) fn value<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, GuardError> {
    read(bytes).map_err(|error| GuardError::OtherType {
        key: key.to_owned(),
        type_name: type_name::<T>(),
        reason: error.to_string(),
    })
}

/// Reads a value without its type, to show it; `None` if that fails.
pub(super) fn shown(bytes: &[u8]) -> Option<Value> {
    read(bytes).ok()
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReadError> {
    let (schema, version, bytes) =
        parts(bytes).ok_or_else(|| ReadError::custom("what is stored of its shape is damaged"))?;
    value::read(&schema, version, bytes)
}

fn parts(bytes: &[u8]) -> Option<(Schema, u32, &[u8])> {
    let (rest, len) = bytes.split_last_chunk()?;
    let (rest, version) = rest.split_last_chunk()?;
    let at = rest.len().checked_sub(u32::from_le_bytes(*len) as usize)?;
    let (value, schema) = rest.split_at_checked(at)?;
    let schema: Schema = postcard::from_bytes(schema).ok().filter(Schema::is_sound)?;
    Some((schema, u32::from_le_bytes(*version), value))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row<T> {
        id: u8,
        inner: T,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind<T> {
        Plain,
        New(T),
        Tuple(u8, T),
        Struct { inner: T },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Untold(Vec<u64>);

    impl Serialize for Untold {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.0.iter().filter(|number| **number < 1000))
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Nothing,
        Number(u8),
    }

    impl Entries {
        fn make(&mut self, key: &str, value: &impl Serialize) -> Result<Vec<u8>, GuardError> {
            let needed = self.write(&mut [], key, value)?;
            let mut room = vec![0; needed + 3];
            assert_eq!(self.write(&mut room, key, value)?, needed);
            room.truncate(needed);
            Ok(room)
        }
    }

    fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let mut entries = Entries::default();
        // The second time it is written by the schema of the first.
        for _ in 0..2 {
            let entry = entries.make("key", value).unwrap();
            let (key, bytes) = split(&entry).unwrap();
            assert_eq!((key, &super::value::<T>("key", bytes).unwrap()), ("key", value));
            assert!(shown(bytes).is_some());
        }
    }

    #[test]
    fn values_of_all_kinds_read_back() {
        reads_back(&Some(None::<u8>));
        reads_back(&Some(()));
        reads_back(&Some(Some(None::<String>)));
        reads_back(&None::<Option<u8>>);
        reads_back(&BTreeMap::from([(Some(()), 1)]));
        reads_back(&Row { id: 1, inner: vec![Some(None::<u8>), None] });
        reads_back(&[Kind::Plain, Kind::New(None), Kind::Tuple(1, Some(None::<u8>))]);
        reads_back(&Kind::Struct { inner: Some(()) });
        reads_back(&Untagged::Number(1));
        reads_back(&(i128::MIN, u128::MAX, '\u{fc}', 1.5_f32));
        reads_back(&Ok::<Option<u8>, ()>(None));
        reads_back(&"x".repeat(100_000));
        // This iterator does not tell how many elements it has.
        reads_back(&Untold((0..300).collect()));
    }

    #[test]
    fn values_of_other_types_follow_under_one_key() {
        let mut entries = Entries::default();
        for round in 0..40_u8 {
            let entry = match round % 3 {
                0 => entries.make("key", &round),
                1 => entries.make("key", &round.to_string()),
                _ => entries.make("key", &Row { id: round, inner: [round; 2] }),
            };
            let entry = entry.unwrap();
            let (_, bytes) = split(&entry).unwrap();
            match round % 3 {
                0 => assert_eq!(value::<u8>("key", bytes).unwrap(), round),
                1 => assert_eq!(value::<String>("key", bytes).unwrap(), round.to_string()),
                _ => assert_eq!(value::<Row<[u8; 2]>>("key", bytes).unwrap().id, round),
            }
            assert!(value::<bool>("key", bytes).is_err());
        }
    }

    #[test]
    fn fields_go_by_name() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Swapped {
            inner: u8,
            id: u8,
        }
        let entry = Entries::default().make("key", &Row { id: 1, inner: 2_u8 }).unwrap();
        let (_, bytes) = split(&entry).unwrap();
        assert_eq!(value::<Swapped>("key", bytes).unwrap(), Swapped { inner: 2, id: 1 });
        assert_eq!(shown(bytes).unwrap().to_string(), r#"{"id": 1, "inner": 2}"#);
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let entry = Entries::default().make("key", &Row { id: 1, inner: "text" }).unwrap();
        let (_, bytes) = split(&entry).unwrap();
        for len in 0..bytes.len() {
            assert!(value::<Row<String>>("key", &bytes[..len]).is_err(), "{len} bytes");
        }
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..2_000 {
            let mut bytes = bytes.to_vec();
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
            let _ = value::<Row<String>>("key", &bytes);
            let _ = shown(&bytes);
        }
    }
}
