//! The serializer of the value at one place.

use serde::{Serialize, Serializer, ser};

use super::super::super::scalar::Scalar;
use super::super::super::schema::{Body, Enum, Kind, NodeId, ORDERED};
use super::super::bulk::{is_ordered, numbers};
use super::buffer::{Known, NotHere, Written};
use super::compound::{Counted, Fields};

impl Known<'_> {
    /// Writes a value at a place.
    #[inline]
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, at: NodeId, value: &T) -> Written {
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

    /// Writes a value that is the only one in another one.
    fn inside<T: Serialize + ?Sized>(&mut self, at: NodeId, value: &T) -> Written {
        self.enter()?;
        self.value(at, value)?;
        self.depth -= 1;
        Ok(())
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
