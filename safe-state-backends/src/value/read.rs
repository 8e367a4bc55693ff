//! Reads values by the schema that they were written with.

mod access;
mod error;
mod parts;
mod unwritten;
mod variants;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

use super::DEPTH_LIMIT;
use super::schema::{EnumId, Kind, NodeId, ROOT, RecordId, Scalar, Schema};
use super::tag::Tag;
use access::{Elements, Entries, Fields};
use variants::VariantOf;

pub use error::ReadError;
pub(super) use parts::read_list;
pub use parts::{Parts, Section};
pub use unwritten::Unwritten;

pub(super) fn read<T: DeserializeOwned>(
    schema: &Schema,
    version: u32,
    bytes: &[u8],
) -> Result<T, ReadError> {
    let mut state = State::new(schema, version, bytes);
    let value = T::deserialize(Reader { state: &mut state, at: ROOT })?;
    if state.left.is_empty() { Ok(value) } else { Err(ReadError::damaged()) }
}

/// What is left to read, and by what.
pub(super) struct State<'a> {
    schema: &'a Schema,
    version: u32,
    left: &'a [u8],
    depth: u32,
    /// Whether the value read last was of no use to the type.
    is_ignored: bool,
    /// What looks for fields that are read and were never written.
    asks: Option<&'a Unwritten>,
}

/// Reads one value, at one place of the schema.
pub(super) struct Reader<'s, 'a> {
    state: &'s mut State<'a>,
    at: NodeId,
}

/// What stands at a place.
#[derive(Clone, Copy)]
enum Found {
    Absent,
    Scalar(Scalar),
    None,
    Some(NodeId),
    Seq(NodeId),
    Map(NodeId, NodeId),
    /// The first element's place, how far the next is from it, and how many there are.
    Tuple(NodeId, NodeId, u32),
    Struct(RecordId),
    Enum(EnumId),
}

impl<'a> State<'a> {
    pub(super) fn new(schema: &'a Schema, version: u32, bytes: &'a [u8]) -> Self {
        State { schema, version, left: bytes, depth: 0, is_ignored: false, asks: None }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ReadError> {
        let (taken, left) = self.left.split_at_checked(count).ok_or_else(ReadError::damaged)?;
        self.left = left;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, ReadError> {
        let (byte, left) = self.left.split_first().ok_or_else(ReadError::damaged)?;
        self.left = left;
        Ok(*byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        self.take(N)?.try_into().map_err(|_| ReadError::damaged())
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, ReadError> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            number |= bits << shift;
            if byte & 0x80 == 0 {
                let is_whole = (bits << shift) >> shift == bits;
                return if is_whole { Ok(number) } else { Err(ReadError::damaged()) };
            }
        }
        Err(ReadError::damaged())
    }

    fn wide_varint(&mut self) -> Result<u128, ReadError> {
        let mut number = 0_u128;
        for shift in (0..u128::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7F);
            number |= bits << shift;
            if byte & 0x80 == 0 {
                let is_whole = (bits << shift) >> shift == bits;
                return if is_whole { Ok(number) } else { Err(ReadError::damaged()) };
            }
        }
        Err(ReadError::damaged())
    }

    fn number<T: TryFrom<u64>>(&mut self) -> Result<T, ReadError> {
        T::try_from(self.varint()?).map_err(|_| ReadError::damaged())
    }

    fn signed<T: TryFrom<i64>>(&mut self) -> Result<T, ReadError> {
        let number = self.varint()?;
        let signed = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        T::try_from(signed).map_err(|_| ReadError::damaged())
    }

    fn wide_signed(&mut self) -> Result<i128, ReadError> {
        let number = self.wide_varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// How many values follow: each takes a byte.
    fn count(&mut self) -> Result<usize, ReadError> {
        let count: usize = self.number()?;
        if count <= self.left.len() { Ok(count) } else { Err(ReadError::damaged()) }
    }

    fn bytes(&mut self) -> Result<&'a [u8], ReadError> {
        let count = self.count()?;
        self.take(count)
    }

    fn text(&mut self) -> Result<&'a str, ReadError> {
        str::from_utf8(self.bytes()?).map_err(|_| ReadError::damaged())
    }

    fn character(&mut self) -> Result<char, ReadError> {
        char::from_u32(self.number()?).ok_or_else(ReadError::damaged)
    }

