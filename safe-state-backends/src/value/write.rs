//! Writes values by a schema that grows with them.

mod bulk;
mod bytes;
mod compound;
mod state;

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Serialize, Serializer, ser};

use super::DEPTH_LIMIT;
use super::schema::{Body, EnumId, Kind, NodeId, ROOT, RecordId, Scalar, Schema, Variant, place};
use super::tag::Tag;
pub(super) use bulk::is_numbers;
pub(super) use bytes::Bytes;
use compound::{Elements, Entries, Fields};
use state::{State, push_varint, push_wide_varint};

/// Why a value could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Its `Serialize` says so.
    #[error("{0}")]
    Custom(String),
    /// There are too many values inside one another.
    #[error("it is nested more than {DEPTH_LIMIT} levels deep")]
    TooDeep,
    /// The schema was changed, and the value has to be written anew.
    #[doc(hidden)]
    #[error("the schema has changed")]
    Again,
}

impl ser::Error for WriteError {
    fn custom<T: Display>(message: T) -> Self {
        WriteError::Custom(message.to_string())
    }
}

/// Writes a value behind the bytes that there are; these are as they were if it fails.
pub(super) fn write<'s, T: Serialize + ?Sized>(
    value: &T,
    schema: Cow<'s, Schema>,
    bytes: Bytes<'s>,
) -> (Result<Cow<'s, Schema>, WriteError>, Bytes<'s>) {
    let start = bytes.len();
    let known_records = schema.records.len();
    let mut state = State { schema, bytes, depth: 0, known_records };
    loop {
        let written = state.value(ROOT, value);
        if written.is_err() {
            state.bytes.truncate(start);
            state.depth = 0;
        }
        // It ends: each time, something in the schema becomes more general for good.
        if written != Err(WriteError::Again) {
            return (written.map(|()| state.schema), state.bytes);
        }
    }
}

/// Writes one value, at one place of the schema.
struct Writer<'s, 'a> {
    state: &'s mut State<'a>,
    at: NodeId,
}

impl<'s, 'a> Writer<'s, 'a> {
    /// Sees that the value at this place may be one of that kind.
    #[inline]
    fn scalar(self, scalar: Scalar) -> Result<&'s mut Bytes<'a>, WriteError> {
        match self.state.kind(self.at) {
            Some(Kind::Scalar(known)) if known == scalar => {}
            Some(Kind::Unknown) => self.state.set_kind(self.at, Kind::Scalar(scalar)),
            Some(_) => return Err(self.state.conflict(self.at)),
            None => self.state.tag(self.at, scalar.tag()),
        }
        Ok(&mut self.state.bytes)
    }

    #[inline]
    fn unsigned(self, scalar: Scalar, number: impl Into<u64>) -> Result<(), WriteError> {
        push_varint(self.scalar(scalar)?, number.into());
        Ok(())
    }

    /// Small numbers of either sign become small numbers.
    #[inline]
    fn signed(self, scalar: Scalar, number: impl Into<i64>) -> Result<(), WriteError> {
        let number = number.into();
        push_varint(self.scalar(scalar)?, ((number << 1) ^ (number >> 63)).cast_unsigned());
        Ok(())
    }

    fn bytes(self, scalar: Scalar, value: &[u8]) -> Result<(), WriteError> {
        let bytes = self.scalar(scalar)?;
        push_varint(bytes, value.len() as u64);
        bytes.extend_from_slice(value);
        Ok(())
    }

    /// The place of what an option holds; none if it tells its kind itself.
    fn option(&mut self) -> Result<Option<NodeId>, WriteError> {
        match self.state.kind(self.at) {
            Some(Kind::Option(inner)) => Ok(Some(inner)),
            Some(Kind::Unknown) => {
                let inner = self.state.schema.to_mut().new_nodes(1);
                self.state.set_kind(self.at, Kind::Option(inner));
                Ok(Some(inner))
            }
            Some(_) => Err(self.state.conflict(self.at)),
            None => Ok(None),
        }
    }

    fn tuple_at(self, len: usize) -> Result<Elements<'s, 'a>, WriteError> {
        let count = place(len);
        let first = match self.state.kind(self.at) {
            Some(Kind::Tuple(first, known)) if known == count => Some(first),
            Some(Kind::Unknown) => {
                let first = self.state.schema.to_mut().new_nodes(len);
                self.state.set_kind(self.at, Kind::Tuple(first, count));
                Some(first)
            }
            Some(_) => return Err(self.state.conflict(self.at)),
            None => {
                self.state.tag(self.at, Tag::Tuple);
                self.state.varint(len as u64);
                None
            }
        };
        self.into_tuple(first, len)
    }

