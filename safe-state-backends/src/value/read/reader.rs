//! The deserializer of one value, at one place of the schema.

use std::any::type_name;

use serde::Deserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Visitor};

use super::super::schema::{NodeId, ROOT, RecordId, Schema};
use super::access::{Elements, Entries, Fields};
use super::found::Found;
use super::variants::VariantOf;
use super::{ReadError, State, Trace};

pub(in super::super) fn read<T: DeserializeOwned>(
    schema: &Schema,
    version: u32,
    bytes: &[u8],
    trace: Option<&Trace>,
) -> Result<T, ReadError> {
    let mut state = State { trace, ..State::new(schema, version, bytes) };
    let value = T::deserialize(Reader { state: &mut state, at: ROOT })?;
    if state.left.is_empty() { Ok(value) } else { Err(ReadError::damaged()) }
}

/// A deserializer of one value, at one place of the schema.
pub(super) struct Reader<'s, 'a> {
    state: &'s mut State<'a>,
    at: NodeId,
}

impl<'a> State<'a> {
    /// Returns a deserializer of the value at a place.
    pub(super) fn reader(&mut self, at: NodeId) -> Reader<'_, 'a> {
        Reader { state: self, at }
    }

    /// Decodes the value at a place by a seed.
    pub(super) fn seed<'de, T: DeserializeSeed<'de>>(
        &mut self,
        at: NodeId,
        seed: T,
    ) -> Result<T::Value, ReadError> {
        if let Some(trace) = self.trace {
            trace.expect(type_name::<T>());
        }
        seed.deserialize(self.reader(at))
    }

    /// Skips the value at a place. Returns whether there was one.
    pub(super) fn skip(&mut self, at: NodeId) -> Result<bool, ReadError> {
        let found = Found::at(at, self)?;
        if let Found::Absent = found {
            return Ok(false);
        }
        self.reader(at).visit(found, serde::de::IgnoredAny)?;
        Ok(true)
    }

    /// Skips the value at a place. Returns its bytes.
    pub(super) fn skipped(&mut self, at: NodeId) -> Result<&'a [u8], ReadError> {
        let before = self.left;
        if !self.skip(at)? {
            return Err(ReadError::damaged());
        }
        let len = before.len() - self.left.len();
        before.get(..len).ok_or_else(ReadError::damaged)
    }
}

impl Reader<'_, '_> {
    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let found = Found::at(self.at, self.state)?;
        self.visit(found, visitor)
    }

    /// Passes the value to a visitor of wide numbers.
    fn wide<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match Found::at(self.at, self.state)? {
            Found::Scalar(scalar) => self.state.scalar(scalar)?.visit(visitor),
            found => self.visit(found, visitor),
        }
    }

    /// Passes the value that was found to the visitor.
    fn visit<'de, V: Visitor<'de>>(self, found: Found, visitor: V) -> Result<V::Value, ReadError> {
        let state = self.state;
        match found {
            Found::Absent => Err(ReadError::damaged()),
            Found::Scalar(scalar) => state.scalar(scalar)?.narrowed().visit(visitor),
            Found::None => visitor.visit_none(),
            Found::Some(at) => {
                state.enter()?;
                let value = visitor.visit_some(Reader { state: &mut *state, at })?;
                state.depth -= 1;
                Ok(value)
            }
            Found::Seq(element) => {
                let count = state.count()?;
                Elements::visit(state, (element, 0), count, visitor)
            }
            Found::Map(key, value) => Entries::visit(state, (key, value), visitor),
            Found::Tuple(first, step, count) => {
                if count == 0 {
                    state.zero()?;
                } else if count as usize > state.left.len() {
                    return Err(ReadError::damaged());
                }
                Elements::visit(state, (first, step), count as usize, visitor)
            }
            Found::Struct(record) => Fields::visit(state, record, None, visitor),
            Found::Enum(id) => VariantOf::find(state, id)?.visit_any(visitor),
        }
    }
}

