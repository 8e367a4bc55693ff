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

impl Found {
    /// Returns the kind of the value at a place, after reading the bytes that tell it.
    pub(super) fn at(at: NodeId, state: &mut State<'_>) -> Result<Found, ReadError> {
        let node = state.schema.node(at).ok_or_else(ReadError::damaged)?;
        if node.is_tagged_in(state.version) {
            return Found::tagged(at, state);
        }
        match node.kind {
            Kind::Unknown => Err(ReadError::damaged()),
            Kind::Scalar(scalar) => Ok(Found::Scalar(scalar)),
            Kind::Option(inner) => {
                Ok(if state.boolean()? { Found::Some(inner) } else { Found::None })
            }
            Kind::Seq(element) => Ok(Found::Seq(element)),
            Kind::Map(key, value) => Ok(Found::Map(key, value)),
            Kind::Tuple(first, count) => Ok(Found::Tuple(first, 1, count)),
            Kind::Struct(record) => Ok(Found::Struct(record)),
            Kind::Enum(id) => Ok(Found::Enum(id)),
        }
    }

    fn tagged(at: NodeId, state: &mut State<'_>) -> Result<Found, ReadError> {
        let tag = Tag::from_byte(state.byte()?).ok_or_else(ReadError::damaged)?;
        Ok(match tag {
            Tag::Absent => Found::Absent,
            Tag::Scalar(scalar) => Found::Scalar(scalar),
            Tag::None => Found::None,
            Tag::Some => Found::Some(at),
            Tag::Seq => Found::Seq(at),
            Tag::Map => Found::Map(at, at),
            Tag::Tuple => Found::Tuple(at, 0, state.number()?),
            Tag::Struct => Found::Struct(state.number()?),
            Tag::Enum => Found::Enum(state.number()?),
        })
    }
}
