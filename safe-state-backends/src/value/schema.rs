//! The schema: the kinds of the written values, and the names in them.

use serde::{Deserialize, Serialize};

use super::scalar::Scalar;
use super::tag::Tag;
use crate::bounded;

/// The most values inside one another, when written and when read.
pub const DEPTH_LIMIT: u32 = 128;

/// The index of a node, the kind of the values at one place, in a schema.
pub(super) type NodeId = u32;
/// The index of a record, a list of fields.
pub(super) type RecordId = u32;
/// The index of an enumeration.
pub(super) type EnumId = u32;

/// The node at which every schema begins.
pub(super) const ROOT: NodeId = 0;

/// The kinds of the values that were written with the schema, and the names of their fields and variants.
///
/// The version goes up when a part of the schema changes so that bytes written before need the old meaning of that part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    pub(super) version: u32,
    #[serde(deserialize_with = "bounded::growing_list")]
    pub(super) nodes: Vec<Node>,
    #[serde(deserialize_with = "bounded::growing_list")]
    pub(super) records: Vec<Record>,
    #[serde(deserialize_with = "bounded::growing_list")]
    pub(super) enums: Vec<Enum>,
}

/// The kind of the values at one place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The version from which each value tells its kind itself; 0 if all values have the same kind.
    pub(super) tagged_since: u32,
    /// A set of bits for the values that this process has written here: their tags, [`VISITED`] and [`ORDERED`].
    #[serde(skip)]
    pub(super) seen: u32,
}

/// The bit of `Node::seen` that is set where a value was written.
pub(super) const VISITED: u32 = 1 << 31;
/// The bit of `Node::seen` that is set where a list was written whose order is a part of its value.
pub(super) const ORDERED: u32 = 1 << 30;

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, self.tagged_since) == (&other.kind, other.tagged_since)
    }
}

impl Eq for Node {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// No value was written here yet.
    Unknown,
    Scalar(Scalar),
    Option(NodeId),
    Seq(NodeId),
    Map(NodeId, NodeId),
    /// A tuple: the first of its nodes, which are in a row, and their number.
    Tuple(NodeId, u32),
    Struct(RecordId),
    Enum(EnumId),
}

/// The fields of a struct or of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) name: Box<str>,
    #[serde(deserialize_with = "bounded::growing_list")]
    pub(super) fields: Vec<Field>,
    /// The version from which each value tells which fields it has; 0 if every value has all of them, in order.
    pub(super) loose_since: u32,
    /// The number of fields before that version.
    pub(super) fixed: u32,
    /// Whether a value of the record has been written.
    pub(super) is_known: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) node: NodeId,
}

