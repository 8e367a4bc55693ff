//! A look at a stored value without its type: what kind it is, and the values in it.

use super::super::schema::{Body, NodeId, ORDERED, ROOT, RecordId, Schema};
use super::super::tag::Tag;
use super::access::Fields;
use super::found::Found;
use super::scalar_value::ScalarValue;
use super::{ReadError, Section, State};

/// A stored value.
#[derive(Clone, Copy)]
pub(in super::super) struct Item<'a> {
    schema: &'a Schema,
    version: u32,
    at: NodeId,
    bytes: &'a [u8],
}

/// A stored value, and the values in it.
pub(in super::super) enum Look<'a> {
    Scalar(ScalarValue<'a>),
    None,
    Some(Item<'a>),
    List(Vec<Item<'a>>),
    Tuple(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
    Struct(RecordId, Vec<(&'a str, Item<'a>)>),
    /// The name of a variant, and the value in it.
    Variant(&'a str, Option<Box<Look<'a>>>),
    /// The value in a newtype variant.
    Newtype(Item<'a>),
}

impl<'a> Item<'a> {
    /// Returns the values that follow one another in `bytes`.
    pub(in super::super) fn all(
        schema: &'a Schema,
        version: u32,
        bytes: &'a [u8],
    ) -> Result<Vec<Self>, ReadError> {
        let mut state = State::new(schema, version, bytes);
        let mut items = Vec::new();
        while !state.left.is_empty() {
            items.push(state.item(ROOT)?);
        }
        Ok(items)
    }

    /// Returns the values in `bytes`, divided into `sections`.
    pub(in super::super) fn in_sections(
        schema: &'a Schema,
        sections: &[Section],
        bytes: &'a [u8],
    ) -> Result<Vec<Self>, ReadError> {
        let (mut items, mut left) = (Vec::new(), bytes);
        for section in sections {
            let split =
                usize::try_from(section.len).ok().and_then(|len| left.split_at_checked(len));
            let (own, behind) = split.ok_or_else(ReadError::damaged)?;
            items.extend(Item::all(schema, section.version, own)?);
            left = behind;
        }
        Ok(items)
    }

    pub(in super::super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns whether the value was written from a list whose order is a part of its value.
    pub(in super::super) fn is_ordered(&self) -> bool {
        let node = self.schema.node(self.at);
        node.is_some_and(|node| !node.is_tagged_in(self.version) && node.seen & ORDERED != 0)
    }

    /// Returns the name of a struct.
    pub(in super::super) fn struct_name(&self, record: RecordId) -> &'a str {
        self.schema.record(record).map_or("", |record| &record.name)
    }

    /// Returns whether a field of a struct was left out by what wrote the value.
    pub(in super::super) fn leaves_out(&self, record: RecordId, name: &str) -> bool {
        let record = self.schema.record(record);
        let field = record.and_then(|it| it.fields.iter().find(|field| *field.name == *name));
        let node = field.and_then(|field| self.schema.node(field.node));
        node.is_some_and(|node| node.seen & Tag::Absent.bit() != 0)
    }

    pub(in super::super) fn look(&self) -> Result<Look<'a>, ReadError> {
        let mut state = State::new(self.schema, self.version, self.bytes);
        let found = state.find(self.at)?;
        state.look(found)
    }
}

impl<'a> State<'a> {
    /// Passes over the value at a place.
    fn item(&mut self, at: NodeId) -> Result<Item<'a>, ReadError> {
        let bytes = self.skipped(at)?;
        Ok(Item { schema: self.schema, version: self.version, at, bytes })
    }

    /// Skips the value at a place. Returns its bytes.
    pub(super) fn skipped(&mut self, at: NodeId) -> Result<&'a [u8], ReadError> {
        let before = self.left;
        if !self.skip(at)? {
            return Err(ReadError::damaged());
        }
        let len = before.len() - self.left.len();
        before.get(..len).ok_or_else(ReadError::damaged)
    }

    fn look(&mut self, found: Found) -> Result<Look<'a>, ReadError> {
        Ok(match found {
            Found::Absent => return Err(ReadError::damaged()),
            Found::Scalar(scalar) => Look::Scalar(self.scalar(scalar)?),
            Found::None => Look::None,
            Found::Some(at) => Look::Some(self.item(at)?),
            Found::Seq(element) => {
                let count = self.count()?;
                Look::List((0..count).map(|_| self.item(element)).collect::<Result<_, _>>()?)
            }
            Found::Map(key, value) => {
                let count = self.count()?;
                let mut entry = || Ok((self.item(key)?, self.item(value)?));
                Look::Map((0..count).map(|_| entry()).collect::<Result<_, ReadError>>()?)
            }
            Found::Tuple(first, step, count) => self.tuple(first, step, count)?,
            Found::Struct(record) => self.record(record)?,
            Found::Enum(id) => {
                let at: usize = self.number()?;
                let schema = self.schema;
                let found = schema.enums.get(id as usize).and_then(|it| it.variants.get(at));
                let variant = found.ok_or_else(ReadError::damaged)?;
                let body = match variant.body {
                    Body::Unit => None,
                    Body::Newtype(at) => Some(Look::Newtype(self.item(at)?)),
                    Body::Tuple(first, count) => Some(self.tuple(first, 1, count)?),
                    Body::Struct(record) => Some(self.record(record)?),
                };
                Look::Variant(&variant.name, body.map(Box::new))
            }
        })
    }

    fn tuple(&mut self, first: NodeId, step: u32, count: u32) -> Result<Look<'a>, ReadError> {
        if count as usize > self.left.len() {
            return Err(ReadError::damaged());
        }
        let places = (0..count).map(|place| first + place * step);
        Ok(Look::Tuple(places.map(|at| self.item(at)).collect::<Result<_, _>>()?))
    }

    fn record(&mut self, record: RecordId) -> Result<Look<'a>, ReadError> {
        let (schema, version) = (self.schema, self.version);
        let fields = Fields::skipped(self, record)?.into_iter();
        let item = |(name, at, bytes)| (name, Item { schema, version, at, bytes });
        Ok(Look::Struct(record, fields.map(item).collect()))
    }
}