    /// The elements of a tuple, the first of which is at `first`, if it is known.
    fn into_tuple(self, first: Option<NodeId>, len: usize) -> Result<Elements<'s, 'a>, WriteError> {
        self.state.enter()?;
        if len == 0 {
            // Every value takes a byte, so that a few can't claim many values.
            self.state.bytes.push(0);
        }
        let (next, step) = first.map_or((self.at, 0), |first| (first, 1));
        Ok(Elements { state: self.state, next, step, left: len })
    }

    fn variant(
        &mut self,
        name: &'static str,
        variant: &'static str,
        is_body: impl Fn(Body) -> bool,
        new_body: impl FnOnce(&mut Schema) -> Body,
    ) -> Result<Body, WriteError> {
        let id = match self.state.kind(self.at) {
            Some(Kind::Enum(id)) if self.is_enum(id, name) => id,
            Some(Kind::Unknown) => {
                let id = self.state.enum_named(name);
                self.state.set_kind(self.at, Kind::Enum(id));
                id
            }
            Some(_) => return Err(self.state.conflict(self.at)),
            None => {
                self.state.tag(self.at, Tag::Enum);
                let id = self.state.enum_named(name);
                self.state.varint(id.into());
                id
            }
        };
        let known = self.state.schema.enums.get(id as usize).map_or(&[][..], |it| &it.variants);
        let found = known.iter().position(|it| *it.name == *variant && is_body(it.body));
        let found = found.and_then(|at| Some((at, known.get(at)?.body)));
        let next = known.len();
        let (at, body) = found.unwrap_or_else(|| {
            let schema = self.state.schema.to_mut();
            let body = new_body(schema);
            if let Some(it) = schema.enums.get_mut(id as usize) {
                it.variants.push(Variant { name: variant.into(), body });
            }
            (next, body)
        });
        self.state.varint(at as u64);
        Ok(body)
    }

    fn is_enum(&self, id: EnumId, name: &str) -> bool {
        self.state.schema.enums.get(id as usize).is_some_and(|it| *it.name == *name)
    }

    fn fields(self, record: RecordId) -> Result<Fields<'s, 'a>, WriteError> {
        self.state.enter()?;
        Ok(Fields { state: self.state, record, next: 0 })
    }
}