/// An enumeration, as far as written values have shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Enum {
    pub(super) name: Box<str>,
    #[serde(deserialize_with = "bounded::growing_list")]
    pub(super) variants: Vec<Variant>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Variant {
    pub(super) name: Box<str>,
    pub(super) body: Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Body {
    Unit,
    Newtype(NodeId),
    /// A tuple: the first of its nodes, which are in a row, and their number.
    Tuple(NodeId, u32),
    Struct(RecordId),
}

impl Default for Schema {
    fn default() -> Self {
        Schema { version: 1, nodes: vec![Node::new()], records: Vec::new(), enums: Vec::new() }
    }
}

impl Schema {
    /// Returns whether some value has left out a field or another part.
    pub(super) fn leaves_out(&self) -> bool {
        self.nodes.iter().any(|node| node.seen & Tag::Absent.bit() != 0)
            || self.records.iter().any(|record| record.loose_since > 0)
    }

    /// Returns the schema's version, which values written now have.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns whether all indices in the schema are valid. A decoded schema has to be checked by this.
    pub fn is_sound(&self) -> bool {
        let node = |id: NodeId| (id as usize) < self.nodes.len();
        let nodes = |first: NodeId, count: u32| {
            u64::from(first) + u64::from(count) <= self.nodes.len() as u64
        };
        let record = |id: RecordId| (id as usize) < self.records.len();
        let is_kind_sound = |kind: Kind| match kind {
            Kind::Unknown | Kind::Scalar(_) => true,
            Kind::Option(inner) | Kind::Seq(inner) => node(inner),
            Kind::Map(key, value) => node(key) && node(value),
            Kind::Tuple(first, count) => nodes(first, count),
            Kind::Struct(id) => record(id),
            Kind::Enum(id) => (id as usize) < self.enums.len(),
        };
        let is_body_sound = |body: Body| match body {
            Body::Unit => true,
            Body::Newtype(inner) => node(inner),
            Body::Tuple(first, count) => nodes(first, count),
            Body::Struct(id) => record(id),
        };
        // The version stays far below the largest number, so that it can always go up.
        (1..u32::MAX / 2).contains(&self.version)
            && self.nodes.iter().all(|node| node.tagged_since <= self.version)
            && self.records.iter().all(|record| {
                record.loose_since <= self.version && record.fixed as usize <= record.fields.len()
            })
            && !self.nodes.is_empty()
            && self.nodes.iter().all(|node| is_kind_sound(node.kind))
            && self.records.iter().flat_map(|record| &record.fields).all(|field| node(field.node))
            && self.enums.iter().flat_map(|it| &it.variants).all(|it| is_body_sound(it.body))
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    pub(super) fn record(&self, id: RecordId) -> Option<&Record> {
        self.records.get(id as usize)
    }

    pub(super) fn new_nodes(&mut self, count: usize) -> NodeId {
        let first = self.nodes.len();
        self.nodes.resize_with(first + count, Node::new);
        place(first)
    }

    pub(super) fn struct_named(&self, name: &str) -> Option<RecordId> {
        // The records of variants have no name.
        let is_it = |record: &Record| *record.name == *name && !name.is_empty();
        self.records.iter().position(is_it).map(place)
    }

    pub(super) fn enum_named(&self, name: &str) -> Option<EnumId> {
        self.enums.iter().position(|it| *it.name == *name).map(place)
    }

    pub(super) fn new_record(&mut self, name: &'static str) -> RecordId {
        let record = Record {
            name: name.into(),
            fields: Vec::new(),
            loose_since: 0,
            fixed: 0,
            is_known: false,
        };
        self.records.push(record);
        place(self.records.len() - 1)
    }

    pub(super) fn new_enum(&mut self, name: &'static str) -> EnumId {
        self.enums.push(Enum { name: name.into(), variants: Vec::new() });
        place(self.enums.len() - 1)
    }
}

impl Record {
    /// Returns whether each value written in `version` tells which fields it has.
    pub(super) fn is_loose_in(&self, version: u32) -> bool {
        self.loose_since != 0 && self.loose_since <= version
    }

    /// Returns the fields of a value that does not tell which it has.
    pub(super) fn fixed_fields(&self) -> &[Field] {
        let fixed = if self.loose_since == 0 { self.fields.len() } else { self.fixed as usize };
        self.fields.get(..fixed).unwrap_or_default()
    }
}

impl Node {
    /// Returns whether each value written in `version` tells its kind.
    pub(super) fn is_tagged_in(&self, version: u32) -> bool {
        self.tagged_since != 0 && self.tagged_since <= version
    }
}

/// Converts an index. A schema never has as many entries as a `u32` can count.
pub(super) fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Node {
    pub(super) fn new() -> Node {
        Node { kind: Kind::Unknown, tagged_since: 0, seen: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn a_schema_whose_versions_are_used_up_is_none() {
        let mut schema = Schema::default();
        let (grown, ..) = crate::value::write(&1_u8, Cow::Owned(schema), &mut Vec::new()).unwrap();
        schema = grown.into_owned();
        assert!(schema.is_sound());
        let last = Schema { version: u32::MAX, ..schema.clone() };
        assert!(!last.is_sound());
        schema.nodes[0].tagged_since = 2;
        assert!(!schema.is_sound());
    }
}
