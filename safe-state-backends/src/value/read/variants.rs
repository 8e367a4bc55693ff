//! Variants of enumerations, in the form in which visitors receive them.

use serde::Deserializer;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, Error, MapAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::super::schema::{Body, EnumId, NodeId};
use super::access::{Elements, Fields};
use super::{ReadError, State};

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
        let name = state.trace.map_or(&*variant.name, |trace| trace.another_name(&variant.name));
        Ok(VariantOf { state, name, body: variant.body })
    }

    /// Refuses a variant that the type has no name for and would read as its `#[serde(other)]`, if notes on the type are asked
    /// for.
    pub(super) fn listed(self, variants: &[&str]) -> Result<Self, ReadError> {
        if self.state.trace.is_none() || variants.is_empty() || variants.contains(&self.name) {
            return Ok(self);
        }
        Err(ReadError::custom(format!("there is no variant `{}` any more", self.name)))
    }

    /// Passes the variant to a visitor that expects no enumeration, in the form that text formats use: its name, or a map with
    /// one entry.
    pub(super) fn visit_any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.body == Body::Unit {
            return visitor.visit_str(self.name);
        }
        let state = &mut *self.state;
        // A variant with elements or fields counts its level itself.
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
        let value = self.state.seed(at, seed).map_err(|error| error.within_variant(self.name))?;
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

/// The value inside a variant.
struct Inside<'s, 'a> {
    variant: VariantOf<'s, 'a>,
}

impl<'de> Deserializer<'de> for Inside<'_, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.variant.body {
            Body::Unit => visitor.visit_unit(),
            Body::Newtype(at) => self.variant.state.reader(at).deserialize_any(visitor),
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
                self.variant.state.reader(at).deserialize_struct(name, fields, visitor)
            }
            Body::Struct(_) => self.deserialize_any(visitor),
            // Otherwise, a list would be taken for the fields, by their order.
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
