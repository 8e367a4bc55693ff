//! Lists, maps and structs, in the form in which visitors receive them.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::super::schema::{Field, NodeId, Record, RecordId};
use super::{ReadError, State};

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
        elements.end()?;
        Ok(value)
    }

    fn end(self) -> Result<(), ReadError> {
        self.state.depth -= 1;
        if self.left == 0 {
            return Ok(());
        }
        let Elements { count, left, .. } = self;
        Err(ReadError::custom(format!("{count} elements were stored, not {}", count - left)))
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
        let element = self.state.seed(self.next, seed);
        self.next += self.step;
        element.map(Some).map_err(|error| error.within_element(at as u64))
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
        entries.end()?;
        Ok(value)
    }

    fn end(self) -> Result<(), ReadError> {
        if self.left > 0 {
            return Err(ReadError::custom("the stored map has more entries"));
        }
        self.state.depth -= 1;
        Ok(())
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
        self.state.seed(self.at.0, seed).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        self.state.seed(self.at.1, seed).map_err(ReadError::within_entry)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The name, the place and the bytes of a field that was passed over.
pub(super) type Skipped<'a> = (&'a str, NodeId, &'a [u8]);

/// The fields of a struct or a variant.
pub(super) struct Fields<'s, 'a> {
    state: &'s mut State<'a>,
    listed: &'a [Field],
    is_loose: bool,
    /// The index of the next field, if every value has all fields in order.
    next: usize,
    /// The field whose value comes next.
    current: Option<&'a Field>,
    /// A stored field that the type does not take, if there is one.
    ignored: Option<&'a str>,
    record: (RecordId, &'a Record),
    unwritten: Unwritten<'a>,
}

/// The search for fields that the type takes and that were not written.
#[derive(Default)]
struct Unwritten<'a> {
    /// The names of the fields given so far.
    given: Vec<&'a str>,
    /// The names of unwritten fields that are still to be offered, once all written fields were given.
    offers: Option<Vec<String>>,
}

impl<'s, 'a> Fields<'s, 'a> {
    /// Passes the fields to the visitor, which takes those whose names are in `wanted`, if these are known.
    pub(super) fn visit<'de, V: Visitor<'de>>(
        state: &'s mut State<'a>,
        record: RecordId,
        wanted: Option<&[&str]>,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let mut fields = Fields::begin(state, record, wanted)?;
        let value = visitor.visit_map(&mut fields)?;
        fields.end(wanted)?;
        Ok(value)
    }

    /// Returns the fields of a value: the name, the place and the bytes of each.
    pub(super) fn skipped(
        state: &'s mut State<'a>,
        record: RecordId,
    ) -> Result<Vec<Skipped<'a>>, ReadError> {
        let mut fields = Fields::begin(state, record, None)?;
        let mut found = Vec::new();
        while let Some(name) = fields.advance()? {
            let Some(field) = fields.current.take() else { break };
            found.push((name, field.node, fields.state.skipped(field.node)?));
        }
        fields.end(None)?;
        Ok(found)
    }

    fn begin(
        state: &'s mut State<'a>,
        record: RecordId,
        wanted: Option<&[&str]>,
    ) -> Result<Self, ReadError> {
        state.enter()?;
        let schema = state.schema;
        let id = record;
        let record = schema.record(id).ok_or_else(ReadError::damaged)?;
        if let Some((asks, wanted)) = state.asks.zip(wanted) {
            asks.note(id, record, wanted);
        }
        let is_loose = record.is_loose_in(state.version);
        let listed = if is_loose { &record.fields } else { record.fixed_fields() };
        if listed.is_empty() && !is_loose {
            state.zero()?;
        }
        Ok(Fields {
            state,
            listed,
            is_loose,
            next: 0,
            current: None,
            ignored: None,
            record: (id, record),
            unwritten: Unwritten::default(),
        })
    }

    fn end(mut self, wanted: Option<&[&str]>) -> Result<(), ReadError> {
        // A visitor may leave fields that it does not want.
        if let Some(field) = self.current.take() {
            self.state.skip(field.node)?;
        }
        while self.advance()?.is_some() {
            let Some(field) = self.current.take() else { break };
            self.state.skip(field.node)?;
        }
        self.state.depth -= 1;
        match wanted.zip(self.ignored) {
            Some((wanted, old)) => check_renamed(self.listed, old, wanted),
            None => Ok(()),
        }
    }

    /// Returns the name of the next field that has a value.
    fn advance(&mut self) -> Result<Option<&'a str>, ReadError> {
        let field = loop {
            if self.is_loose {
                let number: usize = self.state.number()?;
                let Some(at) = number.checked_sub(1) else {
                    // The state is changed so that the end is not read twice.
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

    /// Returns whether the next field has no value, and skips the byte that says so.
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

/// Refuses `old`, a stored field that the type does not take, if the type takes a field that was not stored: `old` may have
/// been renamed.
fn check_renamed(stored: &[Field], old: &str, wanted: &[&str]) -> Result<(), ReadError> {
    let is_new = |name: &&&str| stored.iter().all(|field| *field.name != ***name);
    let Some(new) = wanted.iter().find(is_new) else { return Ok(()) };
    Err(ReadError::no_field(old, Some(new)))
}

impl<'de> MapAccess<'de> for &mut Fields<'_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        let Some(name) = self.advance()? else {
            let Some(asks) = self.state.asks else { return Ok(None) };
            let (id, record) = self.record;
            let Unwritten { given, offers } = &mut self.unwritten;
            let offers = offers.get_or_insert_with(|| asks.offers(id, record, given));
            let Some(name) = offers.pop() else { return Ok(None) };
            return seed.deserialize(StrDeserializer::new(&name)).map(Some);
        };
        if self.state.asks.is_some() {
            self.unwritten.given.push(name);
        }
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        if let Some((asks, offers)) = self.state.asks.zip(self.unwritten.offers.as_ref()) {
            return asks.value(seed, offers.is_empty());
        }
        let field = self.current.take().ok_or_else(ReadError::damaged)?;
        self.state.is_ignored = false;
        let value =
            self.state.seed(field.node, seed).map_err(|error| error.within_field(&field.name))?;
        if std::mem::take(&mut self.state.is_ignored) {
            self.ignored = Some(&field.name);
            if let Some(trace) = self.state.trace {
                trace.note_ignored(self.record.0, &field.name);
            }
        }
        Ok(value)
    }
}