    fn boolean(&mut self) -> Result<bool, ReadError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(ReadError::damaged()),
        }
    }

    fn zero(&mut self) -> Result<(), ReadError> {
        if self.byte()? == 0 { Ok(()) } else { Err(ReadError::damaged()) }
    }

    fn enter(&mut self) -> Result<(), ReadError> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT { Err(ReadError::damaged()) } else { Ok(()) }
    }

    /// What stands at a place, the bytes that tell it taken.
    fn find(&mut self, at: NodeId) -> Result<Found, ReadError> {
        let node = self.schema.node(at).ok_or_else(ReadError::damaged)?;
        if node.is_tagged_in(self.version) {
            return self.find_tagged(at);
        }
        match node.kind {
            Kind::Unknown => Err(ReadError::damaged()),
            Kind::Scalar(scalar) => Ok(Found::Scalar(scalar)),
            Kind::Option(inner) => {
                Ok(if self.boolean()? { Found::Some(inner) } else { Found::None })
            }
            Kind::Seq(element) => Ok(Found::Seq(element)),
            Kind::Map(key, value) => Ok(Found::Map(key, value)),
            Kind::Tuple(first, count) => Ok(Found::Tuple(first, 1, count)),
            Kind::Struct(record) => Ok(Found::Struct(record)),
            Kind::Enum(id) => Ok(Found::Enum(id)),
        }
    }

    fn find_tagged(&mut self, at: NodeId) -> Result<Found, ReadError> {
        let tag = Tag::from_byte(self.byte()?).ok_or_else(ReadError::damaged)?;
        Ok(match tag {
            Tag::Absent => Found::Absent,
            Tag::Unit => Found::Scalar(Scalar::Unit),
            Tag::Bool => Found::Scalar(Scalar::Bool),
            Tag::I8 => Found::Scalar(Scalar::I8),
            Tag::I16 => Found::Scalar(Scalar::I16),
            Tag::I32 => Found::Scalar(Scalar::I32),
            Tag::I64 => Found::Scalar(Scalar::I64),
            Tag::I128 => Found::Scalar(Scalar::I128),
            Tag::U8 => Found::Scalar(Scalar::U8),
            Tag::U16 => Found::Scalar(Scalar::U16),
            Tag::U32 => Found::Scalar(Scalar::U32),
            Tag::U64 => Found::Scalar(Scalar::U64),
            Tag::U128 => Found::Scalar(Scalar::U128),
            Tag::F32 => Found::Scalar(Scalar::F32),
            Tag::F64 => Found::Scalar(Scalar::F64),
            Tag::Char => Found::Scalar(Scalar::Char),
            Tag::Str => Found::Scalar(Scalar::Str),
            Tag::Bytes => Found::Scalar(Scalar::Bytes),
            Tag::None => Found::None,
            Tag::Some => Found::Some(at),
            Tag::Seq => Found::Seq(at),
            Tag::Map => Found::Map(at, at),
            Tag::Tuple => Found::Tuple(at, 0, self.number()?),
            Tag::Struct => Found::Struct(self.number()?),
            Tag::Enum => Found::Enum(self.number()?),
        })
    }

    /// Passes over the value at a place. Returns whether there was one.
    fn skip(&mut self, at: NodeId) -> Result<bool, ReadError> {
        let found = self.find(at)?;
        if let Found::Absent = found {
            return Ok(false);
        }
        let reader = Reader { state: self, at };
        reader.visit(found, serde::de::IgnoredAny)?;
        Ok(true)
    }
}

