//! A scalar that was read.

use serde::de::{Error, Visitor};

/// A scalar that was read. Reading is compiled once, and passing it to a visitor once for each type.
#[derive(Clone, Copy)]
pub(in super::super) enum ScalarValue<'a> {
    Unit,
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
    Char(char),
    Str(&'a str),
    Bytes(&'a [u8]),
}

impl ScalarValue<'_> {
    /// Returns the value as text. Equal numbers have the same text.
    pub(in super::super) fn text(&self) -> String {
        match self {
            ScalarValue::Unit => String::new(),
            ScalarValue::Bool(value) => value.to_string(),
            ScalarValue::I8(number) => number.to_string(),
            ScalarValue::I16(number) => number.to_string(),
            ScalarValue::I32(number) => number.to_string(),
            ScalarValue::I64(number) => number.to_string(),
            ScalarValue::I128(number) => number.to_string(),
            ScalarValue::U8(number) => number.to_string(),
            ScalarValue::U16(number) => number.to_string(),
            ScalarValue::U32(number) => number.to_string(),
            ScalarValue::U64(number) => number.to_string(),
            ScalarValue::U128(number) => number.to_string(),
            ScalarValue::F32(number) => f64::from(*number).to_string(),
            ScalarValue::F64(number) => number.to_string(),
            ScalarValue::Char(value) => value.to_string(),
            ScalarValue::Str(text) => (*text).to_owned(),
            ScalarValue::Bytes(bytes) => format!("{bytes:?}"),
        }
    }

    fn integer(&self) -> Option<i128> {
        Some(match *self {
            ScalarValue::I8(number) => number.into(),
            ScalarValue::I16(number) => number.into(),
            ScalarValue::I32(number) => number.into(),
            ScalarValue::I64(number) => number.into(),
            ScalarValue::I128(number) => number,
            ScalarValue::U8(number) => number.into(),
            ScalarValue::U16(number) => number.into(),
            ScalarValue::U32(number) => number.into(),
            ScalarValue::U64(number) => number.into(),
            ScalarValue::U128(number) => number.try_into().ok()?,
            _ => return None,
        })
    }

    /// Returns whether the other number is the floating-point number nearest to this one, and not equal to it.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::float_cmp,
        reason = "what the conversion loses is what is asked"
    )]
    pub(in super::super) fn is_rounded_to(&self, other: &ScalarValue<'_>) -> bool {
        match (*self, self.integer(), *other) {
            (ScalarValue::F64(old), _, ScalarValue::F32(new)) => {
                old as f32 == new && f64::from(new) != old
            }
            (_, Some(old), ScalarValue::F32(new)) => old as f32 == new && new as i128 != old,
            (_, Some(old), ScalarValue::F64(new)) => old as f64 == new && new as i128 != old,
            _ => false,
        }
    }

    /// Returns a wide number as a narrower one that `serde` passes to every type of number, if it is small enough.
    pub(super) fn narrowed(self) -> Self {
        match self {
            ScalarValue::I128(number) => i64::try_from(number).map_or(self, ScalarValue::I64),
            ScalarValue::U128(number) => u64::try_from(number).map_or(self, ScalarValue::U64),
            _ => self,
        }
    }

    pub(super) fn visit<'de, V: Visitor<'de>, E: Error>(self, visitor: V) -> Result<V::Value, E> {
        match self {
            ScalarValue::Unit => visitor.visit_unit(),
            ScalarValue::Bool(value) => visitor.visit_bool(value),
            ScalarValue::I8(number) => visitor.visit_i8(number),
            ScalarValue::I16(number) => visitor.visit_i16(number),
            ScalarValue::I32(number) => visitor.visit_i32(number),
            ScalarValue::I64(number) => visitor.visit_i64(number),
            ScalarValue::I128(number) => visitor.visit_i128(number),
            ScalarValue::U8(number) => visitor.visit_u8(number),
            ScalarValue::U16(number) => visitor.visit_u16(number),
            ScalarValue::U32(number) => visitor.visit_u32(number),
            ScalarValue::U64(number) => visitor.visit_u64(number),
            ScalarValue::U128(number) => visitor.visit_u128(number),
            ScalarValue::F32(number) => visitor.visit_f32(number),
            ScalarValue::F64(number) => visitor.visit_f64(number),
            ScalarValue::Char(value) => visitor.visit_char(value),
            ScalarValue::Str(text) => visitor.visit_str(text),
            ScalarValue::Bytes(bytes) => visitor.visit_bytes(bytes),
        }
    }
}
