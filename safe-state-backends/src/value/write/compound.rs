//! The encoding of values that contain others.

use serde::Serialize;
use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::super::schema::{Field, Kind, Node, NodeId, RecordId};
use super::super::tag::Tag;
use super::state::{State, push_varint};
use super::{Bytes, WriteError};

/// A writer of a list's elements, or of a map's keys and values, with their count in front.
pub(super) struct Entries<'s, 'a> {
    state: &'s mut State<'a>,
    /// The places of keys and of values in the schema.
    at: (NodeId, NodeId),
    count: u64,
    announced: Option<u64>,
    /// The position of the count.
    start: usize,
}

impl<'s, 'a> Entries<'s, 'a> {
    pub(super) fn begin(
        state: &'s mut State<'a>,
        at: (NodeId, NodeId),
        len: Option<usize>,
    ) -> Result<Self, WriteError> {
        state.enter()?;
        let start = state.bytes.len();
        let announced = len.map(|len| len as u64);
        if let Some(len) = announced {
            state.varint(len);
        }
        Ok(Entries { state, at, count: 0, announced, start })
    }

    fn write<T: Serialize + ?Sized>(&mut self, at: NodeId, value: &T) -> Result<(), WriteError> {
        self.state.value(at, value)
    }

    fn finish(self) {
        self.state.depth -= 1;
        if self.announced != Some(self.count) {
            let varint = |number: u64| {
                let mut bytes = Bytes::default();
                push_varint(&mut bytes, number);
                bytes.finish().unwrap_or_default()
            };
            let announced = self.announced.map_or(0, |len| varint(len).len());
            let counted = self.start..self.start + announced;
            self.state.bytes.replace(counted, &varint(self.count));
        }
    }
}

impl SerializeSeq for Entries<'_, '_> {
    type Ok = ();
    type Error = WriteError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        self.count += 1;
        self.write(self.at.1, value)
    }

    fn end(self) -> Result<(), WriteError> {
        self.finish();
        Ok(())
    }
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), WriteError> {
        self.count += 1;
        self.write(self.at.0, key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        self.write(self.at.1, value)
    }

    fn end(self) -> Result<(), WriteError> {
        self.finish();
        Ok(())
    }
}

/// A writer of a tuple's elements.
pub(super) struct Elements<'s, 'a> {
    pub(super) state: &'s mut State<'a>,
    pub(super) next: NodeId,
    /// The distance from an element's place to the next one's: 0 if each element tells its kind.
    pub(super) step: NodeId,
    pub(super) left: usize,
}

impl Elements<'_, '_> {
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        self.left = self.left.checked_sub(1).ok_or_else(Self::other_length)?;
        self.state.value(self.next, value)?;
        self.next += self.step;
        Ok(())
    }

    fn finish(self) -> Result<(), WriteError> {
        self.state.depth -= 1;
        if self.left == 0 { Ok(()) } else { Err(Self::other_length()) }
    }

    fn other_length() -> WriteError {
        WriteError::custom("a tuple has not as many elements as it was said to have")
    }
}

macro_rules! elements {
    ($($compound:ident: $method:ident;)*) => { $(
        impl $compound for Elements<'_, '_> {
            type Ok = ();
            type Error = WriteError;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
                self.write(value)
            }

            fn end(self) -> Result<(), WriteError> {
                self.finish()
            }
        }
    )* };
}

