//! Values that a type converts to others, and the values that replace them in a second reading.

use super::scalar_value::ScalarValue;

/// A text that hardly any type knows.
const UNKNOWN: &str = "(unknown to safe-state)";
/// The distance of a replacing number from the largest number of its type.
const BELOW: u8 = 88;
const FAR_SINGLE: f32 = 8_388_519.5;
const FAR_DOUBLE: f64 = 4_503_599_627_370_407.5;

/// A number, a text or the name of a variant that came back as another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conversion {
    pub(in super::super) stored: String,
    pub(in super::super) again: String,
}

/// Returns a number that is far from most others, and is not the stored one.
macro_rules! far {
    ($variant:ident, $number:expr, $ty:ty) => {{
        let far = <$ty>::MAX - <$ty>::try_from(BELOW).unwrap_or_default();
        ScalarValue::$variant(if far == $number { far - 1 } else { far })
    }};
}

impl Conversion {
    /// Returns another value if `value` is the stored one, else `value` as it is.
    pub(super) fn another<'a>(&self, value: ScalarValue<'a>) -> ScalarValue<'a> {
        if value.text() != self.stored {
            return value;
        }
        match value {
            ScalarValue::Str(_) => ScalarValue::Str(UNKNOWN),
            ScalarValue::I8(number) => far!(I8, number, i8),
            ScalarValue::I16(number) => far!(I16, number, i16),
            ScalarValue::I32(number) => far!(I32, number, i32),
            ScalarValue::I64(number) => far!(I64, number, i64),
            ScalarValue::I128(number) => far!(I128, number, i128),
            ScalarValue::U8(number) => far!(U8, number, u8),
            ScalarValue::U16(number) => far!(U16, number, u16),
            ScalarValue::U32(number) => far!(U32, number, u32),
            ScalarValue::U64(number) => far!(U64, number, u64),
            ScalarValue::U128(number) => far!(U128, number, u128),
            ScalarValue::F32(_) => ScalarValue::F32(FAR_SINGLE),
            ScalarValue::F64(_) => ScalarValue::F64(FAR_DOUBLE),
            ScalarValue::Char(_) => ScalarValue::Char(char::MAX),
            ScalarValue::Unit | ScalarValue::Bool(_) | ScalarValue::Bytes(_) => value,
        }
    }

    /// Returns another name if `variant` is the stored one, else `variant` as it is.
    pub(super) fn another_name<'a>(&self, variant: &'a str) -> &'a str {
        if variant == self.stored { UNKNOWN } else { variant }
    }
}
