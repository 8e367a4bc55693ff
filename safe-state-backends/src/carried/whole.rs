//! Serialises all of a value. What leaves a field out only sometimes can be read back by formats
//! with names in them, and is refused here.

use std::cell::Cell;
use std::fmt::Display;

use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Serialize, Serializer};

use crate::serialize_reason;

/// Adds the encoding of `value` to `bytes`; or says why it has none.
pub(super) fn encode<T: Serialize>(value: &T, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let left_out = Cell::new(None);
    let encoded = postcard::to_extend(&Whole { inner: value, left_out: &left_out }, bytes);
    encoded.map_err(|error| match left_out.get() {
        None => serialize_reason(value, &error),
        Some(field) => format!(
            "its field `{field}` was left out by `skip_serializing_if`, and what follows it would be read in its place; \
             remove that attribute from the field"
        ),
    })
}

/// A value that is serialised whole, and what serialises it.
struct Whole<'a, T> {
    inner: T,
    left_out: &'a Cell<Option<&'static str>>,
}

impl<'a, T> Whole<'a, T> {
    fn with<U>(&self, inner: U) -> Whole<'a, U> {
        Whole { inner, left_out: self.left_out }
    }
}

impl<T: Serialize + ?Sized> Serialize for Whole<'_, &T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(self.with(serializer))
    }
}

/// Methods that pass on what they get.
macro_rules! pass_on {
    ($($method:ident($($argument:ident: $ty:ty),*) -> $returned:ty;)*) => { $(
        #[inline]
        fn $method(self $(, $argument: $ty)*) -> Result<$returned, S::Error> {
            self.inner.$method($($argument),*)
        }
    )* };
}

/// Methods that begin what is made of parts.
macro_rules! begin {
    ($($method:ident($($argument:ident: $ty:ty),*) -> $compound:ident;)*) => { $(
        #[inline]
        fn $method(self $(, $argument: $ty)*) -> Result<Self::$compound, S::Error> {
            let left_out = self.left_out;
            Ok(Whole { inner: self.inner.$method($($argument),*)?, left_out })
        }
    )* };
}

impl<'a, S: Serializer> Serializer for Whole<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Whole<'a, S::SerializeSeq>;
    type SerializeTuple = Whole<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Whole<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Whole<'a, S::SerializeTupleVariant>;
    type SerializeMap = Whole<'a, S::SerializeMap>;
    type SerializeStruct = Whole<'a, S::SerializeStruct>;
    type SerializeStructVariant = Whole<'a, S::SerializeStructVariant>;

    pass_on! {
        serialize_bool(value: bool) -> S::Ok;
        serialize_i8(value: i8) -> S::Ok;
        serialize_i16(value: i16) -> S::Ok;
        serialize_i32(value: i32) -> S::Ok;
        serialize_i64(value: i64) -> S::Ok;
        serialize_i128(value: i128) -> S::Ok;
        serialize_u8(value: u8) -> S::Ok;
        serialize_u16(value: u16) -> S::Ok;
        serialize_u32(value: u32) -> S::Ok;
        serialize_u64(value: u64) -> S::Ok;
        serialize_u128(value: u128) -> S::Ok;
        serialize_f32(value: f32) -> S::Ok;
        serialize_f64(value: f64) -> S::Ok;
        serialize_char(value: char) -> S::Ok;
        serialize_str(value: &str) -> S::Ok;
        serialize_bytes(value: &[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(name: &'static str) -> S::Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> S::Ok;
    }

    begin! {
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeStructVariant;
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.with(value);
        self.inner.serialize_some(&value)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = self.with(value);
        self.inner.serialize_newtype_struct(name, &value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = self.with(value);
        self.inner.serialize_newtype_variant(name, index, variant, &value)
    }

    #[inline]
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// What is made of parts without names: how one is added.
macro_rules! unnamed {
    ($($compound:ident: $($method:ident)*;)*) => { $(
        impl<S: $compound> $compound for Whole<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            $(
                #[inline]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                    let value = self.with(value);
                    self.inner.$method(&value)
                }
            )*

            #[inline]
            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )* };
}

/// What is made of fields, which may be left out.
macro_rules! named {
    ($($compound:ident)*) => { $(
        impl<S: $compound> $compound for Whole<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                field: &'static str,
                value: &T,
            ) -> Result<(), S::Error> {
                let value = self.with(value);
                self.inner.serialize_field(field, &value)
            }

            #[inline]
            fn skip_field(&mut self, field: &'static str) -> Result<(), S::Error> {
                self.left_out.set(Some(field));
                Err(S::Error::custom("a field was left out"))
            }

            #[inline]
            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )* };
}

unnamed! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
    SerializeMap: serialize_key serialize_value;
}

named! { SerializeStruct SerializeStructVariant }
