//! The kind of a value that is about to be read.

use super::super::scalar::Scalar;
use super::super::schema::{EnumId, Kind, NodeId, RecordId};
use super::super::tag::Tag;
use super::{ReadError, State};

/// The kind of the value at a place.
#[derive(Clone, Copy)]
pub(super) enum Found {
    Absent,
    Scalar(Scalar),
    None,
    Some(NodeId),
    Seq(NodeId),
    Map(NodeId, NodeId),
    /// A tuple: the first element's place, the distance to the next one's place, and the number of elements.
    Tuple(NodeId, NodeId, u32),
    Struct(RecordId),
    Enum(EnumId),
}

impl State<'_> {
    /// Returns the kind of the value at a place, after reading the bytes that tell it.
    pub(super) fn find(&mut self, at: NodeId) -> Result<Found, ReadError> {
        let node = self.schema.node(at).ok_or_else(ReadError::damaged)?;
        if node.is_tagged_in(self.version) {
            return self.find_tagged(at);
        }
        match node.kind {
            Kind::Unknown => Err(ReadError::damaged()),
            Kind::Scalar(scalar) => Ok(Found::Scalar(scalar)),
            Kind::Option(inner) => {
                Ok(if self.boolean()? { Found::Some(inner) } else { Found::None })
            }
            Kind::Seq(element) => Ok(Found::Seq(element)),
            Kind::Map(key, value) => Ok(Found::Map(key, value)),
            Kind::Tuple(first, count) => Ok(Found::Tuple(first, 1, count)),
            Kind::Struct(record) => Ok(Found::Struct(record)),
            Kind::Enum(id) => Ok(Found::Enum(id)),
        }
    }

    fn find_tagged(&mut self, at: NodeId) -> Result<Found, ReadError> {
        let tag = Tag::from_byte(self.byte()?).ok_or_else(ReadError::damaged)?;
        Ok(match tag {
            Tag::Absent => Found::Absent,
            Tag::Scalar(scalar) => Found::Scalar(scalar),
            Tag::None => Found::None,
            Tag::Some => Found::Some(at),
            Tag::Seq => Found::Seq(at),
            Tag::Map => Found::Map(at, at),
            Tag::Tuple => Found::Tuple(at, 0, self.number()?),
            Tag::Struct => Found::Struct(self.number()?),
            Tag::Enum => Found::Enum(self.number()?),
        })
    }
}