elements! {
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

/// A writer of the fields of a struct or of a variant.
pub(super) struct Fields<'s, 'a> {
    pub(super) state: &'s mut State<'a>,
    pub(super) record: RecordId,
    pub(super) next: usize,
}

impl Fields<'_, '_> {
    fn is_loose(&self) -> bool {
        self.state.schema.record(self.record).is_some_and(|record| record.loose_since > 0)
    }

    /// Returns the place of the value of the next field, `name`.
    #[inline]
    fn field(&mut self, name: &'static str) -> Result<NodeId, WriteError> {
        if let Some(record) = self.state.schema.record(self.record)
            && let Some(field) = record.fields.get(self.next)
            && *field.name == *name
            && record.loose_since == 0
        {
            self.next += 1;
            return Ok(field.node);
        }
        self.other_field(name)
    }

    #[cold]
    fn other_field(&mut self, name: &'static str) -> Result<NodeId, WriteError> {
        let Some(record) = self.state.schema.record(self.record) else {
            return Err(WriteError::custom("there is no such record"));
        };
        let is_loose = record.loose_since > 0;
        let known = record.fields.iter().enumerate().find(|(_, field)| *field.name == *name);
        if let (true, Some((at, field))) = (is_loose, known) {
            let node = field.node;
            self.state.varint(at as u64 + 1);
            return Ok(node);
        }
        let is_behind_all = record.fields.len() == self.next;
        // A value inside this one may have been written with the fields up to here.
        let is_written = record.is_known && !is_loose;
        let is_new = self.record as usize >= self.state.known_records;
        if known.is_some() || !(is_loose || is_behind_all && (!is_written || is_new)) {
            return Err(self.state.loosen(self.record));
        }
        let at = record.fields.len() as u64;
        let node = self.add_field(name);
        if is_written {
            return Err(WriteError::Again);
        }
        if is_loose {
            self.state.varint(at + 1);
        } else {
            self.next += 1;
        }
        Ok(node)
    }

    fn add_field(&mut self, name: &'static str) -> NodeId {
        let schema = self.state.schema.to_mut();
        let node = schema.new_nodes(1);
        if let Some(record) = schema.records.get_mut(self.record as usize) {
            record.fields.push(Field { name: name.into(), node });
        }
        node
    }

    #[inline]
    fn write<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        let at = self.field(name)?;
        self.state.value(at, value)
    }

    fn skip(&mut self, name: &'static str) -> Result<(), WriteError> {
        self.state.left_out.note(name);
        if self.is_loose() {
            self.note_absence(name);
            return Ok(());
        }
        let at = self.field(name)?;
        match self.state.kind(at) {
            None => {}
            Some(Kind::Unknown) => {
                // No value was written at this place, in any version.
                let version = self.state.schema.version;
                if let Some(node) = self.state.node_mut(at) {
                    node.tagged_since = version;
                }
            }
            Some(_) => return Err(self.state.conflict(at)),
        }
        self.state.tag(at, Tag::Absent);
        Ok(())
    }

    /// Marks in the schema that a field was left out for the first time, which no byte of the value shows.
    fn note_absence(&mut self, name: &'static str) {
        let record = self.state.schema.record(self.record);
        let field =
            record.and_then(|record| record.fields.iter().find(|field| *field.name == *name));
        let at = if let Some(field) = field { field.node } else { self.add_field(name) };
        let is_new = |node: &Node| node.seen & Tag::Absent.bit() == 0;
        if self.state.schema.node(at).is_some_and(is_new)
            && let Some(node) = self.state.node_mut(at)
        {
            node.seen |= Tag::Absent.bit();
        }
    }

    fn finish(self) -> Result<(), WriteError> {
        self.state.depth -= 1;
        if self.is_loose() {
            self.state.bytes.push(0);
            return Ok(());
        }
        let record = self.state.schema.record(self.record);
        if record.is_none_or(|record| record.fields.len() != self.next) {
            return Err(self.state.loosen(self.record));
        }
        if record.is_none_or(|record| !record.is_known)
            && let Some(record) = self.state.schema.to_mut().records.get_mut(self.record as usize)
        {
            record.is_known = true;
        }
        if self.next == 0 {
            // Every value takes at least a byte, so that a few bytes can't claim many values.
            self.state.bytes.push(0);
        }
        Ok(())
    }
}

macro_rules! fields {
    ($($compound:ident)*) => { $(
        impl $compound for Fields<'_, '_> {
            type Ok = ();
            type Error = WriteError;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), WriteError> {
                self.write(name, value)
            }

            fn skip_field(&mut self, name: &'static str) -> Result<(), WriteError> {
                self.skip(name)
            }

            fn end(self) -> Result<(), WriteError> {
                self.finish()
            }
        }
    )* };
}

fields! { SerializeStruct SerializeStructVariant }
