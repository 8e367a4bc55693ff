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
            items.push(Item::next(&mut state, ROOT)?);
        }
        Ok(items)
    }

    /// Passes over the value at a place.
    fn next(state: &mut State<'a>, at: NodeId) -> Result<Self, ReadError> {
        let bytes = state.skipped(at)?;
        Ok(Item { schema: state.schema, version: state.version, at, bytes })
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
        let found = Found::at(self.at, &mut state)?;
        look(&mut state, found)
    }
}

/// Looks at the value of this kind that follows.
fn look<'a>(state: &mut State<'a>, found: Found) -> Result<Look<'a>, ReadError> {
    Ok(match found {
        Found::Absent => return Err(ReadError::damaged()),
        Found::Scalar(scalar) => Look::Scalar(state.scalar(scalar)?),
        Found::None => Look::None,
        Found::Some(at) => Look::Some(Item::next(state, at)?),
        Found::Seq(element) => {
            let count = state.count()?;
            Look::List((0..count).map(|_| Item::next(state, element)).collect::<Result<_, _>>()?)
        }
        Found::Map(key, value) => {
            let count = state.count()?;
            let mut entry = || Ok((Item::next(state, key)?, Item::next(state, value)?));
            Look::Map((0..count).map(|_| entry()).collect::<Result<_, ReadError>>()?)
        }
        Found::Tuple(first, step, count) => tuple(state, (first, step, count))?,
        Found::Struct(id) => record(state, id)?,
        Found::Enum(id) => {
            let at: usize = state.number()?;
            let schema = state.schema;
            let found = schema.enums.get(id as usize).and_then(|it| it.variants.get(at));
            let variant = found.ok_or_else(ReadError::damaged)?;
            let body = match variant.body {
                Body::Unit => None,
                Body::Newtype(at) => Some(Look::Newtype(Item::next(state, at)?)),
                Body::Tuple(first, count) => Some(tuple(state, (first, 1, count))?),
                Body::Struct(id) => Some(record(state, id)?),
            };
            Look::Variant(&variant.name, body.map(Box::new))
        }
    })
}

fn tuple<'a>(
    state: &mut State<'a>,
    (first, step, count): (NodeId, u32, u32),
) -> Result<Look<'a>, ReadError> {
    if count as usize > state.left.len() {
        return Err(ReadError::damaged());
    }
    let places = (0..count).map(|place| first + place * step);
    Ok(Look::Tuple(places.map(|at| Item::next(state, at)).collect::<Result<_, _>>()?))
}

fn record<'a>(state: &mut State<'a>, record: RecordId) -> Result<Look<'a>, ReadError> {
    let (schema, version) = (state.schema, state.version);
    let fields = Fields::skipped(state, record)?.into_iter();
    let item = |(name, at, bytes)| (name, Item { schema, version, at, bytes });
    Ok(Look::Struct(record, fields.map(item).collect()))
}
