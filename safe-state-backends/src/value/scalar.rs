//! The kinds of values that hold no others.

use serde::{Deserialize, Serialize};

/// Defines the scalars, each with its name.
macro_rules! scalars {
    ($($scalar:ident: $name:literal)*) => {
        /// The kind of a value that holds no others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) enum Scalar {
            $($scalar,)*
        }

        impl Scalar {
            pub(super) const ALL: &[Scalar] = &[$(Scalar::$scalar),*];

            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Scalar::$scalar => $name,)*
                }
            }
        }
    };
}

// The order is that of the scalars' numbers in the format.
scalars! {
    Unit: "()"
    Bool: "bool"
    I8: "i8"
    I16: "i16"
    I32: "i32"
    I64: "i64"
    I128: "i128"
    U8: "u8"
    U16: "u16"
    U32: "u32"
    U64: "u64"
    U128: "u128"
    F32: "f32"
    F64: "f64"
    Char: "char"
    Str: "text"
    Bytes: "bytes"
}