impl<'s, 'a> Serializer for Writer<'s, 'a> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Entries<'s, 'a>;
    type SerializeTuple = Elements<'s, 'a>;
    type SerializeTupleStruct = Elements<'s, 'a>;
    type SerializeTupleVariant = Elements<'s, 'a>;
    type SerializeMap = Entries<'s, 'a>;
    type SerializeStruct = Fields<'s, 'a>;
    type SerializeStructVariant = Fields<'s, 'a>;

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), WriteError> {
        self.scalar(Scalar::Bool)?.push(value.into());
        Ok(())
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Result<(), WriteError> {
        self.scalar(Scalar::I8)?.push(value.cast_unsigned());
        Ok(())
    }

    #[inline]
    fn serialize_i16(self, value: i16) -> Result<(), WriteError> {
        self.signed(Scalar::I16, value)
    }

    #[inline]
    fn serialize_i32(self, value: i32) -> Result<(), WriteError> {
        self.signed(Scalar::I32, value)
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), WriteError> {
        self.signed(Scalar::I64, value)
    }

    #[inline]
    fn serialize_i128(self, value: i128) -> Result<(), WriteError> {
        let number = ((value << 1) ^ (value >> 127)).cast_unsigned();
        push_wide_varint(self.scalar(Scalar::I128)?, number);
        Ok(())
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), WriteError> {
        self.scalar(Scalar::U8)?.push(value);
        Ok(())
    }

    #[inline]
    fn serialize_u16(self, value: u16) -> Result<(), WriteError> {
        self.unsigned(Scalar::U16, value)
    }

    #[inline]
    fn serialize_u32(self, value: u32) -> Result<(), WriteError> {
        self.unsigned(Scalar::U32, value)
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), WriteError> {
        self.unsigned(Scalar::U64, value)
    }

    #[inline]
    fn serialize_u128(self, value: u128) -> Result<(), WriteError> {
        push_wide_varint(self.scalar(Scalar::U128)?, value);
        Ok(())
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), WriteError> {
        self.scalar(Scalar::F32)?.extend_from_slice(&value.to_bits().to_le_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), WriteError> {
        self.scalar(Scalar::F64)?.extend_from_slice(&value.to_bits().to_le_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result<(), WriteError> {
        self.unsigned(Scalar::Char, u32::from(value))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), WriteError> {
        self.bytes(Scalar::Str, value.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), WriteError> {
        self.bytes(Scalar::Bytes, value)
    }

    fn serialize_none(mut self) -> Result<(), WriteError> {
        match self.option()? {
            Some(_) => self.state.bytes.push(0),
            None => self.state.tag(self.at, Tag::None),
        }
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), WriteError> {
        let at = if let Some(inner) = self.option()? {
            self.state.bytes.push(1);
            inner
        } else {
            self.state.tag(self.at, Tag::Some);
            self.at
        };
        self.state.enter()?;
        self.state.value(at, value)?;
        self.state.depth -= 1;
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), WriteError> {
        self.scalar(Scalar::Unit)?.push(0);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), WriteError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), WriteError> {
        self.variant(name, variant, |body| body == Body::Unit, |_| Body::Unit).map(drop)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        self.state.enter()?;
        self.state.value(self.at, value)?;
        self.state.depth -= 1;
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        let is_body = |body| matches!(body, Body::Newtype(_));
        let body =
            self.variant(name, variant, is_body, |schema| Body::Newtype(schema.new_nodes(1)))?;
        let at = if let Body::Newtype(inner) = body { inner } else { self.at };
        self.state.enter()?;
        self.state.value(at, value)?;
        self.state.depth -= 1;
        Ok(())
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Entries<'s, 'a>, WriteError> {
        let element = match self.state.kind(self.at) {
            Some(Kind::Seq(element)) => element,
            Some(Kind::Unknown) => {
                let element = self.state.schema.to_mut().new_nodes(1);
                self.state.set_kind(self.at, Kind::Seq(element));
                element
            }
            Some(_) => return Err(self.state.conflict(self.at)),
            None => {
                self.state.tag(self.at, Tag::Seq);
                self.at
            }
        };
        Entries::begin(self.state, (element, element), len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements<'s, 'a>, WriteError> {
        self.tuple_at(len)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Elements<'s, 'a>, WriteError> {
        self.tuple_at(len)
    }

    fn serialize_tuple_variant(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements<'s, 'a>, WriteError> {
        let count = place(len);
        let is_body = |body| matches!(body, Body::Tuple(_, known) if known == count);
        let body = self
            .variant(name, variant, is_body, |schema| Body::Tuple(schema.new_nodes(len), count))?;
        let first = if let Body::Tuple(first, _) = body { Some(first) } else { None };
        self.into_tuple(first, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries<'s, 'a>, WriteError> {
        let entry = match self.state.kind(self.at) {
            Some(Kind::Map(key, value)) => (key, value),
            Some(Kind::Unknown) => {
                let key = self.state.schema.to_mut().new_nodes(2);
                self.state.set_kind(self.at, Kind::Map(key, key + 1));
                (key, key + 1)
            }
            Some(_) => return Err(self.state.conflict(self.at)),
            None => {
                self.state.tag(self.at, Tag::Map);
                (self.at, self.at)
            }
        };
        Entries::begin(self.state, entry, len)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'s, 'a>, WriteError> {
        let record = match self.state.kind(self.at) {
            Some(Kind::Struct(id))
                if self.state.schema.record(id).is_some_and(|record| *record.name == *name) =>
            {
                id
            }
            Some(Kind::Unknown) => {
                let id = self.state.struct_named(name);
                self.state.set_kind(self.at, Kind::Struct(id));
                id
            }
            Some(_) => return Err(self.state.conflict(self.at)),
            None => {
                self.state.tag(self.at, Tag::Struct);
                let id = self.state.struct_named(name);
                self.state.varint(id.into());
                id
            }
        };
        self.fields(record)
    }

    fn serialize_struct_variant(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'s, 'a>, WriteError> {
        let is_body = |body| matches!(body, Body::Struct(_));
        let body =
            self.variant(name, variant, is_body, |schema| Body::Struct(schema.new_record("")))?;
        let record = if let Body::Struct(record) = body { record } else { RecordId::MAX };
        self.fields(record)
    }

    // `serde` reads parts of values that are flattened or untagged as it would from text.
    fn is_human_readable(&self) -> bool {
        true
    }
}
