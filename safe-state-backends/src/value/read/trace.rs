//! Notes made while a value is read: whether all of it is read by derived code, which takes values as they were written; and
//! which stored fields the type does not take.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::super::schema::{RecordId, Schema};
use super::cells::Cells;
use super::conversion::Conversion;
use super::scalar_value::ScalarValue;

/// Notes on a type, made while its values are read. A type with a way of reading of its own, such as an untagged enumeration or
/// `from`, may lose one value and keep another of the same shape.
///
/// `serde` passes each type before the type asks for its value, and the type that a visitor makes is a part of the visitor's own
/// type. So the names of types show who reads a type. A visitor that `serde` or derived code has for this type makes it from the
/// values as they are stored. A type is in doubt if any other visitor asks for its value, or one that makes another type.
#[derive(Debug, Default)]
pub struct Trace {
    /// The type that asks next.
    expected: Cell<Option<&'static str>>,
    is_doubtful: Cell<bool>,
    /// The structs that were read by the names of their fields, as derived code reads them.
    by_name: RefCell<BTreeSet<RecordId>>,
    /// The stored fields that the type passed over, each with its struct.
    ignored: RefCell<BTreeSet<(RecordId, String)>>,
    /// The conversion whose stored value is replaced by another.
    with_another: Option<Conversion>,
    /// The cells to look for in the types' names.
    cells: Option<Cells>,
    /// The first type with such a cell.
    found: Cell<Option<&'static str>>,
}

/// Types that are read as the type inside them. Only `serde` can implement `Deserialize` for them, and it asks for the type
/// inside. The exception is a `Box` of a user's own type, if that type does not implement `Deserialize` itself.
const AROUND: [&str; 9] = [
    "alloc::boxed::Box<",
    "alloc::rc::Rc<",
    "alloc::sync::Arc<",
    "core::cell::Cell<",
    "core::cell::RefCell<",
    "core::cmp::Reverse<",
    "core::num::wrapping::Wrapping<",
    "std::sync::poison::mutex::Mutex<",
    "std::sync::poison::rwlock::RwLock<",
];

/// Packages whose visitors make a value of what they are given, and nothing else. The visitors are private, so that other
/// code can use them only by reading their type.
const VISITORS: [&str; 3] = ["serde_core::de::impls::", "serde::de::impls::", "serde_bytes::"];

impl Trace {
    /// Creates notes on a reading in which the value that was converted is replaced by another.
    pub fn with_another(conversion: &Conversion) -> Self {
        Trace { with_another: Some(conversion.clone()), ..Trace::default() }
    }

    /// Creates notes that look for cells in the types that are read.
    pub fn looking_for(cells: Cells) -> Self {
        Trace { cells: Some(cells), ..Trace::default() }
    }

    /// Returns the first type that holds a cell which was looked for.
    pub fn found(&self) -> Option<&'static str> {
        self.found.get()
    }

    /// Returns the value to pass in the place of a stored one.
    pub(super) fn another<'a>(&self, value: ScalarValue<'a>) -> ScalarValue<'a> {
        match &self.with_another {
            Some(conversion) => conversion.another(value),
            None => value,
        }
    }

    /// Returns the name to pass in the place of a stored variant's.
    pub(super) fn another_name<'a>(&self, variant: &'a str) -> &'a str {
        let another = self.with_another.as_ref().map(|it| it.another_name(variant));
        another.unwrap_or(variant)
    }

    /// Returns whether some values of this shape may be lost although others come back.
    pub fn is_doubtful(&self, schema: &Schema) -> bool {
        self.is_doubtful.get() || schema.leaves_out()
    }

    /// Returns whether the fields of a struct were read by their names.
    pub(in super::super) fn is_by_name(&self, record: RecordId) -> bool {
        self.by_name.borrow().contains(&record)
    }

    /// Returns whether the type passed over a stored field.
    pub(in super::super) fn is_ignored(&self, record: RecordId, field: &str) -> bool {
        self.ignored.borrow().iter().any(|(of, name)| *of == record && name == field)
    }

    /// Returns whether the type passed over a stored field of this name in any struct.
    pub(in super::super) fn is_ignored_anywhere(&self, field: &str) -> bool {
        self.ignored.borrow().iter().any(|(_, name)| name == field)
    }

    /// Notes that each value has to be checked.
    pub(super) fn doubt(&self) {
        self.is_doubtful.set(true);
    }

    pub(super) fn note_struct(&self, record: RecordId) {
        self.by_name.borrow_mut().insert(record);
    }

    pub(super) fn note_ignored(&self, record: RecordId, field: &str) {
        self.ignored.borrow_mut().insert((record, field.to_owned()));
    }

    /// Notes the name of the type, or of the seed, that asks next.
    pub(super) fn expect(&self, name: &'static str) {
        // A seed of any other type is a part of a type that does not ask by names.
        let of = inside(name, "core::marker::PhantomData<");
        self.is_doubtful.set(self.is_doubtful.get() || of.is_none());
        self.expected.set(of);
        if let Some(cells) = self.cells
            && self.found.get().is_none()
        {
            self.found.set(of.filter(|of| cells.are_in(of)));
        }
    }

    /// Notes that a visitor asks for an option, and that the type in it asks next.
    pub(super) fn ask_option(&self, visitor: &'static str, makes: &'static str) {
        self.ask(visitor, makes);
        self.expected.set(inside(makes, "core::option::Option<"));
    }

    /// Notes that a visitor asks for a value, by the names of the visitor and of the type that it makes.
    pub(super) fn ask(&self, visitor: &'static str, makes: &'static str) {
        let is_plain = self.expected.take().is_some_and(|name| is_read_as(name, makes))
            && (is_derived(visitor) || VISITORS.iter().any(|of| visitor.starts_with(of)));
        if !is_plain {
            self.doubt();
        }
    }
}

fn inside(name: &'static str, around: &str) -> Option<&'static str> {
    name.strip_prefix(around)?.strip_suffix('>')
}

/// Returns the name of the type inside, if the type `name` is read as the type inside it.
fn within(name: &'static str) -> Option<&'static str> {
    AROUND.iter().find_map(|around| inside(name, around))
}

/// Returns whether the type `name` is read by making a value of the type `makes`.
fn is_read_as(mut name: &'static str, makes: &str) -> bool {
    loop {
        if name == makes {
            return true;
        }
        match within(name) {
            Some(inner) => name = inner,
            // A `Box<str>` and a `Box<[T]>` are read as their owned forms.
            None if name == "str" => return makes == "alloc::string::String",
            None => {
                let element = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
                let list =
                    makes.strip_prefix("alloc::vec::Vec<").and_then(|it| it.strip_suffix('>'));
                return element.is_some() && element == list;
            }
        }
    }
}

/// Returns whether a visitor is the one that derived code declares in the `Deserialize` of its type. Code that is derived by
/// `remote` for a type of another package has no such `impl`.
fn is_derived(visitor: &str) -> bool {
    let (before, behind) = visitor.rsplit_once("::deserialize::").unwrap_or_default();
    let is_visitor = behind == "__Visitor" || behind.starts_with("__Visitor<");
    let is_impl = |of: &str| {
        let of = before.split_once(&format!("::_::<impl {of}::de::Deserialize"));
        of.is_some_and(|(_, behind)| behind.starts_with(['<', ' ']))
    };
    is_visitor && (is_impl("serde_core") || is_impl("serde"))
}
