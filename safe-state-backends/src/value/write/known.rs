//! The encoding of values that show nothing new, into a buffer: the common kinds of values, as fast as can be. It writes what
//! [`State`](super::state::State) would write, or nothing.

use std::fmt::Display;

use serde::{Serialize, Serializer, ser};

use super::super::scalar::Scalar;
use super::super::schema::{Body, DEPTH_LIMIT, Enum, Kind, NodeId, ORDERED, ROOT, Record, Schema};
use super::bulk::{is_ordered, numbers};

/// The error of a value that shows something new, has no room, or is of a kind that is not written here.
#[derive(Debug, thiserror::Error)]
#[error("the value is not written here")]
pub(super) struct NotHere;

impl ser::Error for NotHere {
    fn custom<T: Display>(_: T) -> Self {
        NotHere
    }
}

type Written = Result<(), NotHere>;

/// Writes a value at the start of `room`. Returns how many bytes it takes; none if it is not written here.
#[inline]
pub(super) fn write<T: Serialize + ?Sized>(
    value: &T,
    schema: &Schema,
    room: &mut [u8],
) -> Option<usize> {
    let mut known = Known { schema, room, len: 0, depth: 0 };
    known.value(ROOT, value).ok().map(|()| known.len)
}

/// The buffer, the bytes that are written, and how deep the present value is inside of others.
struct Known<'a> {
    schema: &'a Schema,
    room: &'a mut [u8],
    len: usize,
    depth: u32,
}

/// The most bytes of a number of 64 bits.
const VARINT: usize = 10;

impl<'a> Known<'a> {
    /// Returns the kind of the values at a place, if it is one and a value was written there.
    #[inline]
    fn kind(&self, at: NodeId) -> Result<Kind, NotHere> {
        let node = self.schema.node(at).ok_or(NotHere)?;
        if node.tagged_since == 0 && node.seen != 0 { Ok(node.kind) } else { Err(NotHere) }
    }

    fn record(&self, at: u32) -> Result<&'a Record, NotHere> {
        let record = self.schema.record(at);
        record.filter(|it| it.loose_since == 0 && it.is_known).ok_or(NotHere)
    }

    #[inline]
    fn push(&mut self, byte: u8) -> Written {
        *self.room.get_mut(self.len).ok_or(NotHere)? = byte;
        self.len += 1;
        Ok(())
    }

    #[inline]
    fn extend(&mut self, bytes: &[u8]) -> Written {
        let end = self.len + bytes.len();
        self.room.get_mut(self.len..end).ok_or(NotHere)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    #[inline]
    fn varint(&mut self, number: u64) -> Written {
        if number < 0x80 {
            return self.push(number.to_le_bytes()[0]);
        }
        self.long_varint(number)
    }

    fn long_varint(&mut self, mut number: u64) -> Written {
        let room = self.room.get_mut(self.len..).unwrap_or_default();
        let len = (70 - number.leading_zeros()) as usize / 7;
        let Some(room) = room.first_chunk_mut::<VARINT>() else {
            let mut bytes = [0; VARINT];
            put(&mut bytes, &mut number, len);
            return self.extend(bytes.get(..len).unwrap_or_default());
        };
        put(room, &mut number, len);
        self.len += len;
        Ok(())
    }

    /// Writes a value at a place.
    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, at: NodeId, value: &T) -> Written {
        if is_ordered::<T>() && self.schema.node(at).is_none_or(|node| node.seen & ORDERED == 0) {
            return Err(NotHere);
        }
        if let Some(list) = numbers(value) {
            let Kind::Seq(element) = self.kind(at)? else { return Err(NotHere) };
            if list.len() == 0 || self.kind(element)? != Kind::Scalar(list.scalar()) {
                return value.serialize(At { known: self, at });
            }
            self.varint(list.len() as u64)?;
            let room = self.room.get_mut(self.len..).unwrap_or_default();
            self.len += list.copy(room).ok_or(NotHere)?;
            return Ok(());
        }
        value.serialize(At { known: self, at })
    }

    #[inline]
    fn enter(&mut self) -> Written {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT { Err(NotHere) } else { Ok(()) }
    }

    /// Writes a value that is the only one in another one.
    fn inside<T: Serialize + ?Sized>(&mut self, at: NodeId, value: &T) -> Written {
        self.enter()?;
        self.value(at, value)?;
        self.depth -= 1;
        Ok(())
    }
}