impl Reader<'_, '_> {
    /// Gives the value that was found to the visitor.
    fn visit<'de, V: Visitor<'de>>(self, found: Found, visitor: V) -> Result<V::Value, ReadError> {
        let state = self.state;
        match found {
            Found::Absent => Err(ReadError::damaged()),
            Found::Scalar(scalar) => state.visit_scalar(scalar, visitor),
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

impl State<'_> {
    fn visit_scalar<'de, V: Visitor<'de>>(
        &mut self,
        scalar: Scalar,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match scalar {
            Scalar::Unit => {
                self.zero()?;
                visitor.visit_unit()
            }
            Scalar::Bool => visitor.visit_bool(self.boolean()?),
            Scalar::I8 => visitor.visit_i8(self.byte()?.cast_signed()),
            Scalar::I16 => visitor.visit_i16(self.signed()?),
            Scalar::I32 => visitor.visit_i32(self.signed()?),
            Scalar::I64 => visitor.visit_i64(self.signed()?),
            Scalar::I128 => visitor.visit_i128(self.wide_signed()?),
            Scalar::U8 => visitor.visit_u8(self.byte()?),
            Scalar::U16 => visitor.visit_u16(self.number()?),
            Scalar::U32 => visitor.visit_u32(self.number()?),
            Scalar::U64 => visitor.visit_u64(self.number()?),
            Scalar::U128 => visitor.visit_u128(self.wide_varint()?),
            Scalar::F32 => visitor.visit_f32(f32::from_bits(u32::from_le_bytes(self.array()?))),
            Scalar::F64 => visitor.visit_f64(f64::from_bits(u64::from_le_bytes(self.array()?))),
            Scalar::Char => visitor.visit_char(self.character()?),
            Scalar::Str => visitor.visit_str(self.text()?),
            Scalar::Bytes => visitor.visit_bytes(self.bytes()?),
        }
    }
}

/// Methods that see that a number keeps its value where the type has changed to one of floating point.
macro_rules! floats {
    ($($method:ident: $exact:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            let found = self.state.find(self.at)?;
            if let Found::Scalar(scalar) = found {
                let mut ahead = State { ..*self.state };
                if !ahead.$exact(scalar)? {
                    let kind = scalar.name();
                    let text = format!("a {kind} was stored that is no number of this type");
                    // Who goes on all the same goes on behind it.
                    self.visit(found, serde::de::IgnoredAny)?;
                    return Err(ReadError::custom(text));
                }
            }
            self.visit(found, visitor)
        }
    )* };
}

impl State<'_> {
    /// Whether the number to be read next is an `f32`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whether it loses anything is what is asked"
    )]
    fn is_exact_f32(&mut self, scalar: Scalar) -> Result<bool, ReadError> {
        Ok(match scalar {
            Scalar::F64 => {
                let number = f64::from_bits(u64::from_le_bytes(self.array()?));
                f64::from(number as f32).to_bits() == number.to_bits()
            }
            _ => self.is_integer_below(scalar, f32::MANTISSA_DIGITS)?,
        })
    }

    /// Whether the number to be read next is an `f64`.
    fn is_exact_f64(&mut self, scalar: Scalar) -> Result<bool, ReadError> {
        self.is_integer_below(scalar, f64::MANTISSA_DIGITS)
    }

    /// Whether an integer has no more than so many bits; what is none may be anything.
    fn is_integer_below(&mut self, scalar: Scalar, bits: u32) -> Result<bool, ReadError> {
        let magnitude = match scalar {
            Scalar::I16 | Scalar::I32 | Scalar::I64 => self.signed::<i64>()?.unsigned_abs().into(),
            Scalar::I128 => self.wide_signed()?.unsigned_abs(),
            Scalar::U16 | Scalar::U32 | Scalar::U64 => self.varint()?.into(),
            Scalar::U128 => self.wide_varint()?,
            _ => 0,
        };
        Ok(u128::BITS - magnitude.leading_zeros() <= bits)
    }
}

impl<'de> Deserializer<'de> for Reader<'_, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let found = self.state.find(self.at)?;
        self.visit(found, visitor)
    }

    floats! { deserialize_f32: is_exact_f32 deserialize_f64: is_exact_f64 }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let mut ahead = State { ..*self.state };
        match ahead.find(self.at)? {
            Found::None | Found::Some(_) => self.deserialize_any(visitor),
            // It was not optional when it was written.
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
        let found = self.state.find(self.at)?;
        let read = match found {
            Found::Struct(record) => Fields::visit(self.state, record, Some(fields), visitor),
            Found::Map(..) => self.visit(found, visitor),
            // Else a list would be taken for its fields, by their order.
            _ => Err(ReadError::custom("it was stored as something else than a struct")),
        };
        read.map_err(|error| error.of_struct(name, fields))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let read = match self.state.find(self.at)? {
            Found::Enum(id) => {
                VariantOf::find(self.state, id).and_then(|variant| visitor.visit_enum(variant))
            }
            _ => Err(ReadError::custom("it was stored as something else than an enumeration")),
        };
        read.map_err(|error| error.of_enum(name, variants))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Reader { state, at } = self;
        let value = Reader { state: &mut *state, at }.deserialize_any(visitor)?;
        // Behind it: what is inside of it says of itself whether it is ignored.
        state.is_ignored = true;
        Ok(value)
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier
    }
}

/// Reads a value at a place by a seed.
fn read_seed<'de, T: DeserializeSeed<'de>>(
    state: &mut State<'_>,
    at: NodeId,
    seed: T,
) -> Result<T::Value, ReadError> {
    seed.deserialize(Reader { state, at })
}
