//! The bytes of a value that is being read, decoded as scalars.

use std::any::type_name;

use serde::de::Visitor;

use super::super::scalar::Scalar;
use super::super::schema::{DEPTH_LIMIT, Schema};
use super::{ReadError, ScalarValue, Trace, Unwritten};

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

    /// Returns whether an integer has at most `bits` bits from its first bit that is set to its last one; `true` for any other
    /// scalar.
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