#[inline]
fn put(room: &mut [u8; VARINT], number: &mut u64, len: usize) {
    for to in room.iter_mut().take(len) {
        *to = number.to_le_bytes()[0] | 0x80;
        *number >>= 7;
    }
    if let Some(last) = room.get_mut(len - 1) {
        *last &= 0x7f;
    }
}

/// A serializer of the value at one place.
struct At<'k, 'a> {
    known: &'k mut Known<'a>,
    at: NodeId,
}

impl<'a> At<'_, 'a> {
    #[inline]
    fn scalar(&mut self, scalar: Scalar) -> Written {
        if self.known.kind(self.at)? == Kind::Scalar(scalar) { Ok(()) } else { Err(NotHere) }
    }

    #[inline]
    fn number(mut self, scalar: Scalar, number: impl Into<u64>) -> Written {
        self.scalar(scalar)?;
        self.known.varint(number.into())
    }

    #[inline]
    fn signed(self, scalar: Scalar, number: impl Into<i64>) -> Written {
        let number = number.into();
        self.number(scalar, ((number << 1) ^ (number >> 63)).cast_unsigned())
    }

    #[inline]
    fn fixed<const N: usize>(mut self, scalar: Scalar, bytes: [u8; N]) -> Written {
        self.scalar(scalar)?;
        self.known.extend(&bytes)
    }

    fn bytes(mut self, scalar: Scalar, bytes: &[u8]) -> Written {
        self.scalar(scalar)?;
        self.known.varint(bytes.len() as u64)?;
        self.known.extend(bytes)
    }

    /// Writes which variant a value is. Returns the variant's body.
    fn variant(&mut self, name: &str, variant: &str) -> Result<Body, NotHere> {
        let Kind::Enum(id) = self.known.kind(self.at)? else { return Err(NotHere) };
        let known: Option<&'a Enum> = self.known.schema.enums.get(id as usize);
        let known = known.filter(|it| *it.name == *name).ok_or(NotHere)?;
        let mut variants = known.variants.iter().enumerate();
        // Two variants of one name have different bodies.
        let mut of_name = variants.by_ref().filter(|(_, it)| *it.name == *variant);
        let (Some((at, found)), None) = (of_name.next(), of_name.next()) else {
            return Err(NotHere);
        };
        self.known.varint(at as u64)?;
        Ok(found.body)
    }
}

/// Defines methods that write a scalar, each in one of a few ways.
macro_rules! scalars {
    ($($method:ident($($value:ident: $ty:ty)?): $way:ident($scalar:ident, $bytes:expr);)*) => { $(
        #[inline]
        fn $method(self $(, $value: $ty)?) -> Written {
            self.$way(Scalar::$scalar, $bytes)
        }
    )* };
}

impl<'k, 'a> Serializer for At<'k, 'a> {
    type Ok = ();
    type Error = NotHere;
    type SerializeSeq = Counted<'k, 'a>;
    type SerializeTuple = Counted<'k, 'a>;
    type SerializeTupleStruct = Counted<'k, 'a>;
    type SerializeTupleVariant = ser::Impossible<(), NotHere>;
    type SerializeMap = Counted<'k, 'a>;
    type SerializeStruct = Fields<'k, 'a>;
    type SerializeStructVariant = ser::Impossible<(), NotHere>;

    scalars! {
        serialize_bool(value: bool): fixed(Bool, [value.into()]);
        serialize_i8(value: i8): fixed(I8, value.to_le_bytes());
        serialize_i16(value: i16): signed(I16, value);
        serialize_i32(value: i32): signed(I32, value);
        serialize_i64(value: i64): signed(I64, value);
        serialize_u8(value: u8): fixed(U8, [value]);
        serialize_u16(value: u16): number(U16, value);
        serialize_u32(value: u32): number(U32, value);
        serialize_u64(value: u64): number(U64, value);
        serialize_f32(value: f32): fixed(F32, value.to_bits().to_le_bytes());
        serialize_f64(value: f64): fixed(F64, value.to_bits().to_le_bytes());
        serialize_char(value: char): number(Char, u32::from(value));
        serialize_str(value: &str): bytes(Str, value.as_bytes());
        serialize_bytes(value: &[u8]): bytes(Bytes, value);
        serialize_unit(): fixed(Unit, [0]);
    }

