//! A serializer that refuses what its format gives back as something else. `MessagePack` has one nil, and
//! `Some` no mark of its own: `Some(None)`, `Some(())` and `Some(Value::Null)` read back as `None`.

use std::any::type_name;

use serde::Serialize;
use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// A value that is serialised with all that is in it checked.
pub(super) struct Faithful<'a, T: ?Sized> {
    value: &'a T,
    /// The type in the `Some` around it, if there is one.
    some: Option<&'static str>,
}

/// The serializer, or its part for what holds others.
struct Checked<S> {
    inner: S,
    some: Option<&'static str>,
}

impl<'a, T: ?Sized> Faithful<'a, T> {
    pub(super) fn new(value: &'a T) -> Self {
        Faithful { value, some: None }
    }
}

impl<T: Serialize + ?Sized> Serialize for Faithful<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Checked { inner: serializer, some: self.some })
    }
}

impl<S: Serializer> Checked<S> {
    /// A serializer for what is written as nil.
    fn nil(self) -> Result<S, S::Error> {
        match self.some {
            None => Ok(self.inner),
            Some(within) => Err(S::Error::custom(format_args!(
                "a `Some` of `{within}` holds nothing, and would be read as `None`; \
                 store an enum of your own instead"
            ))),
        }
    }
}

/// Those that hold nothing else.
macro_rules! plain {
    ($($name:ident: $type:ty;)*) => { $(
        fn $name(self, value: $type) -> Result<S::Ok, S::Error> {
            self.inner.$name(value)
        }
    )* };
}

impl<S: Serializer> Serializer for Checked<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Checked<S::SerializeSeq>;
    type SerializeTuple = Checked<S::SerializeTuple>;
    type SerializeTupleStruct = Checked<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Checked<S::SerializeTupleVariant>;
    type SerializeMap = Checked<S::SerializeMap>;
    type SerializeStruct = Checked<S::SerializeStruct>;
    type SerializeStructVariant = Checked<S::SerializeStructVariant>;

    plain! {
        serialize_bool: bool;
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_i128: i128;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
        serialize_u128: u128;
        serialize_f32: f32;
        serialize_f64: f64;
        serialize_char: char;
        serialize_str: &str;
        serialize_bytes: &[u8];
        serialize_unit_struct: &'static str;
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.nil()?.serialize_none()
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.nil()?.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Faithful { value, some: Some(type_name::<T>()) })
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        // It is written as what it holds.
        self.inner.serialize_newtype_struct(name, &Faithful { value, some: self.some })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = Faithful::new(value);
        self.inner.serialize_newtype_variant(name, index, variant, &value).map_err(within(variant))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.inner.serialize_seq(len).map(checked)
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.inner.serialize_tuple(len).map(checked)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.inner.serialize_tuple_struct(name, len).map(checked)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.inner.serialize_tuple_variant(name, index, variant, len).map(checked)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.inner.serialize_map(len).map(checked)
    }

    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        self.inner.serialize_struct(name, len).map(checked)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.inner.serialize_struct_variant(name, index, variant, len).map(checked)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

fn checked<C>(inner: C) -> Checked<C> {
    Checked { inner, some: None }
}

/// Says in which field it is.
fn within<E: Error>(field: &'static str) -> impl FnOnce(E) -> E {
    move |error| E::custom(format_args!("in `{field}`, {error}"))
}

/// The parts of what holds others, one after another.
macro_rules! elements {
    ($($part:ident: $element:ident;)*) => { $(
        impl<C: $part> $part for Checked<C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                self.inner.$element(&Faithful::new(value))
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    )* };
}

elements! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

/// The same by names.
macro_rules! fields {
    ($($part:ident;)*) => { $(
        impl<C: $part> $part for Checked<C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), C::Error> {
                self.inner.serialize_field(key, &Faithful::new(value)).map_err(within(key))
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), C::Error> {
                self.inner.skip_field(key)
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    )* };
}

fields! {
    SerializeStruct;
    SerializeStructVariant;
}

