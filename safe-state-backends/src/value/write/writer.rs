//! The serializer of one value, at one place of the schema.

use super::super::scalar::Scalar;
use super::super::schema::{Body, EnumId, Kind, NodeId, RecordId, Schema, Variant, place};
use super::super::tag::Tag;
use super::compound::{Elements, Fields};
use super::state::{State, push_varint, push_wide_varint};
use super::{Bytes, WriteError};

/// A serializer of one value, at one place of the schema.
pub(super) struct Writer<'s, 'a> {
    pub(super) state: &'s mut State<'a>,
    pub(super) at: NodeId,
}

impl<'s, 'a> Writer<'s, 'a> {
    /// Checks that the value at this place may be a `scalar`, and notes in the schema that it was.
    #[inline]
    pub(super) fn scalar(self, scalar: Scalar) -> Result<&'s mut Bytes<'a>, WriteError> {
        match self.state.kind(self.at) {
            Some(Kind::Scalar(known)) if known == scalar => {}
            Some(Kind::Unknown) => self.state.set_kind(self.at, Kind::Scalar(scalar)),
            Some(_) => return Err(self.state.conflict(self.at)),
            None => self.state.tag(self.at, Tag::Scalar(scalar)),
        }
        Ok(&mut self.state.bytes)
    }

    #[inline]
    pub(super) fn unsigned(self, scalar: Scalar, number: impl Into<u64>) -> Result<(), WriteError> {
        push_varint(self.scalar(scalar)?, number.into());
        Ok(())
    }

    /// Writes a signed number so that small numbers of either sign take few bytes.
    #[inline]
    pub(super) fn signed(self, scalar: Scalar, number: impl Into<i64>) -> Result<(), WriteError> {
        let number = number.into();
        push_varint(self.scalar(scalar)?, ((number << 1) ^ (number >> 63)).cast_unsigned());
        Ok(())
    }

    /// Writes a scalar of a fixed length.
    #[inline]
    pub(super) fn put<const N: usize>(
        self,
        scalar: Scalar,
        value: [u8; N],
    ) -> Result<(), WriteError> {
        self.scalar(scalar)?.extend_from_slice(&value);
        Ok(())
    }

    pub(super) fn wide(self, scalar: Scalar, number: u128) -> Result<(), WriteError> {
        push_wide_varint(self.scalar(scalar)?, number);
        Ok(())
    }

    pub(super) fn bytes(self, scalar: Scalar, value: &[u8]) -> Result<(), WriteError> {
        let bytes = self.scalar(scalar)?;
        push_varint(bytes, value.len() as u64);
        bytes.extend_from_slice(value);
        Ok(())
    }

    /// Returns the place of the option's value; `None` if the value tells its kind itself.
    pub(super) fn option(&mut self) -> Result<Option<NodeId>, WriteError> {
        match self.state.kind(self.at) {
            Some(Kind::Option(inner)) => Ok(Some(inner)),
            Some(Kind::Unknown) => {
                let inner = self.state.schema.to_mut().new_nodes(1);
                self.state.set_kind(self.at, Kind::Option(inner));
                Ok(Some(inner))
            }
            Some(_) => Err(self.state.conflict(self.at)),
            None => Ok(None),
        }
    }

    pub(super) fn tuple_at(self, len: usize) -> Result<Elements<'s, 'a>, WriteError> {
        let count = place(len);
        let first = match self.state.kind(self.at) {
            Some(Kind::Tuple(first, known)) if known == count => Some(first),
            Some(Kind::Unknown) => {
                let first = self.state.schema.to_mut().new_nodes(len);
                self.state.set_kind(self.at, Kind::Tuple(first, count));
                Some(first)
            }
            Some(_) => return Err(self.state.conflict(self.at)),
            None => {
                self.state.tag(self.at, Tag::Tuple);
                self.state.varint(len as u64);
                None
            }
        };
        self.into_tuple(first, len)
    }

    /// Returns a writer of a tuple's elements, whose first place is `first`; `None` if each element tells its kind.
    pub(super) fn into_tuple(
        self,
        first: Option<NodeId>,
        len: usize,
    ) -> Result<Elements<'s, 'a>, WriteError> {
        self.state.enter()?;
        if len == 0 {
            // Every value takes at least a byte, so that a few bytes can't claim many values.
            self.state.bytes.push(0);
        }
        let (next, step) = first.map_or((self.at, 0), |first| (first, 1));
        Ok(Elements { state: self.state, next, step, left: len })
    }

    pub(super) fn variant(
        &mut self,
        name: &'static str,
        variant: &'static str,
        is_body: impl Fn(Body) -> bool,
        new_body: impl FnOnce(&mut Schema) -> Body,
    ) -> Result<Body, WriteError> {
        let id = match self.state.kind(self.at) {
            Some(Kind::Enum(id)) if self.is_enum(id, name) => id,
            Some(Kind::Unknown) => {
                let id = self.state.enum_named(name);
                self.state.set_kind(self.at, Kind::Enum(id));
                id
            }
            Some(_) => return Err(self.state.conflict(self.at)),
            None => {
                self.state.tag(self.at, Tag::Enum);
                let id = self.state.enum_named(name);
                self.state.varint(id.into());
                id
            }
        };
        let known = self.state.schema.enums.get(id as usize).map_or(&[][..], |it| &it.variants);
        let found = known.iter().position(|it| *it.name == *variant && is_body(it.body));
        let found = found.and_then(|at| Some((at, known.get(at)?.body)));
        let next = known.len();
        let (at, body) = found.unwrap_or_else(|| {
            let schema = self.state.schema.to_mut();
            let body = new_body(schema);
            if let Some(it) = schema.enums.get_mut(id as usize) {
                it.variants.push(Variant { name: variant.into(), body });
            }
            (next, body)
        });
        self.state.varint(at as u64);
        Ok(body)
    }

    pub(super) fn is_enum(&self, id: EnumId, name: &str) -> bool {
        self.state.schema.enums.get(id as usize).is_some_and(|it| *it.name == *name)
    }

    pub(super) fn fields(self, record: RecordId) -> Result<Fields<'s, 'a>, WriteError> {
        self.state.enter()?;
        Ok(Fields { state: self.state, record, next: 0 })
    }
}
