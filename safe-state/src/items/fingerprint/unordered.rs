//! Serialises values without regard to the order of their maps, which differs in each process.
//!
//! A map is replaced by the number of its entries and the sum of their hashes. A list that does not tell its length at
//! first, which Postcard refuses, is replaced by its length and a hash. All else serialises as usual. A set can't be
//! told from a list.

use std::cell::Cell;
use std::fmt::Display;
use std::hash::Hasher;
use std::io;

use safe_state_backends::Carry;
use serde::ser::{self, Error as _, Serialize, Serializer};
use siphasher::sip::SipHasher13;

/// A value that serialises without regard to the order of its maps.
pub(crate) struct Unordered<'a, T: ?Sized> {
    value: &'a T,
    walk: &'a Walk,
}

/// The limit on what is looked at in maps, and what was found on the way.
pub(crate) struct Walk {
    /// The most bytes of one map that are hashed. Of a larger map only the length counts.
    limit: usize,
    /// The bytes of all map entries so far.
    walked: Cell<usize>,
    /// Whether a NaN has been met.
    has_nan: Cell<bool>,
}

/// A carried value, serialised as it is shown.
struct Shown<'a, T>(&'a T);

impl<T: Carry> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.show(serializer)
    }
}

impl Walk {
    /// Makes a walk that looks at no more than `limit` bytes of a map.
    pub(crate) fn within(limit: usize) -> Self {
        Walk { limit, walked: Cell::new(0), has_nan: Cell::new(false) }
    }

    /// Returns whether the value contains a NaN, which is not equal to itself.
    pub(crate) fn finds_nan<T: Carry>(value: &T) -> bool {
        let walk = Walk::within(usize::MAX);
        // An error is ignored here: it is reported where the value is stored.
        let _ = postcard::to_io(&walk.of(&Shown(value)), io::sink());
        walk.has_nan.get()
    }

    /// Returns the value, to be serialised without regard to the order of its maps.
    pub(crate) fn of<'a, T: ?Sized>(&'a self, value: &'a T) -> Unordered<'a, T> {
        Unordered { value, walk: self }
    }
}

impl<T: Serialize + ?Sized> Serialize for Unordered<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Through { inner: serializer, walk: self.walk })
    }
}

/// A serializer that passes everything but maps on to another serializer.
struct Through<'a, S> {
    inner: S,
    walk: &'a Walk,
}

macro_rules! as_they_are {
    ($($method:ident($($argument:ident: $ty:ty),*);)*) => { $(
        fn $method(self $(, $argument: $ty)*) -> Result<S::Ok, S::Error> {
            self.inner.$method($($argument),*)
        }
    )* };
}

macro_rules! parts {
    ($($method:ident($($argument:ident: $ty:ty),*) -> $parts:ident;)*) => { $(
        fn $method(self $(, $argument: $ty)*) -> Result<Self::$parts, S::Error> {
            let inner = self.inner.$method($($argument),*)?;
            Ok(Through { inner, walk: self.walk })
        }
    )* };
}