impl<C: SerializeMap> SerializeMap for Checked<C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.inner.serialize_key(&Faithful::new(key))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        self.inner.serialize_value(&Faithful::new(value))
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.inner.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::super::entry;
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unit;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype<T>(T);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row<T> {
        id: u8,
        inner: T,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Kind<T> {
        Plain,
        New(T),
        Tuple(u8, T),
        Struct { inner: T },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Nothing,
        Number(u8),
    }

    fn stored(value: &impl Serialize) -> Result<Vec<u8>, String> {
        let needed =
            entry::Fill::entry(&mut [], "key", value).map_err(|error| error.to_string())?;
        let mut room = vec![0; needed];
        entry::Fill::entry(&mut room, "key", value).map_err(|error| error.to_string())?;
        Ok(room)
    }

    fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let stored = stored(value).unwrap();
        let (_, bytes) = entry::split(&stored).unwrap();
        assert_eq!(entry::value::<T>("key", bytes).unwrap(), *value);
    }

    fn is_refused(value: &(impl Serialize + Debug)) -> String {
        let refused = stored(value).expect_err(&format!("{value:?}"));
        assert!(refused.contains("would be read as `None`"), "{refused}");
        refused
    }

    /// A value in all that can hold one.
    fn is_refused_anywhere<T: Serialize + Clone + Debug>(value: &T) {
        let value = || value.clone();
        is_refused(&value());
        is_refused(&Some(value()));
        is_refused(&Newtype(value()));
        is_refused(&vec![value()]);
        is_refused(&(1, value()));
        is_refused(&Row { id: 1, inner: value() });
        is_refused(&BTreeMap::from([(1, value())]));
        is_refused(&[Kind::New(value())]);
        is_refused(&[Kind::Tuple(1, value())]);
        is_refused(&[Kind::Struct { inner: value() }]);
        is_refused(&Ok::<_, u8>(value()));
    }

    #[test]
    fn what_would_be_read_as_none_is_refused() {
        is_refused_anywhere(&Some(None::<u8>));
        is_refused_anywhere(&Some(()));
        is_refused_anywhere(&Some(Value::Null));
        is_refused_anywhere(&Some(Some(None::<String>)));
        is_refused(&Some(Newtype(None::<u8>)));
        is_refused(&Some(Newtype(())));
        is_refused(&Some(Untagged::Nothing));
        is_refused(&Some(Box::new(None::<u8>)));
        is_refused(&BTreeMap::from([(Some(()), 1)]));
    }

    #[test]
    fn it_says_where_and_what() {
        let inner = Row { id: 1, inner: vec![Some(None::<u8>)] };
        let refused = is_refused(&Row { id: 1, inner });
        let text = "`key` cannot be serialised: in `inner`, in `inner`, \
                    a `Some` of `core::option::Option<u8>` holds nothing, and would be read as `None`; \
                    store an enum of your own instead";
        assert_eq!(refused, text);
    }

    #[test]
    fn all_else_reads_back() {
        reads_back(&None::<u8>);
        reads_back(&Some(Some(3)));
        reads_back(&None::<Option<u8>>);
        reads_back(&Some(Unit));
        reads_back(&());
        reads_back(&Value::Null);
        reads_back(&vec![Some(1), None]);
        reads_back(&Some(vec![None, Some(1)]));
        reads_back(&Some((None::<u8>, ())));
        reads_back(&Some(Row { id: 1, inner: None::<u8> }));
        reads_back(&Some(Newtype(Some(1))));
        reads_back(&[
            Kind::Plain,
            Kind::New(None),
            Kind::Tuple(1, Some(2)),
            Kind::Struct { inner: None },
        ]);
        reads_back(&Some(Kind::<u8>::Plain));
        reads_back(&Some(serde_json::json!({"a": null, "b": [null, 1]})));
        reads_back(&Untagged::Number(1));
        reads_back(&(i128::MIN, u128::MAX, 'ü', 1.5_f32));
        reads_back(&BTreeMap::from([((1, "x".to_owned()), Some(true))]));
        reads_back(&Ok::<Option<u8>, ()>(None));
        reads_back(&serde_bytes::ByteBuf::from(vec![1, 2]));
    }
}
