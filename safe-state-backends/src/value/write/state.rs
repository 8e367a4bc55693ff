//! The state of a value that is being written: its bytes, and the schema, which grows where a value shows something new.

use std::borrow::Cow;

use super::super::schema::{
    DEPTH_LIMIT, EnumId, Kind, Node, NodeId, ORDERED, RecordId, Schema, VISITED, place,
};
use super::super::tag::Tag;
use super::{Bytes, WriteError};

/// The bytes that are being written, and the schema.
pub(super) struct State<'a> {
    /// The schema. It is copied only where a value shows something new.
    pub(super) schema: Cow<'a, Schema>,
    pub(super) bytes: Bytes<'a>,
    pub(super) depth: u32,
    pub(super) left_out: LeftOut,
    /// The number of records before this value. No value of the later records has been written yet.
    pub(super) known_records: usize,
}

/// A summary of the fields that values have left out, which their bytes do not show: the number of these fields, and a sum of
/// their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(u64, u64);

impl LeftOut {
    #[cold]
    pub(super) fn note(&mut self, name: &str) {
        let sum =
            name.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(257).wrapping_add(byte.into()));
        // The sum does not depend on the order of the fields, because a hash map has none.
        *self = LeftOut(self.0.wrapping_add(1), self.1.wrapping_add(sum));
    }

    /// Adds what further values have left out.
    pub fn add(&mut self, more: LeftOut) {
        *self = LeftOut(self.0.wrapping_add(more.0), self.1.wrapping_add(more.1));
    }
}

impl State<'_> {
    pub(super) fn varint(&mut self, number: u64) {
        push_varint(&mut self.bytes, number);
    }

    /// Begins a value that contains others. Fails if they are nested too deeply.
    pub(super) fn enter(&mut self) -> Result<(), WriteError> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT { Err(WriteError::TooDeep) } else { Ok(()) }
    }

    /// Returns the kind of the values at a place; `None` if each value tells its kind. Notes that a value was written there:
    /// a place where this process has written none is new.
    #[inline]
    pub(super) fn kind(&mut self, at: NodeId) -> Option<Kind> {
        let node = self.schema.nodes.get(at as usize)?;
        let kind = (node.tagged_since == 0).then_some(node.kind);
        if node.seen == 0 {
            self.note(at, VISITED);
        }
        kind
    }

    #[cold]
    fn note(&mut self, at: NodeId, bit: u32) {
        if let Some(node) = self.node_mut(at) {
            node.seen |= bit;
        }
    }

    /// Notes that a list was written whose order is a part of its value.
    #[inline]
    pub(super) fn note_order(&mut self, at: NodeId) {
        if self.schema.node(at).is_some_and(|node| node.seen & ORDERED == 0) {
            self.note(at, VISITED | ORDERED);
        }
    }

    pub(super) fn node_mut(&mut self, at: NodeId) -> Option<&mut Node> {
        self.schema.to_mut().nodes.get_mut(at as usize)
    }

    pub(super) fn tag(&mut self, at: NodeId, tag: Tag) {
        if self.schema.node(at).is_some_and(|node| node.seen & tag.bit() == 0)
            && let Some(node) = self.node_mut(at)
        {
            node.seen |= tag.bit();
        }
        self.bytes.push(tag.byte());
    }

    pub(super) fn set_kind(&mut self, at: NodeId, kind: Kind) {
        if let Some(node) = self.node_mut(at) {
            node.kind = kind;
        }
    }

    /// Returns the struct with this name; adds a new one if there is none.
    pub(super) fn struct_named(&mut self, name: &'static str) -> RecordId {
        let known = self.schema.struct_named(name);
        known.unwrap_or_else(|| self.schema.to_mut().new_record(name))
    }

    /// Returns the enumeration with this name; adds a new one if there is none.
    pub(super) fn enum_named(&mut self, name: &'static str) -> EnumId {
        let known = self.schema.enum_named(name);
        known.unwrap_or_else(|| self.schema.to_mut().new_enum(name))
    }

    pub(super) fn next_version(&mut self) -> u32 {
        let schema = self.schema.to_mut();
        schema.version += 1;
        schema.version
    }

    /// Makes values at this place tell their kind from now on. Returns the error that restarts the writing.
    pub(super) fn conflict(&mut self, at: NodeId) -> WriteError {
        let version = self.next_version();
        if let Some(node) = self.node_mut(at) {
            node.tagged_since = version;
        }
        WriteError::Again
    }

    /// Makes values of this record tell their fields from now on. Returns the error that restarts the writing.
    pub(super) fn loosen(&mut self, record: RecordId) -> WriteError {
        let version = self.next_version();
        if let Some(record) = self.schema.to_mut().records.get_mut(record as usize) {
            record.loose_since = version;
            record.fixed = place(record.fields.len());
        }
        WriteError::Again
    }
}

#[inline]
pub(super) fn push_varint(bytes: &mut Bytes<'_>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(low_byte(number.into()) | 0x80);
        number >>= 7;
    }
    bytes.push(low_byte(number.into()));
}

pub(super) fn push_wide_varint(bytes: &mut Bytes<'_>, mut number: u128) {
    while number >= 0x80 {
        bytes.push(low_byte(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low_byte(number));
}

#[inline]
fn low_byte(number: u128) -> u8 {
    number.to_le_bytes()[0]
}
