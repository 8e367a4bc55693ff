//! The encoding of values by a schema that grows with them.

mod bulk;
mod bytes;
mod compound;
mod error;
mod known;
mod state;
mod writer;

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::scalar::Scalar;
use super::schema::{Body, Kind, ROOT, RecordId, Schema, place};
use super::tag::Tag;
pub(super) use bulk::{is_numbers, overwrite};
pub(super) use bytes::Bytes;
use compound::{Elements, Entries, Fields};
pub use error::WriteError;
pub use state::LeftOut;
use state::State;
use writer::Writer;

/// Appends a value to `bytes`. If it fails, `bytes` are as before. Also returns a summary of the fields that the value has left
/// out.
pub(super) fn write<'s, T: Serialize + ?Sized>(
    value: &T,
    schema: Cow<'s, Schema>,
    bytes: Bytes<'s>,
) -> (Result<(Cow<'s, Schema>, LeftOut), WriteError>, Bytes<'s>) {
    let start = bytes.len();
    let known_records = schema.records.len();
    let left_out = LeftOut::default();
    let mut state = State { schema, bytes, depth: 0, left_out, known_records };
    loop {
        let written = state.value(ROOT, value);
        if written.is_err() {
            state.bytes.truncate(start);
            (state.depth, state.left_out) = (0, left_out);
        }
        // The loop ends: each attempt makes a part of the schema more general for good.
        if written != Err(WriteError::Again) {
            return (written.map(|()| (state.schema, state.left_out)), state.bytes);
        }
    }
}

/// Writes a value into a buffer, by a schema that shows nothing new. Returns how many bytes the value takes; `None` if it shows
/// something new, leaves something out, or has no room.
#[inline]
pub(super) fn rewrite<T: Serialize + ?Sized>(
    value: &T,
    schema: &Schema,
    room: &mut [u8],
) -> Option<usize> {
    known::write(value, schema, room).or_else(|| rewrite_any(value, schema, room))
}

/// Writes a value of any kind into a buffer: see [`rewrite`].
#[cold]
fn rewrite_any<T: Serialize + ?Sized>(
    value: &T,
    schema: &Schema,
    room: &mut [u8],
) -> Option<usize> {
    let (most, bytes) = (room.len(), Bytes::within(room));
    let (known_records, left_out) = (schema.records.len(), LeftOut::default());
    let schema = Cow::Borrowed(schema);
    let mut state = State { schema, bytes, depth: 0, left_out, known_records };
    let is_written = state.value(ROOT, value).is_ok();
    let is_known = matches!(state.schema, Cow::Borrowed(_)) && state.left_out == left_out;
    (is_written && is_known).then(|| state.bytes.needed()).filter(|needed| *needed <= most)
}

/// Defines methods that write a scalar, each in one of a few ways.
macro_rules! scalars {
    ($($method:ident($($value:ident: $ty:ty)?): $way:ident($scalar:ident, $bytes:expr);)*) => { $(
        #[inline]
        fn $method(self $(, $value: $ty)?) -> Result<(), WriteError> {
            self.$way(Scalar::$scalar, $bytes)
        }
    )* };
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

    scalars! {
        serialize_bool(value: bool): put(Bool, [value.into()]);
        serialize_i8(value: i8): put(I8, value.to_le_bytes());
        serialize_i16(value: i16): signed(I16, value);
        serialize_i32(value: i32): signed(I32, value);
        serialize_i64(value: i64): signed(I64, value);
        serialize_i128(value: i128): wide(I128, ((value << 1) ^ (value >> 127)).cast_unsigned());
        serialize_u8(value: u8): put(U8, [value]);
        serialize_u16(value: u16): unsigned(U16, value);
        serialize_u32(value: u32): unsigned(U32, value);
        serialize_u64(value: u64): unsigned(U64, value);
        serialize_u128(value: u128): wide(U128, value);
        serialize_f32(value: f32): put(F32, value.to_bits().to_le_bytes());
        serialize_f64(value: f64): put(F64, value.to_bits().to_le_bytes());
        serialize_char(value: char): unsigned(Char, u32::from(value));
        serialize_str(value: &str): bytes(Str, value.as_bytes());
        serialize_bytes(value: &[u8]): bytes(Bytes, value);
        serialize_unit(): put(Unit, [0]);
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

    // With this, `serde` handles flattened and untagged parts as it does for text formats.
    fn is_human_readable(&self) -> bool {
        true
    }
}
