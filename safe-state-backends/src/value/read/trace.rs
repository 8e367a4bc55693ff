//! Notes, while a value is read, whether derived code reads all of it, which takes a value as it was written, and which
//! stored fields nobody takes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::super::schema::{RecordId, Schema};
use super::cells::Cells;
use super::conversion::Conversion;
use super::state::ScalarValue;

/// Notes on a type, made while its values are read. A type that reads itself in a way of its own, such as an untagged
/// enumeration or `from`, may lose one value and keep another of the same shape.
///
/// `serde` passes the name of each type before the type asks for its value. A type that asks for what its name says is read
/// by derived code, or by `serde`'s own. Any other is in doubt.
#[derive(Debug, Default)]
pub struct Trace {
    /// The type that asks next.
    expected: Cell<Option<&'static str>>,
    is_doubtful: Cell<bool>,
    /// The structs that were read by the names of their fields, as derived code reads them.
    by_name: RefCell<BTreeSet<RecordId>>,
    /// The stored fields in them that the type passed over.
    ignored: RefCell<BTreeSet<(RecordId, String)>>,
    /// The conversion whose stored value is replaced by another.
    with_another: Option<Conversion>,
    /// The cells to look for in the types' names.
    cells: Option<Cells>,
    /// The first type with such a cell.
    found: Cell<Option<&'static str>>,
}

/// A kind of value that a type asks for.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    /// A number, `bool` or `char`: the name of its type.
    Scalar(&'static str),
    Text,
    Bytes,
    Unit,
    Seq,
    Tuple,
    Map,
    /// A struct or an enumeration by its name.
    Named(&'static str),
    /// Whatever is stored, or a newtype, whose inner type has no name here.
    Other,
}

/// Types that are read as the type in them.
const AROUND: [&str; 9] = [
    "alloc::boxed::Box<",
    "alloc::rc::Rc<",
    "alloc::sync::Arc<",
    "core::cell::Cell<",
    "core::cell::RefCell<",
    "core::cmp::Reverse<",
    "core::num::nonzero::NonZero<",
    "core::num::wrapping::Wrapping<",
    "core::num::saturating::Saturating<",
];

const LISTS: [&str; 6] = [
    "alloc::vec::Vec<",
    "alloc::collections::vec_deque::VecDeque<",
    "alloc::collections::btree::set::BTreeSet<",
    "alloc::collections::binary_heap::BinaryHeap<",
    "alloc::collections::linked_list::LinkedList<",
    "std::collections::hash::set::HashSet<",
];

const MAPS: [&str; 2] =
    ["alloc::collections::btree::map::BTreeMap<", "std::collections::hash::map::HashMap<"];

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

    /// Returns whether a value that was read may be lost where another of the same shape comes back.
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

    /// Notes that each value has to be looked at.
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

    /// Notes that the type in an option asks next. Returns what to do that with.
    pub(super) fn ask_option(&self) {
        let of = self.take().and_then(|name| inside(name, "core::option::Option<"));
        self.is_doubtful.set(self.is_doubtful.get() || of.is_none());
        self.expected.set(of);
    }

    pub(super) fn ask(&self, what: Ask) {
        if self.take().is_none_or(|name| !what.fits(name)) {
            self.doubt();
        }
    }

    fn take(&self) -> Option<&'static str> {
        let mut name = self.expected.take()?;
        while let Some(inner) = AROUND.iter().find_map(|around| inside(name, around)) {
            name = inner;
        }
        Some(name)
    }
}

fn inside(name: &'static str, around: &str) -> Option<&'static str> {
    name.strip_prefix(around)?.strip_suffix('>')
}

impl Ask {
    fn fits(self, name: &str) -> bool {
        let begins = |them: &[&str]| them.iter().any(|it| name.starts_with(it));
        match self {
            Ask::Scalar("u64") => matches!(name, "u64" | "usize"),
            Ask::Scalar("i64") => matches!(name, "i64" | "isize"),
            Ask::Scalar(scalar) => name == scalar,
            Ask::Text => matches!(name, "alloc::string::String" | "str" | "std::path::PathBuf"),
            Ask::Bytes => name == "serde_bytes::bytebuf::ByteBuf",
            Ask::Unit => name == "()",
            Ask::Seq => begins(&LISTS),
            Ask::Tuple => begins(&["(", "["]),
            Ask::Map => begins(&MAPS),
            Ask::Named(named) => {
                let path = name.split('<').next().unwrap_or_default();
                path.rsplit("::").next() == Some(named)
            }
            Ask::Other => false,
        }
    }
}
