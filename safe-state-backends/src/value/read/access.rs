//! Values that are made of others, as visitors are given them.

use serde::Deserializer;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::super::schema::{Body, EnumId, Field, NodeId, RecordId};
use super::{ReadError, Reader, State, read_seed};

/// The elements of a list or a tuple.
pub(super) struct Elements<'s, 'a> {
    state: &'s mut State<'a>,
    next: NodeId,
    step: NodeId,
    count: usize,
    left: usize,
}

impl<'s, 'a> Elements<'s, 'a> {
    pub(super) fn visit<'de, V: Visitor<'de>>(
        state: &'s mut State<'a>,
        (next, step): (NodeId, NodeId),
        count: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        state.enter()?;
        let mut elements = Elements { state, next, step, count, left: count };
        let value = visitor.visit_seq(&mut elements)?;
        let left = elements.left;
        elements.state.depth -= 1;
        if left > 0 {
            let wanted = count - left;
            return Err(ReadError::custom(format!("{count} elements were stored, not {wanted}")));
        }
        Ok(value)
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, '_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        if self.left == 0 {
            return Ok(None);
        }
        let at = self.count - self.left;
        self.left -= 1;
        let element = read_seed(self.state, self.next, seed);
        self.next += self.step;
        element.map(Some).map_err(|error| error.within(|| format!("[{at}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The keys and values of a map.
pub(super) struct Entries<'s, 'a> {
    state: &'s mut State<'a>,
    at: (NodeId, NodeId),
    left: usize,
}

impl<'s, 'a> Entries<'s, 'a> {
    pub(super) fn visit<'de, V: Visitor<'de>>(
        state: &'s mut State<'a>,
        at: (NodeId, NodeId),
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        state.enter()?;
        let left = state.count()?;
        let mut entries = Entries { state, at, left };
        let value = visitor.visit_map(&mut entries)?;
        if entries.left > 0 {
            return Err(ReadError::custom("the stored map has more entries"));
        }
        entries.state.depth -= 1;
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for &mut Entries<'_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        read_seed(self.state, self.at.0, seed).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        read_seed(self.state, self.at.1, seed).map_err(|error| error.within(|| "[..]".to_owned()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The fields of a struct or a variant.
pub(super) struct Fields<'s, 'a> {
    state: &'s mut State<'a>,
    listed: &'a [Field],
    is_loose: bool,
    /// The field that comes next, if all are there in their order.
    next: usize,
    /// The field whose value comes next.
    current: Option<&'a Field>,
    /// A stored field that the type does not take, if there is one.
    ignored: Option<&'a str>,
}

impl<'s, 'a> Fields<'s, 'a> {
    /// Gives the fields to the visitor, which takes those of the names `wanted`, if they are known.
    pub(super) fn visit<'de, V: Visitor<'de>>(
        state: &'s mut State<'a>,
        record: RecordId,
        wanted: Option<&[&str]>,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        state.enter()?;
        let schema = state.schema;
        let record = schema.record(record).ok_or_else(ReadError::damaged)?;
        let is_loose = record.is_loose_in(state.version);
        let listed = if is_loose { &record.fields } else { record.fixed_fields() };
        if listed.is_empty() && !is_loose {
            state.zero()?;
        }
        let mut fields = Fields { state, listed, is_loose, next: 0, current: None, ignored: None };
        let value = visitor.visit_map(&mut fields)?;
        // What is left behind by a visitor that wants no more.
        if let Some(field) = fields.current.take() {
            fields.state.skip(field.node)?;
        }
        while fields.advance()?.is_some() {
            let Some(field) = fields.current.take() else { break };
            fields.state.skip(field.node)?;
        }
        fields.state.depth -= 1;
        match wanted.zip(fields.ignored) {
            Some((wanted, old)) => check_renamed(listed, old, wanted).map(|()| value),
            None => Ok(value),
        }
    }

    /// The name of the next field that has a value.
    fn advance(&mut self) -> Result<Option<&'a str>, ReadError> {
        let field = loop {
            if self.is_loose {
                let number: usize = self.state.number()?;
                let Some(at) = number.checked_sub(1) else {
                    // So that the end is not read twice.
                    (self.is_loose, self.next) = (false, self.listed.len());
                    return Ok(None);
                };
                break self.listed.get(at).ok_or_else(ReadError::damaged)?;
            }
            let Some(field) = self.listed.get(self.next) else { return Ok(None) };
            self.next += 1;
            if !self.is_absent(field.node)? {
                break field;
            }
        };
        self.current = Some(field);
        Ok(Some(&field.name))
    }

    /// Whether no value of the next field was written; passes over the byte that says so.
    fn is_absent(&mut self, at: NodeId) -> Result<bool, ReadError> {
        let node = self.state.schema.node(at).ok_or_else(ReadError::damaged)?;
        let is_tagged = node.is_tagged_in(self.state.version);
        let is_absent = is_tagged && self.state.left.first() == Some(&0);
        if is_absent {
            self.state.byte()?;
        }
        Ok(is_absent)
    }
}

/// Sees that `old`, a field that the type does not take, is not one that it takes from a default by another
/// name.
fn check_renamed(stored: &[Field], old: &str, wanted: &[&str]) -> Result<(), ReadError> {
    let is_new = |name: &&&str| stored.iter().all(|field| *field.name != ***name);
    let Some(new) = wanted.iter().find(is_new) else { return Ok(()) };
    Err(ReadError::custom(format!(
        "there is no field `{old}` any more, and none was stored for `{new}`; if it was renamed, add \
         `#[serde(alias = \"{old}\")]` to `{new}`, and if it was taken away, keep it until the job has finished"
    )))
}

impl<'de> MapAccess<'de> for &mut Fields<'_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        let Some(name) = self.advance()? else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let field = self.current.take().ok_or_else(ReadError::damaged)?;
        self.state.is_ignored = false;
        let value = read_seed(self.state, field.node, seed)
            .map_err(|error| error.within(|| format!(".{}", field.name)))?;
        if std::mem::take(&mut self.state.is_ignored) {
            self.ignored = Some(&field.name);
        }
        Ok(value)
    }
}

/// A variant of an enumeration.
pub(super) struct VariantOf<'s, 'a> {
    state: &'s mut State<'a>,
    name: &'a str,
    body: Body,
}

impl<'s, 'a> VariantOf<'s, 'a> {
    pub(super) fn find(state: &'s mut State<'a>, id: EnumId) -> Result<Self, ReadError> {
        let at: usize = state.number()?;
        let schema = state.schema;
        let found = schema.enums.get(id as usize).and_then(|it| it.variants.get(at));
        let variant = found.ok_or_else(ReadError::damaged)?;
        Ok(VariantOf { state, name: &variant.name, body: variant.body })
    }

    /// Gives it to a visitor that knows of no enumerations as text has them: its name, or a map
    /// with one entry.
    pub(super) fn visit_any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.body == Body::Unit {
            return visitor.visit_str(self.name);
        }
        let state = &mut *self.state;
        // What has elements or fields is a level by itself.
        let is_level = matches!(self.body, Body::Newtype(_));
        if is_level {
            state.enter()?;
        }
        let mut entry = Some(VariantOf { state, name: self.name, body: self.body });
        let value = visitor.visit_map(Entry { entry: &mut entry })?;
        if entry.is_some() {
            return Err(ReadError::custom("a variant with a value was stored"));
        }
        self.state.depth -= u32::from(is_level);
        Ok(value)
    }

    fn tuple<'de, V: Visitor<'de>>(
        self,
        (first, count): (NodeId, u32),
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if count == 0 {
            self.state.zero()?;
        } else if count as usize > self.state.left.len() {
            return Err(ReadError::damaged());
        }
        Elements::visit(self.state, (first, 1), count as usize, visitor)
    }

    fn other(&self) -> ReadError {
        ReadError::custom(format!("the variant `{}` was stored in another form", self.name))
    }
}

impl<'de, 's, 'a> EnumAccess<'de> for VariantOf<'s, 'a> {
    type Error = ReadError;
    type Variant = VariantOf<'s, 'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), ReadError> {
        let name = seed.deserialize(StrDeserializer::<ReadError>::new(self.name))?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for VariantOf<'_, '_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        if self.body == Body::Unit { Ok(()) } else { Err(self.other()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        let Body::Newtype(at) = self.body else { return Err(self.other()) };
        self.state.enter()?;
        let value = read_seed(self.state, at, seed)
            .map_err(|error| error.within(|| format!("({})", self.name)))?;
        self.state.depth -= 1;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        let Body::Tuple(first, count) = self.body else { return Err(self.other()) };
        self.tuple((first, count), visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let Body::Struct(record) = self.body else { return Err(self.other()) };
        let name = self.name;
        Fields::visit(self.state, record, Some(fields), visitor)
            .map_err(|error| error.of_struct(name, fields))
    }
}

/// A variant with a value, as a map with one entry.
struct Entry<'e, 's, 'a> {
    entry: &'e mut Option<VariantOf<'s, 'a>>,
}

impl<'de> MapAccess<'de> for Entry<'_, '_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        let Some(variant) = &*self.entry else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(variant.name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let variant = self.entry.take().ok_or_else(ReadError::damaged)?;
        seed.deserialize(Inside { variant })
    }
}

/// What is inside a variant.
struct Inside<'s, 'a> {
    variant: VariantOf<'s, 'a>,
}

impl<'de> Deserializer<'de> for Inside<'_, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.variant.body {
            Body::Unit => visitor.visit_unit(),
            Body::Newtype(at) => Reader { state: self.variant.state, at }.deserialize_any(visitor),
            Body::Tuple(first, count) => self.variant.tuple((first, count), visitor),
            Body::Struct(record) => Fields::visit(self.variant.state, record, None, visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.variant.body {
            Body::Newtype(at) => {
                Reader { state: self.variant.state, at }.deserialize_struct(name, fields, visitor)
            }
            Body::Struct(_) => self.deserialize_any(visitor),
            // Else a list would be taken for its fields, by their order.
            Body::Unit | Body::Tuple(..) => Err(self.variant.other().of_struct(name, fields)),
        }
    }

    fn is_human_readable(&self) -> bool {
        true
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