    fn serialize_none(self) -> Written {
        let Kind::Option(_) = self.known.kind(self.at)? else { return Err(NotHere) };
        self.known.push(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        let Kind::Option(inner) = self.known.kind(self.at)? else { return Err(NotHere) };
        self.known.push(1)?;
        self.known.inside(inner, value)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Written {
        match self.variant(name, variant)? {
            Body::Unit => Ok(()),
            _ => Err(NotHere),
        }
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        self.known.inside(self.at, value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        match self.variant(name, variant)? {
            Body::Newtype(inner) => self.known.inside(inner, value),
            _ => Err(NotHere),
        }
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Counted<'k, 'a>, NotHere> {
        let Kind::Seq(element) = self.known.kind(self.at)? else { return Err(NotHere) };
        Counted::begin(self.known, (element, element), len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Counted<'k, 'a>, NotHere> {
        match self.known.kind(self.at)? {
            Kind::Tuple(first, count) if count as usize == len => {
                self.known.enter()?;
                if len == 0 {
                    self.known.push(0)?;
                }
                Ok(Counted { known: self.known, at: (first, first), step: 1, left: len })
            }
            _ => Err(NotHere),
        }
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Counted<'k, 'a>, NotHere> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotHere> {
        Err(NotHere)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Counted<'k, 'a>, NotHere> {
        let Kind::Map(key, value) = self.known.kind(self.at)? else { return Err(NotHere) };
        Counted::begin(self.known, (key, value), len)
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'k, 'a>, NotHere> {
        let Kind::Struct(id) = self.known.kind(self.at)? else { return Err(NotHere) };
        let record = self.known.record(id)?;
        if *record.name != *name {
            return Err(NotHere);
        }
        self.known.enter()?;
        Ok(Fields { known: self.known, record, next: 0 })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NotHere> {
        Err(NotHere)
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}

/// A writer of the elements of a list or tuple, or of a map's entries, whose number is known.
struct Counted<'k, 'a> {
    known: &'k mut Known<'a>,
    /// The places of keys and of values.
    at: (NodeId, NodeId),
    /// The distance from an element's place to the next one's.
    step: NodeId,
    left: usize,
}

impl<'k, 'a> Counted<'k, 'a> {
    fn begin(
        known: &'k mut Known<'a>,
        at: (NodeId, NodeId),
        len: Option<usize>,
    ) -> Result<Self, NotHere> {
        let left = len.ok_or(NotHere)?;
        known.enter()?;
        known.varint(left as u64)?;
        Ok(Counted { known, at, step: 0, left })
    }

    #[inline]
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.left = self.left.checked_sub(1).ok_or(NotHere)?;
        self.known.value(self.at.1, value)?;
        self.at.1 += self.step;
        Ok(())
    }

    #[inline]
    fn finish(self) -> Written {
        self.known.depth -= 1;
        if self.left == 0 { Ok(()) } else { Err(NotHere) }
    }
}

macro_rules! counted {
    ($($compound:ident: $method:ident;)*) => { $(
        impl ser::$compound for Counted<'_, '_> {
            type Ok = ();
            type Error = NotHere;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
                self.write(value)
            }

            #[inline]
            fn end(self) -> Written {
                self.finish()
            }
        }
    )* };
}

counted! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
}

impl ser::SerializeMap for Counted<'_, '_> {
    type Ok = ();
    type Error = NotHere;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.known.value(self.at.0, key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.write(value)
    }

    fn end(self) -> Written {
        self.finish()
    }
}

/// A writer of the fields of a struct.
struct Fields<'k, 'a> {
    known: &'k mut Known<'a>,
    record: &'a Record,
    next: usize,
}

impl ser::SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = NotHere;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
        let field = self.record.fields.get(self.next).filter(|it| *it.name == *name);
        let at = field.ok_or(NotHere)?.node;
        self.next += 1;
        self.known.value(at, value)
    }

    fn skip_field(&mut self, _: &'static str) -> Written {
        Err(NotHere)
    }

    #[inline]
    fn end(self) -> Written {
        self.known.depth -= 1;
        if self.record.fields.len() != self.next {
            return Err(NotHere);
        }
        if self.next == 0 { self.known.push(0) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use super::super::{Bytes, rewrite_any, write as write_new};
    use super::*;

    #[derive(Clone, Default, Serialize)]
    struct All {
        flag: bool,
        small: (i8, u8, char),
        signed: (i16, i32, i64),
        unsigned: [u64; 5],
        floats: (f32, f64),
        text: String,
        maybe: Option<Wrapped>,
        kind: Kind,
        map: BTreeMap<String, u32>,
        lists: (Vec<u8>, Vec<f64>, Vec<u16>),
        empty: (),
    }

    #[derive(Clone, Default, Serialize)]
    struct Wrapped(u32);

    #[derive(Clone, Default, Serialize)]
    enum Kind {
        #[default]
        None,
        One(u64),
        Two(u8, u8),
    }

    fn full() -> All {
        All {
            flag: true,
            small: (-7, 200, '\u{1f980}'),
            signed: (-300, 70_000, i64::MIN),
            unsigned: [0, 127, 128, 1 << 35, u64::MAX],
            floats: (0.5, -1e300),
            text: "text".repeat(40),
            maybe: Some(Wrapped(300)),
            kind: Kind::One(1 << 20),
            map: BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 1000)]),
            lists: (vec![1; 50], vec![0.25; 5], vec![1, 300]),
            empty: (),
        }
    }

    /// Returns a schema that has seen the values.
    fn schema(values: &[&All]) -> Schema {
        values.iter().fold(Schema::default(), |schema, value| {
            let (written, _) = write_new(*value, Cow::Owned(schema), Bytes::default());
            written.unwrap().0.into_owned()
        })
    }

    /// Returns what is written here, after a check that it is what is written elsewhere.
    fn written(value: &All, schema: &Schema, room: usize) -> Option<Vec<u8>> {
        let (mut here, mut there) = (vec![0; room], vec![0; room]);
        let len = write(value, schema, &mut here)?;
        assert_eq!(rewrite_any(value, schema, &mut there), Some(len));
        assert_eq!(here[..len], there[..len]);
        Some(here[..len].to_vec())
    }

    #[test]
    fn a_value_that_is_written_here_is_as_it_is_written_elsewhere() {
        let none = All { kind: Kind::None, ..All::default() };
        let schema = schema(&[&full(), &none]);
        let other = All { maybe: None, kind: Kind::One(5), text: String::new(), ..full() };
        for value in [full(), none, other] {
            let bytes = written(&value, &schema, 1000).unwrap();
            assert_eq!(written(&value, &schema, bytes.len()), Some(bytes.clone()));
            for room in 0..bytes.len() {
                assert_eq!(written(&value, &schema, room), None);
            }
        }
    }

    #[test]
    fn what_is_new_is_not_written_here() {
        let schema = schema(&[&All::default()]);
        assert!(written(&All::default(), &schema, 1000).is_some());
        assert!(written(&full(), &schema, 1000).is_none());
        for value in [
            All { maybe: Some(Wrapped(1)), ..All::default() },
            All { kind: Kind::One(1), ..All::default() },
            All { kind: Kind::Two(1, 2), ..All::default() },
            All { map: full().map, ..All::default() },
        ] {
            assert!(written(&value, &schema, 1000).is_none());
        }
    }

    #[test]
    fn numbers_of_each_length_are_written() {
        let schema = schema(&[&full()]);
        for bits in 0..64 {
            let unsigned = [1 << bits, (1 << bits) - 1, u64::MAX >> bits, 0, 1];
            assert!(written(&All { unsigned, ..full() }, &schema, 1000).is_some());
        }
    }
}
