//! The bytes of a value that is being read, decoded as scalars.

use std::any::type_name;

use serde::de::Visitor;

use super::super::DEPTH_LIMIT;
use super::super::schema::{Scalar, Schema};
use super::{ReadError, Trace, Unwritten};

/// The bytes that are left to read, and the schema.
pub(super) struct State<'a> {
    pub(super) schema: &'a Schema,
    pub(super) version: u32,
    pub(super) left: &'a [u8],
    pub(super) depth: u32,
    /// Whether the type ignored the value read last.
    pub(super) is_ignored: bool,
    /// The search for fields that are read and were never written, if one is under way.
    pub(super) asks: Option<&'a Unwritten>,
    /// The notes on the type, if they are asked for.
    pub(super) trace: Option<&'a Trace>,
}

/// Defines methods that read a number of variable length.
macro_rules! varints {
    ($($method:ident: $number:ty),*) => { $(
        #[inline]
        pub(super) fn $method(&mut self) -> Result<$number, ReadError> {
            let mut number: $number = 0;
            for shift in (0..<$number>::BITS).step_by(7) {
                let byte = self.byte()?;
                let bits = <$number>::from(byte & 0x7F);
                number |= bits << shift;
                if byte & 0x80 == 0 {
                    let is_whole = (bits << shift) >> shift == bits;
                    return if is_whole { Ok(number) } else { Err(ReadError::damaged()) };
                }
            }
            Err(ReadError::damaged())
        }
    )* };
}

impl<'a> State<'a> {
    pub(super) fn new(schema: &'a Schema, version: u32, bytes: &'a [u8]) -> Self {
        let (asks, trace) = (None, None);
        State { schema, version, left: bytes, depth: 0, is_ignored: false, asks, trace }
    }

    /// Notes that a visitor asks for a value.
    #[inline]
    pub(super) fn ask<'de, V: Visitor<'de>>(&self) {
        if let Some(trace) = self.trace {
            trace.ask(type_name::<V>(), type_name::<V::Value>());
        }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], ReadError> {
        let (taken, left) = self.left.split_at_checked(count).ok_or_else(ReadError::damaged)?;
        self.left = left;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, ReadError> {
        let (byte, left) = self.left.split_first().ok_or_else(ReadError::damaged)?;
        self.left = left;
        Ok(*byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        self.take(N)?.try_into().map_err(|_| ReadError::damaged())
    }

    varints! { varint: u64, wide_varint: u128 }

    pub(super) fn number<T: TryFrom<u64>>(&mut self) -> Result<T, ReadError> {
        T::try_from(self.varint()?).map_err(|_| ReadError::damaged())
    }

    pub(super) fn signed<T: TryFrom<i64>>(&mut self) -> Result<T, ReadError> {
        let number = self.varint()?;
        let signed = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        T::try_from(signed).map_err(|_| ReadError::damaged())
    }

    pub(super) fn wide_signed(&mut self) -> Result<i128, ReadError> {
        let number = self.wide_varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Reads the number of values that follow, of which each takes at least a byte.
    pub(super) fn count(&mut self) -> Result<usize, ReadError> {
        let count: usize = self.number()?;
        if count <= self.left.len() { Ok(count) } else { Err(ReadError::damaged()) }
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], ReadError> {
        let count = self.count()?;
        self.take(count)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, ReadError> {
        str::from_utf8(self.bytes()?).map_err(|_| ReadError::damaged())
    }

    pub(super) fn character(&mut self) -> Result<char, ReadError> {
        char::from_u32(self.number()?).ok_or_else(ReadError::damaged)
    }

    pub(super) fn boolean(&mut self) -> Result<bool, ReadError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(ReadError::damaged()),
        }
    }

    pub(super) fn zero(&mut self) -> Result<(), ReadError> {
        if self.byte()? == 0 { Ok(()) } else { Err(ReadError::damaged()) }
    }

    pub(super) fn enter(&mut self) -> Result<(), ReadError> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT { Err(ReadError::damaged()) } else { Ok(()) }
    }
}

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

impl<'a> State<'a> {
    pub(super) fn scalar(&mut self, scalar: Scalar) -> Result<ScalarValue<'a>, ReadError> {
        let value = match scalar {
            Scalar::Unit => {
                self.zero()?;
                ScalarValue::Unit
            }
            Scalar::Bool => ScalarValue::Bool(self.boolean()?),
            Scalar::I8 => ScalarValue::I8(self.byte()?.cast_signed()),
            Scalar::I16 => ScalarValue::I16(self.signed()?),
            Scalar::I32 => ScalarValue::I32(self.signed()?),
            Scalar::I64 => ScalarValue::I64(self.signed()?),
            Scalar::I128 => ScalarValue::I128(self.wide_signed()?),
            Scalar::U8 => ScalarValue::U8(self.byte()?),
            Scalar::U16 => ScalarValue::U16(self.number()?),
            Scalar::U32 => ScalarValue::U32(self.number()?),
            Scalar::U64 => ScalarValue::U64(self.number()?),
            Scalar::U128 => ScalarValue::U128(self.wide_varint()?),
            Scalar::F32 => ScalarValue::F32(f32::from_bits(u32::from_le_bytes(self.array()?))),
            Scalar::F64 => ScalarValue::F64(f64::from_bits(u64::from_le_bytes(self.array()?))),
            Scalar::Char => ScalarValue::Char(self.character()?),
            Scalar::Str => ScalarValue::Str(self.text()?),
            Scalar::Bytes => ScalarValue::Bytes(self.bytes()?),
        };
        Ok(match self.trace {
            Some(trace) => trace.another(value),
            None => value,
        })
    }
}

impl ScalarValue<'_> {
    /// Returns the value as text, which is the same for numbers that are the same.
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

    /// Returns whether the other number is the one of floating point that is next to this one, and not the same.
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

    pub(super) fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
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

impl State<'_> {
    /// Returns whether the number to be read next is exact as an `f32`.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whether it loses anything is what is asked"
    )]
    pub(super) fn is_exact_f32(&mut self, scalar: Scalar) -> Result<bool, ReadError> {
        Ok(match scalar {
            Scalar::F64 => {
                let number = f64::from_bits(u64::from_le_bytes(self.array()?));
                f64::from(number as f32).to_bits() == number.to_bits()
            }
            _ => self.is_integer_below(scalar, f32::MANTISSA_DIGITS)?,
        })
    }

    /// Returns whether the number to be read next is exact as an `f64`.
    pub(super) fn is_exact_f64(&mut self, scalar: Scalar) -> Result<bool, ReadError> {
        self.is_integer_below(scalar, f64::MANTISSA_DIGITS)
    }

    /// Returns whether an integer has at most `bits` bits between its first and its last one; true for what is no integer.
    fn is_integer_below(&mut self, scalar: Scalar, bits: u32) -> Result<bool, ReadError> {
        let magnitude = match scalar {
            Scalar::I16 | Scalar::I32 | Scalar::I64 => self.signed::<i64>()?.unsigned_abs().into(),
            Scalar::I128 => self.wide_signed()?.unsigned_abs(),
            Scalar::U16 | Scalar::U32 | Scalar::U64 => self.varint()?.into(),
            Scalar::U128 => self.wide_varint()?,
            _ => 0,
        };
        let ends = magnitude.leading_zeros() + magnitude.trailing_zeros();
        Ok(u128::BITS.saturating_sub(ends) <= bits)
    }
}
