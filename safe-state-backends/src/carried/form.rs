//! The forms of a stored value: how its bytes are to be read.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Serialize};

use super::names::Names;
use super::waiting::Waiting;
use crate::bounded;
use crate::value::{self, ReadError, Section, Trace};

/// The most sections, each of one schema version, in a list. A list that would need more is written anew.
const SECTION_LIMIT: usize = 16;

/// The form of a value's bytes. Format 1 has only the first two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Form {
    /// Postcard, without names; or the bytes from which a handle is rebuilt.
    #[default]
    Plain,
    /// A list of this many elements in Postcard, one after another.
    PlainList(u64),
    /// A value by field names, in this version of the schema.
    Named(Box<(Names, u32)>),
    /// The elements of a list by field names, one after another.
    NamedList(Box<List>),
    /// The elements of a worklist by field names, which are here instead of in the bytes.
    Worklist(Box<Waiting>),
    /// A list by field names at a place. Its first elements are this many bytes of the variable's last value, and are not among
    /// its own.
    ListAt(Box<(List, u64)>),
    /// A value by field names whose bytes are its difference from another value.
    Differing(Box<Differing>),
}

/// A value that is stored as its difference from another, its base. The bytes of the difference are apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Differing {
    pub(super) names: Names,
    /// The version of the schema in which the value was written.
    pub(super) version: u32,
    /// The name under which the base is stored.
    pub(super) base: Box<str>,
    /// The length of the whole value in bytes.
    pub(super) len: u64,
}

/// The names and sections of a list by field names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct List(
    pub(super) Names,
    #[serde(deserialize_with = "bounded::list::<SECTION_LIMIT, _, _>")] pub(super) Vec<Section>,
);

impl Form {
    /// Decodes the value that the bytes hold.
    pub(super) fn decode<T: DeserializeOwned>(
        &self,
        bytes: &[u8],
        trace: Option<&Trace>,
    ) -> Result<T, ReadError> {
        match self {
            Form::Plain => from_postcard(bytes),
            Form::PlainList(elements) => {
                let mut list = postcard::to_stdvec(elements).unwrap_or_default();
                list.extend_from_slice(bytes);
                from_postcard(&list)
            }
            Form::Named(value) => {
                let (names, version) = &**value;
                let schema = names.schema().ok_or_else(without_shape)?;
                match trace {
                    Some(trace) => value::read_traced(schema, *version, bytes, trace),
                    None => value::read(schema, *version, bytes),
                }
            }
            Form::NamedList(list) => {
                let List(names, sections) = &**list;
                let schema = names.schema().ok_or_else(without_shape)?;
                value::read_list(schema, sections, bytes, trace)
            }
            Form::Worklist(waiting) => {
                let schema = waiting.names.schema().ok_or_else(without_shape)?;
                let damaged = || ReadError::custom("its entries are damaged");
                let (sections, values) = waiting.values().ok_or_else(damaged)?;
                value::read_list(schema, &sections, &values, trace)
            }
            Form::ListAt(_) => Err(ReadError::custom("only a part of the list is stored")),
            Form::Differing(_) => {
                Err(ReadError::custom("only its difference from another value is stored"))
            }
        }
    }

    /// Returns the number of elements, if the value is a list in plain or named form.
    pub(super) fn elements(&self) -> Option<u64> {
        match self {
            Form::Plain
            | Form::Named(_)
            | Form::Worklist(_)
            | Form::ListAt(_)
            | Form::Differing(_) => None,
            Form::PlainList(elements) => Some(*elements),
            Form::NamedList(list) => {
                Some(list.1.iter().fold(0, |sum, section| section.elements.saturating_add(sum)))
            }
        }
    }

    fn names(&self) -> Option<&Names> {
        match self {
            Form::Plain | Form::PlainList(_) => None,
            Form::Named(named) => Some(&named.0),
            Form::NamedList(list) => Some(&list.0),
            Form::Worklist(waiting) => Some(&waiting.names),
            Form::ListAt(part) => Some(&part.0.0),
            Form::Differing(value) => Some(&value.names),
        }
    }

    fn names_mut(&mut self) -> Option<&mut Names> {
        match self {
            Form::Plain | Form::PlainList(_) => None,
            Form::Named(named) => Some(&mut named.0),
            Form::NamedList(list) => Some(&mut list.0),
            Form::Worklist(waiting) => Some(&mut waiting.names),
            Form::ListAt(part) => Some(&mut part.0.0),
            Form::Differing(value) => Some(&mut value.names),
        }
    }

    pub(super) fn has_names(&self) -> bool {
        self.names().is_some()
    }

    pub(super) fn lacks_names(&self) -> bool {
        self.names().is_some_and(Names::are_missing)
    }

    /// Returns the names for writing the next value, if they can be read.
    pub(super) fn known_names(&self) -> Option<&Names> {
        self.names().filter(|names| names.schema().is_some())
    }

    /// Returns the shape of the value as text.
    pub(super) fn shape(&self) -> Option<String> {
        self.known_names()?.schema().map(ToString::to_string)
    }

    pub(super) fn take_names(&mut self, before: Option<&Form>) {
        let Some(names) = self.names_mut() else { return };
        let own = std::mem::take(names);
        let taken = if own.are_missing() { before.and_then(Form::names).cloned() } else { None };
        *names = taken.unwrap_or(own).owned();
    }

    /// Returns the number of bytes that the form holds beside the value's own bytes.
    pub(super) fn size(&self) -> usize {
        if let Form::Worklist(waiting) = self { waiting.entries.len() } else { 0 }
    }

    /// Returns whether the elements of `other` can be added, and whether a worklist has the elements that `other` takes away.
    pub(super) fn is_list_like(&self, other: &Form) -> bool {
        match (self, other) {
            (Form::PlainList(_), Form::PlainList(_)) => true,
            (Form::NamedList(list), Form::NamedList(more)) => {
                list.1.len() + more.1.len() <= SECTION_LIMIT || list.continues_in(more)
            }
            (Form::Worklist(stored), Form::Worklist(change)) => stored.takes(change),
            _ => false,
        }
    }

    /// Adds the elements of another list, whose names cover both; or applies the change of a worklist.
    pub(super) fn append(&mut self, added: Form) {
        match (self, added) {
            (Form::PlainList(elements), Form::PlainList(more)) => {
                *elements = elements.saturating_add(more);
            }
            (Form::NamedList(list), Form::NamedList(more)) => list.append(*more),
            (Form::Worklist(stored), Form::Worklist(change)) => stored.apply(*change),
            _ => {}
        }
    }
}

impl List {
    /// Returns whether the elements of `more` have the schema version of the last elements here.
    fn continues_in(&self, more: &List) -> bool {
        let version = |list: &List| list.1.last().map(|section| section.version);
        more.1.len() == 1 && version(self) == version(more)
    }

    /// Returns the list with `more` behind it; `None` if it would then have too many sections.
    pub(super) fn with(&self, more: Section) -> Option<List> {
        let mut list = self.clone();
        list.append(List(self.0.clone(), vec![more]));
        (list.1.len() <= SECTION_LIMIT).then_some(list)
    }

    fn append(&mut self, List(names, more): List) {
        self.0 = names;
        for section in more {
            match self.1.last_mut().filter(|last| last.version == section.version) {
                Some(last) => last.extend(section),
                None => self.1.push(section),
            }
        }
    }
}

fn from_postcard<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReadError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        _ => Err(ReadError::custom("its bytes do not fit the type")),
    }
}

fn without_shape() -> ReadError {
    ReadError::custom("what is stored of its shape is damaged")
}
