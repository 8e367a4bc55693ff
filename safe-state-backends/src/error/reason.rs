//! The reason why a value can't be serialised, for formats that do not return it.

use serde::de::value::Error;
use serde::ser::{
    SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use serde::{Serialize, ser};

/// Returns the error of the value's own `Serialize`, or else the format's error.
pub fn serialize_reason<T: Serialize + ?Sized>(value: &T, format: &impl ToString) -> String {
    match value.serialize(Listener) {
        Err(reason) => reason.to_string(),
        Ok(()) => format.to_string(),
    }
}

/// A serializer that accepts anything and keeps nothing. Only the value itself can cause its errors.
struct Listener;

macro_rules! takes {
    ($($method:ident($ty:ty);)*) => { $(
        fn $method(self, _: $ty) -> Result<(), Error> {
            Ok(())
        }
    )* };
}

macro_rules! begins {
    ($($method:ident($($ty:ty),*);)*) => { $(
        fn $method(self $(, _: $ty)*) -> Result<Self, Error> {
            Ok(self)
        }
    )* };
}

impl Serializer for Listener {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    takes! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_unit_struct(&'static str);
    }

    begins! {
        serialize_seq(Option<usize>);
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_tuple_variant(&'static str, u32, &'static str, usize);
        serialize_map(Option<usize>);
        serialize_struct(&'static str, usize);
        serialize_struct_variant(&'static str, u32, &'static str, usize);
    }

    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &str, _: u32, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &str,
        _: u32,
        _: &str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    /// Returns `false`, like the formats that this serializer stands in for.
    fn is_human_readable(&self) -> bool {
        false
    }
}

macro_rules! parts {
    ($($of:ident::$method:ident($($name:ty)?);)*) => { $(
        impl $of for Listener {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? value: &T) -> Result<(), Error> {
                value.serialize(Listener)
            }

            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        }
    )* };
}

parts! {
    SerializeSeq::serialize_element();
    SerializeTuple::serialize_element();
    SerializeTupleStruct::serialize_field();
    SerializeTupleVariant::serialize_field();
    SerializeStruct::serialize_field(&'static str);
    SerializeStructVariant::serialize_field(&'static str);
}

impl ser::SerializeMap for Listener {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(Listener)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Listener)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Fails;

    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom("no more tea"))
        }
    }

    #[derive(Serialize)]
    enum Shape<T> {
        Newtype(T),
        Tuple(u8, T),
        Struct { cup: T },
    }

    fn reason<T: Serialize>(value: T) -> String {
        serialize_reason(&value, &postcard::to_stdvec(&value).unwrap_err())
    }

    #[test]
    fn what_a_value_says_is_heard_wherever_in_it_that_is() {
        assert_eq!(reason(Fails), "no more tea");
        assert_eq!(reason((1, "a", Some(Fails))), "no more tea");
        assert_eq!(reason(vec![Fails]), "no more tea");
        assert_eq!(reason(BTreeMap::from([(1, vec![Fails])])), "no more tea");
        for shape in [Shape::Newtype(Fails), Shape::Tuple(1, Fails), Shape::Struct { cup: Fails }] {
            assert_eq!(reason(shape), "no more tea");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_says_so() {
        use std::os::unix::ffi::OsStringExt;
        let path = std::path::PathBuf::from(std::ffi::OsString::from_vec(vec![b'a', 0xff]));
        assert_eq!(reason(path), "path contains invalid UTF-8 characters");
    }
}