/// Defines methods that check that a number keeps its value where the type has changed to a floating-point type.
macro_rules! floats {
    ($($method:ident: $exact:ident;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.state.ask::<V>();
            let found = Found::at(self.at, self.state)?;
            if let Found::Scalar(scalar) = found {
                let mut ahead = State { ..*self.state };
                if !ahead.$exact(scalar)? {
                    // A caller that goes on after the error has to go on behind the number.
                    self.state.scalar(scalar)?;
                    return Err(ReadError::inexact(scalar));
                }
            }
            self.visit(found, visitor)
        }
    )* };
}

/// Defines methods that note what a type asks for, and pass what is stored.
macro_rules! asks {
    ($($method:ident $(($($argument:ident: $ty:ty),*))?)*) => { $(
        fn $method<V: Visitor<'de>>(
            self,
            $($($argument: $ty,)*)?
            visitor: V,
        ) -> Result<V::Value, ReadError> {
            self.state.ask::<V>();
            self.any(visitor)
        }
    )* };
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.state.ask::<V>();
        self.any(visitor)
    }

    floats! {
        deserialize_f32: is_exact_f32;
        deserialize_f64: is_exact_f64;
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.state.ask::<V>();
        self.wide(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.state.ask::<V>();
        self.wide(visitor)
    }

    asks! {
        deserialize_bool
        deserialize_i8
        deserialize_i16
        deserialize_i32
        deserialize_i64
        deserialize_u8
        deserialize_u16
        deserialize_u32
        deserialize_u64
        deserialize_char
        deserialize_str
        deserialize_string
        deserialize_bytes
        deserialize_byte_buf
        deserialize_unit
        deserialize_unit_struct(_name: &'static str)
        deserialize_seq
        deserialize_tuple(_len: usize)
        deserialize_tuple_struct(_name: &'static str, _len: usize)
        deserialize_map
        deserialize_identifier
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if let Some(trace) = self.state.trace {
            trace.ask_option(type_name::<V>(), type_name::<V::Value>());
        }
        let mut ahead = State { ..*self.state };
        match Found::at(self.at, &mut ahead)? {
            Found::None | Found::Some(_) => self.any(visitor),
            // The value was not optional when it was written.
            _ => {
                let Reader { state, at } = self;
                state.enter()?;
                let value = visitor.visit_some(Reader { state: &mut *state, at })?;
                state.depth -= 1;
                Ok(value)
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.state.ask::<V>();
        self.state.enter()?;
        let Reader { state, at } = self;
        let value = visitor.visit_newtype_struct(Reader { state: &mut *state, at })?;
        state.depth -= 1;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.state.ask::<V>();
        let found = Found::at(self.at, self.state)?;
        if let (Some(trace), Found::Struct(record)) = (self.state.trace, found) {
            trace.note_struct(record);
            check_range(&mut State { ..*self.state }, name, record)?;
        }
        let read = match found {
            Found::Struct(record) => Fields::visit(self.state, record, Some(fields), visitor),
            Found::Map(..) => self.visit(found, visitor),
            // Otherwise, a list would be taken for the fields, by their order.
            _ => Err(ReadError::no_struct()),
        };
        read.map_err(|error| error.of_struct(name, fields))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.state.ask::<V>();
        let read = match Found::at(self.at, self.state)? {
            Found::Enum(id) => VariantOf::find(self.state, id)
                .and_then(|variant| variant.listed(variants))
                .and_then(|variant| visitor.visit_enum(variant)),
            _ => Err(ReadError::no_enum()),
        };
        read.map_err(|error| error.of_enum(name, variants))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Reader { state, at } = self;
        let value = Reader { state: &mut *state, at }.deserialize_any(visitor)?;
        // The flag is set after the value was read, because values inside it set it too.
        state.is_ignored = true;
        Ok(value)
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}

/// Refuses a `RangeInclusive` whose bounds are the same: it may have that one item left or none, and the stored value does not
/// say which.
fn check_range(state: &mut State<'_>, name: &str, record: RecordId) -> Result<(), ReadError> {
    if name != "RangeInclusive" {
        return Ok(());
    }
    if let Some(trace) = state.trace {
        trace.doubt();
    }
    match *Fields::skipped(state, record)? {
        [("start", _, start), ("end", _, end)] if start == end => Err(ReadError::used_up()),
        _ => Ok(()),
    }
}