impl<'a, S: Serializer> Serializer for Through<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Sequence<'a, S>;
    type SerializeTuple = Through<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Through<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Through<'a, S::SerializeTupleVariant>;
    type SerializeMap = Entries<'a, S>;
    type SerializeStruct = Through<'a, S::SerializeStruct>;
    type SerializeStructVariant = Through<'a, S::SerializeStructVariant>;

    as_they_are! {
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_i128(value: i128);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_u128(value: u128);
        serialize_char(value: char);
        serialize_str(value: &str);
        serialize_bytes(value: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    parts! {
        serialize_tuple(length: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, length: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, length: usize)
            -> SerializeTupleVariant;
        serialize_struct(name: &'static str, length: usize) -> SerializeStruct;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, length: usize)
            -> SerializeStructVariant;
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.walk.has_nan.set(self.walk.has_nan.get() || value.is_nan());
        self.inner.serialize_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.walk.has_nan.set(self.walk.has_nan.get() || value.is_nan());
        self.inner.serialize_f64(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&self.walk.of(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &self.walk.of(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_variant(name, index, variant, &self.walk.of(value))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Sequence<'a, S>, S::Error> {
        let Through { inner, walk } = self;
        Ok(match length {
            Some(_) => Sequence::Identified(Through { inner: inner.serialize_seq(length)?, walk }),
            None => Sequence::Unknown { inner, walk, count: 0, front: Front::of_limit(walk.limit) },
        })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a, S>, S::Error> {
        let Through { inner, walk } = self;
        Ok(Entries { inner, walk, begun: walk.walked.get(), count: 0, sum: 0, entry: None })
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident($($key:ident: $ty:ty)?);)*) => { $(
        impl<S: ser::$trait> ser::$trait for Through<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: $ty,)?
                value: &T,
            ) -> Result<(), S::Error> {
                self.inner.$method($($key,)? &self.walk.of(value))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )* };
}

elements! {
    SerializeTuple serialize_element();
    SerializeTupleStruct serialize_field();
    SerializeTupleVariant serialize_field();
    SerializeStruct serialize_field(name: &'static str);
    SerializeStructVariant serialize_field(name: &'static str);
}

/// The elements of a list.
enum Sequence<'a, S: Serializer> {
    /// A list that has told its length.
    Identified(Through<'a, S::SerializeSeq>),
    Unknown {
        inner: S,
        walk: &'a Walk,
        count: u64,
        front: Front,
    },
}

impl<S: Serializer> ser::SerializeSeq for Sequence<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        match self {
            Sequence::Identified(it) => it.inner.serialize_element(&it.walk.of(value)),
            Sequence::Unknown { walk, count, front, .. } => {
                *count += 1;
                if front.left == 0 {
                    return Ok(());
                }
                let written = postcard::to_io(&walk.of(value), front).map(drop);
                written.map_err(S::Error::custom)
            }
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        match self {
            Sequence::Identified(it) => it.inner.end(),
            Sequence::Unknown { inner, count, front, .. } => {
                (count, front.hasher.finish()).serialize(inner)
            }
        }
    }
}

/// Hashes the first bytes of a list, up to a limit.
struct Front {
    hasher: SipHasher13,
    left: usize,
}

impl Front {
    fn of_limit(limit: usize) -> Self {
        Front { hasher: SipHasher13::new(), left: limit }
    }
}

impl io::Write for Front {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.left);
        self.hasher.write(&bytes[..taken]);
        self.left -= taken;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The entries of a map.
struct Entries<'a, S> {
    inner: S,
    walk: &'a Walk,
    /// The bytes that had been walked when the map began.
    begun: usize,
    count: u64,
    sum: u64,
    /// The entry of which the key has come, and the value has not.
    entry: Option<Entry<'a>>,
}

impl<S: Serializer> Entries<'_, S> {
    fn is_too_large(&self) -> bool {
        self.walk.walked.get() - self.begun > self.walk.limit
    }

    fn add<T: Serialize + ?Sized>(&self, part: &T, entry: &mut Entry<'_>) -> Result<(), S::Error> {
        if self.is_too_large() {
            return Ok(());
        }
        let written = postcard::to_io(&self.walk.of(part), &mut *entry).map(drop);
        match written {
            Err(error) if !self.is_too_large() => Err(S::Error::custom(error)),
            _ => Ok(()),
        }
    }
}

impl<S: Serializer> ser::SerializeMap for Entries<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        let mut entry = Entry { hasher: SipHasher13::new(), walk: self.walk };
        self.add(key, &mut entry)?;
        self.entry = Some(entry);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let Some(mut entry) = self.entry.take() else {
            return Err(S::Error::custom("a value without a key"));
        };
        self.add(value, &mut entry)?;
        self.count += 1;
        self.sum = self.sum.wrapping_add(entry.hasher.finish());
        Ok(())
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        // The sum is left out, as the order of the map decides which entries were hashed.
        let sum = if self.is_too_large() { 0 } else { self.sum };
        (self.count, sum).serialize(self.inner)
    }
}

/// Hashes one entry of a map.
struct Entry<'a> {
    hasher: SipHasher13,
    walk: &'a Walk,
}

impl io::Write for Entry<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Walk { limit, walked, .. } = self.walk;
        walked.set(walked.get().saturating_add(bytes.len()));
        // One part of the entry is already larger than a map may be.
        if bytes.len() > *limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.hasher.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
