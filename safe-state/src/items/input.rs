//! The input of a `for` loop that recognises its items by their index. Its type is looked at before the loop is
//! entered, and tells what of an item is compared.

use std::marker::PhantomData;

use crate::items::compared::{Compared, Of, Ranked, Walk, fingerprint};
use crate::items::fingerprint::CONSUMED;
use crate::items::identity::IdentityKind;
use crate::items::source::{GivesAgain, HasOrder, Source, is_channel};
use crate::proof::{TypeOf, never};

/// An input's iterator, and the type of its items.
#[derive(Debug)]
pub struct Input<I, T>(I, PhantomData<fn() -> T>);

/// A value that a `for` loop can walk.
///
/// It has two impls, one of which never applies. With a single one the compiler would assume its `Iter` for any type,
/// and report a type that is no iterator again wherever it is used. The bound `IntoIterator` is for clippy, which then
/// sees a needless `collect` in the head.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an iterator",
    label = "`{Self}` is not an iterator"
)]
pub trait Walkable<By>: IntoIterator {
    /// The type of its iterator.
    type Iter: Iterator<Item = Self::Each>;
    /// The type of its items.
    type Each;

    /// Returns the iterator over the value.
    fn walked(self) -> Self::Iter;
}

/// Marks the impl for all types that are `IntoIterator`.
#[derive(Debug)]
pub struct ByIntoIterator;

/// Marks the impl that applies to no type.
#[derive(Debug)]
pub struct ByNothing;

/// A trait that no type implements.
pub trait Nothing: IntoIterator {}

#[diagnostic::do_not_recommend]
impl<I: IntoIterator> Walkable<ByIntoIterator> for I {
    type Iter = I::IntoIter;
    type Each = I::Item;

    #[inline]
    fn walked(self) -> I::IntoIter {
        self.into_iter()
    }
}

#[diagnostic::do_not_recommend]
impl<I: Nothing> Walkable<ByNothing> for I {
    type Iter = I::IntoIter;
    type Each = I::Item;

    fn walked(self) -> I::IntoIter {
        self.into_iter()
    }
}

/// Makes the input that a loop walks.
pub fn input<I: Walkable<By>, By>(input: I) -> Input<I::Iter, I::Each> {
    Input(input.walked(), PhantomData)
}

impl<I, T> Input<I, T> {
    /// Returns the iterator.
    pub(crate) fn into_iter(self) -> I {
        self.0
    }

    /// Returns the iterator, for a loop that recognises its items by a key.
    pub fn walker(self) -> I {
        self.0
    }
}

#[expect(clippy::unused_self, reason = "it is there for its type")]
impl<I, T> Input<I, T> {
    /// Returns the type of the input for method resolution, with a reference for each rank.
    pub fn source<'a>(&self) -> &'a &'a &'a &'a &'a Source<I>
    where
        I: 'a,
    {
        Source::ranked()
    }

    /// Returns the type of the items, which errors name.
    pub fn item(&self) -> PhantomData<fn() -> T> {
        PhantomData
    }

    /// Returns what stands for the type of the items, before anything of it is looked at.
    pub fn item_type(&self) -> TypeOf<T> {
        TypeOf(PhantomData)
    }

    /// Returns the walk that begins at the type of the items.
    pub fn walk<'a>(&self) -> Ranked<'a, Walk<(Of<T>, ()), (), true>>
    where
        T: 'a,
    {
        Walk::from_type()
    }
}

impl<I, T> Input<I, T> {
    /// Returns an item, in code that never runs.
    #[expect(clippy::unused_self, reason = "its type is what counts")]
    pub fn each(&self) -> T {
        never()
    }
}

impl<I, T, E> Input<I, Result<T, E>> {
    /// Returns the value in an item that is `Ok`, in code that never runs.
    #[expect(clippy::unused_self, reason = "its type is what counts")]
    pub fn success(&self) -> T {
        never()
    }
}

/// Chosen for items that are no `Result`.
pub trait OfNoResult {
    /// Does nothing.
    fn success(&self) {}
}

impl<I, T> OfNoResult for Input<I, T> {}

/// Makes the compiler infer a type. To call a method of a value, the compiler has to know its type, and reports an
/// unknown type at that call. Without it, the compiler would take the first impl that it finds for the type.
pub trait TypeIsKnown {
    /// Does nothing.
    fn type_is_known(&self) {}
}

impl<T> TypeIsKnown for T {}

/// A function that makes a checksum of an item, by its type alone.
pub(crate) type ByType<T> = fn(&T) -> Option<u32>;

/// An input, with the way in which its items are recognised.
#[derive(Debug)]
pub struct Identified<I, F> {
    pub(crate) iter: I,
    pub(crate) kind: IdentityKind,
    pub(crate) fingerprint: F,
    pub(crate) gives_once: bool,
}

/// Makes the input whose items are compared by the form of their type.
pub fn compared<I, T, F: Compared<T>>(
    _: PhantomData<fn() -> T>,
    _: impl HasOrder + GivesAgain,
    _: PhantomData<F>,
    input: Input<I, T>,
) -> Identified<I, ByType<T>> {
    let fingerprint: ByType<T> = |item| fingerprint(item, PhantomData::<F>);
    by_index(input, fingerprint, is_channel::<I>())
}

/// Makes the input whose items are not compared.
pub fn unchecked<I, T>(
    _: impl HasOrder + GivesAgain,
    input: Input<I, T>,
) -> Identified<I, ByType<T>> {
    let fingerprint: ByType<T> = |_| None;
    by_index(input, fingerprint, is_channel::<I>())
}

/// Makes the input whose items are compared by a function of the program.
pub fn checked<I, T, F: Fn(&T) -> Option<u32>>(
    input: Input<I, T>,
    fingerprint: F,
) -> Identified<I, F> {
    by_index(input, fingerprint, false)
}

/// Makes the input that gives each item only once.
pub fn consumed<I, T>(input: Input<I, T>) -> Identified<I, ByType<T>> {
    let fingerprint: ByType<T> = |_| CONSUMED;
    Identified { kind: IdentityKind::Consumed, ..by_index(input, fingerprint, false) }
}

fn by_index<I, T, F>(input: Input<I, T>, fingerprint: F, gives_once: bool) -> Identified<I, F> {
    Identified { iter: input.0, kind: IdentityKind::Index, fingerprint, gives_once }
}

/// Expands to an input whose items are recognised by their index, as its type decides.
#[doc(hidden)]
#[macro_export]
macro_rules! __known {
    ($input:expr) => {{
        use $crate::__private::types::*;
        if false {
            $input.each().type_is_known();
            $input.success().type_is_known();
        }
        $crate::__private::compared_items(
            $input.item(),
            $input.source().known(),
            $crate::__form!(@walk $input.walk(); . . . . . . . . . .).form(),
            $input,
        )
    }};
    ($input:expr, unchecked) => {{
        use $crate::__private::types::*;
        $crate::__private::unchecked_items($input.source().known(), $input)
    }};
    ($input:expr, checked) => {{
        use $crate::__private::types::*;
        $crate::__private::by_index_checked($input.source().fixed());
        $input
    }};
}
