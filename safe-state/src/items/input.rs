//! The input of a `for` loop that knows its items by their index, before it is entered: its type is looked at, and tells
//! what of an item is compared.

use std::marker::PhantomData;

use crate::items::compared::{Compared, Of, Ranked, Walk, fingerprint};
use crate::items::fingerprint::CONSUMED;
use crate::items::identity::IdentityKind;
use crate::items::source::{GivesAgain, HasOrder, Source, is_channel};
use crate::proof::never;

/// An input, and the type of its items.
#[derive(Debug)]
pub struct Input<I, T>(I, PhantomData<fn() -> T>);

/// What a loop can walk: what a `for` can.
///
/// It has two implementations, of which one holds for nothing. With a single one the compiler takes `Iter` for that of
/// any type, and tells of one that is no iterator once more wherever it is used. That it asks for `IntoIterator` is for
/// clippy, which then sees a `collect` in the head that is not needed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an iterator",
    label = "`{Self}` is not an iterator"
)]
pub trait Walkable<By>: IntoIterator {
    /// Its iterator.
    type Iter: Iterator<Item = Self::Each>;
    /// An item.
    type Each;

    /// The iterator over it.
    fn walked(self) -> Self::Iter;
}

/// By its `IntoIterator`.
#[derive(Debug)]
pub struct ByIntoIterator;

/// By nothing.
#[derive(Debug)]
pub struct ByNothing;

/// Has no implementation.
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

/// The input that a loop walks.
pub fn input<I: Walkable<By>, By>(input: I) -> Input<I::Iter, I::Each> {
    Input(input.walked(), PhantomData)
}

impl<I, T> Input<I, T> {
    /// The iterator.
    pub(crate) fn into_iter(self) -> I {
        self.0
    }
}

#[expect(clippy::unused_self, reason = "it is there for its type")]
impl<I, T> Input<I, T> {
    /// The type of the input, with a reference for each rank.
    pub fn source<'a>(&self) -> &'a &'a &'a &'a &'a Source<I>
    where
        I: 'a,
    {
        Source::ranked()
    }

    /// The type of its items, which errors name.
    pub fn item(&self) -> PhantomData<fn() -> T> {
        PhantomData
    }

    /// The walk from the type of its items.
    pub fn walk<'a>(&self) -> Ranked<'a, Walk<(Of<T>, ()), (), true>>
    where
        T: 'a,
    {
        Walk::from_type()
    }
}

impl<I, T> Input<I, T> {
    /// An item, in code that never runs.
    #[expect(clippy::unused_self, reason = "its type is what counts")]
    pub fn each(&self) -> T {
        never()
    }
}

impl<I, T, E> Input<I, Result<T, E>> {
    /// What an item holds that is no error, in code that never runs.
    #[expect(clippy::unused_self, reason = "its type is what counts")]
    pub fn success(&self) -> T {
        never()
    }
}

/// Items that are no `Result`.
pub trait OfNoResult {
    /// Nothing.
    fn success(&self) {}
}

impl<I, T> OfNoResult for Input<I, T> {}

/// To call a method of a value, the compiler has to know its type, and asks for it at the call that leaves it open.
/// Without that, it would take the first implementation that it finds for the type.
pub trait TypeIsKnown {
    /// Does nothing.
    fn type_is_known(&self) {}
}

impl<T> TypeIsKnown for T {}

/// What makes a checksum of an item, by its type alone.
pub(crate) type ByType<T> = fn(&T) -> Option<u32>;

/// An input of which it is known how its items are.
#[derive(Debug)]
pub struct Known<I, F> {
    pub(crate) iter: I,
    pub(crate) way: IdentityKind,
    pub(crate) fingerprint: F,
    pub(crate) gives_once: bool,
}

/// An input whose items are compared by the form of their type.
pub fn compared<I, T, F: Compared<T>>(
    _: PhantomData<fn() -> T>,
    _: impl HasOrder + GivesAgain,
    _: PhantomData<F>,
    input: Input<I, T>,
) -> Known<I, ByType<T>> {
    let fingerprint: ByType<T> = |item| fingerprint(item, PhantomData::<F>);
    by_index(input, fingerprint, is_channel::<I>())
}

/// One whose items are not compared.
pub fn unchecked<I, T>(_: impl HasOrder + GivesAgain, input: Input<I, T>) -> Known<I, ByType<T>> {
    let fingerprint: ByType<T> = |_| None;
    by_index(input, fingerprint, is_channel::<I>())
}

/// One of whose items the program tells what is compared.
pub fn checked<I, T, F: Fn(&T) -> Option<u32>>(input: Input<I, T>, fingerprint: F) -> Known<I, F> {
    by_index(input, fingerprint, false)
}

/// One that gives each item once.
pub fn consumed<I, T>(input: Input<I, T>) -> Known<I, ByType<T>> {
    let fingerprint: ByType<T> = |_| CONSUMED;
    Known { way: IdentityKind::Consumed, ..by_index(input, fingerprint, false) }
}

fn by_index<I, T, F>(input: Input<I, T>, fingerprint: F, gives_once: bool) -> Known<I, F> {
    Known { iter: input.0, way: IdentityKind::Index, fingerprint, gives_once }
}

/// Looks at the type of an input whose items are to be known by their index.
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
