//! Values one after another, like the elements of a list that grows.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, forward_to_deserialize_any};

use super::super::schema::{ROOT, Schema};
use super::{ReadError, State, Trace, Unwritten};

/// Values that follow one another and were written in one version of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The schema's version.
    pub version: u32,
    /// The number of values.
    pub elements: u64,
    /// The number of bytes that the values take.
    pub len: u64,
}

impl Section {
    /// Creates a section of `elements` values, which take all of `bytes`.
    pub fn new(version: u32, elements: usize, bytes: &[u8]) -> Self {
        Section { version, elements: elements as u64, len: bytes.len() as u64 }
    }

    /// Adds the values of a section of the same version that follows this one.
    pub fn extend(&mut self, behind: Section) {
        self.elements = self.elements.saturating_add(behind.elements);
        self.len = self.len.saturating_add(behind.len);
    }
}

/// An iterator that decodes the values in some sections one by one.
pub struct Parts<'a, T> {
    reader: Reader<'a>,
    marker: PhantomData<fn() -> T>,
}

impl<'a, T: DeserializeOwned> Parts<'a, T> {
    /// Creates an iterator over the values in `bytes`, divided into `sections`.
    pub fn new(schema: &'a Schema, sections: &'a [Section], bytes: &'a [u8]) -> Self {
        Parts { reader: Reader::new(schema, sections, bytes), marker: PhantomData }
    }
}

impl<'a, T> Parts<'a, T> {
    /// Makes the iterator look for fields that are read and were never written.
    fn asking(mut self, asks: &'a Unwritten) -> Self {
        self.reader.state.asks = Some(asks);
        self
    }

    /// Makes the iterator note what it shows of the type.
    pub fn traced(mut self, trace: &'a Trace) -> Self {
        self.reader.state.trace = Some(trace);
        self
    }
}

impl Unwritten {
    /// Returns an iterator over the values in `bytes`, divided into `sections`, which notes unwritten fields.
    pub fn parts<'a, T: DeserializeOwned>(
        &'a self,
        schema: &'a Schema,
        sections: &'a [Section],
        bytes: &'a [u8],
    ) -> Parts<'a, T> {
        Parts::new(schema, sections, bytes).asking(self)
    }

    /// Returns a field that the type reads and never writes, if there is one. The values have to be read by
    /// [`parts`](Self::parts) before.
    pub fn field<T: DeserializeOwned>(
        &self,
        schema: &Schema,
        sections: &[Section],
        bytes: &[u8],
    ) -> Option<String> {
        self.take_candidates().into_iter().find_map(|candidate| {
            let name = candidate.1.clone();
            let mut parts = self.parts::<T>(schema, sections, bytes);
            self.is_taken(candidate, || parts.next().is_none()).then_some(name)
        })
    }
}

impl<T: DeserializeOwned> Iterator for Parts<'_, T> {
    type Item = Result<T, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next(PhantomData::<T>).transpose()
    }
}

impl<T> fmt::Debug for Parts<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("left", &self.reader.elements).finish_non_exhaustive()
    }
}

/// A deserializer of a list in sections.
struct Reader<'a> {
    state: State<'a>,
    /// The sections behind the one that is being read.
    sections: &'a [Section],
    behind: &'a [u8],
    /// The number of elements before the next section.
    elements: u64,
    read: u64,
}

impl<'a> Reader<'a> {
    fn new(schema: &'a Schema, sections: &'a [Section], bytes: &'a [u8]) -> Self {
        Reader { state: State::new(schema, 0, &[]), sections, behind: bytes, elements: 0, read: 0 }
    }

    fn next<'de, S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        while self.elements == 0 {
            if !self.state.left.is_empty() {
                return Err(self.stop());
            }
            let Some((section, sections)) = self.sections.split_first() else {
                return if self.behind.is_empty() { Ok(None) } else { Err(self.stop()) };
            };
            let split = usize::try_from(section.len).ok();
            let split = split.and_then(|len| self.behind.split_at_checked(len));
            // Each element takes at least a byte.
            let Some((bytes, behind)) = split.filter(|_| section.elements <= section.len) else {
                return Err(self.stop());
            };
            (self.sections, self.behind, self.elements) = (sections, behind, section.elements);
            let State { asks, trace, .. } = self.state;
            self.state =
                State { asks, trace, ..State::new(self.state.schema, section.version, bytes) };
        }
        self.elements -= 1;
        let value = self.state.seed(ROOT, seed).map_err(|error| {
            let at = self.read;
            self.stop();
            error.within_element(at)
        })?;
        self.read += 1;
        Ok(Some(value))
    }

    /// Ends the reading, as the beginning of the next value is unknown. Returns the error of damaged bytes.
    fn stop(&mut self) -> ReadError {
        let schema = self.state.schema;
        *self = Reader::new(schema, &[], &[]);
        ReadError::damaged()
    }
}

pub(in super::super) fn read_list<T: DeserializeOwned>(
    schema: &Schema,
    sections: &[Section],
    bytes: &[u8],
    trace: Option<&Trace>,
) -> Result<T, ReadError> {
    let mut reader = Reader::new(schema, sections, bytes);
    reader.state.trace = trace;
    let list = T::deserialize(&mut reader)?;
    match reader.next(PhantomData::<serde::de::IgnoredAny>)? {
        None => Ok(list),
        Some(_) => Err(serde::de::Error::custom("more elements were stored")),
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_seq(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ReadError> {
        // A list would be taken for the fields, by their order.
        let error: ReadError = serde::de::Error::custom("it was stored as a list");
        Err(error.of_struct(name, fields))
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for &mut Reader<'_> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        let behind = self.sections.iter().fold(0_u64, |sum, it| sum.saturating_add(it.elements));
        let bytes = self.behind.len() + self.state.left.len();
        Some(usize::try_from(behind.saturating_add(self.elements)).unwrap_or(bytes).min(bytes))
    }
}
