//! A stored value without its Rust type.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// A value of any type, in a form that can be shown. A struct is a map from the names of its fields. A variant is text, or a
/// map with one entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `()`, or a struct without fields.
    Unit,
    /// A `bool`.
    Bool(bool),
    /// An unsigned integer.
    Unsigned(u128),
    /// A signed integer.
    Signed(i128),
    /// An `f32`.
    Single(f32),
    /// An `f64`.
    Double(f64),
    /// Text, a character, or a variant without values.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An option.
    Option(Option<Box<Value>>),
    /// A list or a tuple.
    List(Vec<Value>),
    /// A map, a struct, or a variant with values.
    Map(Vec<(Value, Value)>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

macro_rules! visits {
    ($($method:ident($ty:ty): $variant:ident)*) => { $(
        fn $method<E>(self, value: $ty) -> Result<Value, E> {
            Ok(Value::$variant(value.into()))
        }
    )* };
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    visits! {
        visit_bool(bool): Bool
        visit_i8(i8): Signed
        visit_i16(i16): Signed
        visit_i32(i32): Signed
        visit_i64(i64): Signed
        visit_i128(i128): Signed
        visit_u8(u8): Unsigned
        visit_u16(u16): Unsigned
        visit_u32(u32): Unsigned
        visit_u64(u64): Unsigned
        visit_u128(u128): Unsigned
        visit_f32(f32): Single
        visit_f64(f64): Double
        visit_char(char): Text
        visit_str(&str): Text
        visit_bytes(&[u8]): Bytes
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Unit)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Option(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        Value::deserialize(inner).map(|inner| Value::Option(Some(Box::new(inner))))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        Value::deserialize(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Unit => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Unsigned(value) => match u64::try_from(*value) {
                Ok(value) => serializer.serialize_u64(value),
                Err(_) => serializer.serialize_u128(*value),
            },
            Value::Signed(value) => match i64::try_from(*value) {
                Ok(value) => serializer.serialize_i64(value),
                Err(_) => serializer.serialize_i128(*value),
            },
            Value::Single(value) => serializer.serialize_f32(*value),
            Value::Double(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Bytes(value) => serializer.serialize_bytes(value),
            Value::Option(None) => serializer.serialize_none(),
            Value::Option(Some(value)) => serializer.serialize_some(value),
            Value::List(elements) => serializer.collect_seq(elements),
            Value::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

/// Writes the value like JSON, where JSON has such a value.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Unit | Value::Option(None) => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Unsigned(value) => write!(f, "{value}"),
            Value::Signed(value) => write!(f, "{value}"),
            Value::Single(value) => write!(f, "{value}"),
            Value::Double(value) => write!(f, "{value}"),
            Value::Text(value) => fmt::Debug::fmt(value, f),
            Value::Bytes(value) => fmt::Debug::fmt(value, f),
            Value::Option(Some(value)) => fmt::Display::fmt(value, f),
            Value::List(elements) => {
                let elements = elements.iter().map(|it| (None, it));
                show_all(f, ('[', ']'), elements)
            }
            Value::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (Some(key), value));
                show_all(f, ('{', '}'), entries)
            }
        }
    }
}

fn show_all<'a>(
    f: &mut fmt::Formatter<'_>,
    (open, close): (char, char),
    all: impl Iterator<Item = (Option<&'a Value>, &'a Value)>,
) -> fmt::Result {
    write!(f, "{open}")?;
    for (at, (key, value)) in all.enumerate() {
        f.write_str(if at > 0 { ", " } else { "" })?;
        if let Some(key) = key {
            write!(f, "{key}: ")?;
        }
        write!(f, "{value}")?;
    }
    write!(f, "{close}")
}
