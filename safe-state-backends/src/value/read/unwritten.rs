//! The search for fields that a type reads and never writes: their values would be lost.

use std::cell::{Cell, RefCell};

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeSeed, Error as _, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

use super::super::schema::{Record, RecordId};
use super::ReadError;

/// The search for unwritten fields, made while values are read. `serde` tells the names that a type takes, among them other
/// names of the same field. So each name that was never written is offered as one more field, behind all written ones, and
/// behind it the fields that this value left out. If the type reports a duplicate field, the name is another name of that
/// field.
#[derive(Debug, Default)]
pub struct Unwritten {
    /// The names that were never written.
    candidates: RefCell<Vec<(RecordId, String)>>,
    /// The candidate that is to be offered; `None` once it was.
    offered: RefCell<Option<(RecordId, String)>>,
    is_taken: Cell<bool>,
}

impl Unwritten {
    /// Returns the names that were never written, and forgets them.
    pub(super) fn take_candidates(&self) -> Vec<(RecordId, String)> {
        self.candidates.take()
    }

    /// Offers a candidate, until `is_over` returns `true`. Returns whether the type has taken it.
    pub(super) fn is_taken(
        &self,
        candidate: (RecordId, String),
        mut is_over: impl FnMut() -> bool,
    ) -> bool {
        self.offered.replace(Some(candidate));
        while self.offered.borrow().is_some() && !is_over() {}
        self.is_taken.take()
    }

    /// Notes which of the fields that a type takes were never written.
    pub(super) fn note(&self, id: RecordId, record: &Record, wanted: &[&str]) {
        if self.offered.borrow().is_some() {
            return;
        }
        let is_unwritten = |name: &&&str| record.fields.iter().all(|field| *field.name != ***name);
        for name in wanted.iter().filter(is_unwritten) {
            let candidate = (id, (*name).to_owned());
            let mut known = self.candidates.borrow_mut();
            if !known.contains(&candidate) {
                known.push(candidate);
            }
        }
    }

    /// Returns the names to offer behind the fields `given` of the record, once. The last one is to be offered first.
    pub(super) fn offers(&self, id: RecordId, record: &Record, given: &[&str]) -> Vec<String> {
        let offered = self.offered.borrow_mut().take_if(|it| it.0 == id);
        let Some((_, name)) = offered else { return Vec::new() };
        let left_out = record.fields.iter().map(|field| &*field.name);
        let left_out = left_out.filter(|name| !given.contains(name)).map(str::to_owned);
        left_out.chain([name]).collect()
    }

    /// Passes a meaningless value to the field that was offered; `is_last` if no other field follows.
    pub(super) fn value<'de, T: DeserializeSeed<'de>>(
        &self,
        seed: T,
        is_last: bool,
    ) -> Result<T::Value, ReadError> {
        let is_ignored = Cell::new(false);
        let value = seed.deserialize(Meaningless(&is_ignored));
        // If other fields were to follow, the name may be another name of one of them, so nothing is known.
        self.is_taken.set(!is_ignored.get() && is_last);
        value
    }
}

/// A deserializer that makes a value of any type from nothing, as far as possible.
struct Meaningless<'a>(&'a Cell<bool>);

macro_rules! values {
    ($($method:ident: $visit:ident($value:expr);)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            visitor.$visit($value)
        }
    )* };
}

impl<'de> Deserializer<'de> for Meaningless<'_> {
    type Error = ReadError;

    values! {
        deserialize_bool: visit_bool(false);
        deserialize_f32: visit_f32(0.0);
        deserialize_f64: visit_f64(0.0);
        deserialize_str: visit_str("");
        deserialize_string: visit_str("");
        deserialize_bytes: visit_bytes(&[]);
        deserialize_byte_buf: visit_bytes(&[]);
        deserialize_seq: visit_seq(SeqDeserializer::new(std::iter::empty::<()>()));
        deserialize_map: visit_map(MapDeserializer::new(std::iter::empty::<((), ())>()));
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.0.set(true);
        visitor.visit_unit()
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ReadError> {
        Err(ReadError::custom("a variant is not made from nothing"))
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    forward_to_deserialize_any! { unit unit_struct tuple tuple_struct struct identifier }

    values! {
        deserialize_i8: visit_i8(0);
        deserialize_i16: visit_i16(0);
        deserialize_i32: visit_i32(0);
        deserialize_i64: visit_i64(0);
        deserialize_i128: visit_i128(0);
        deserialize_u8: visit_u8(0);
        deserialize_u16: visit_u16(0);
        deserialize_u32: visit_u32(0);
        deserialize_u64: visit_u64(0);
        deserialize_u128: visit_u128(0);
        deserialize_char: visit_char(' ');
    }
}
