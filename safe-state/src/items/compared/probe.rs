//! Which form a type has, by method resolution. More references in front mean a higher rank.
//!
//! A type is walked from the outside in. Each step looks at one type of a list and notes what it is, as a node; what it
//! holds comes in front of the list. So a step costs the compiler one call, and next to none once the list is empty. The
//! nodes are the form in prefix notation, which a trait puts together.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, RwLock, atomic};

use serde::Serialize;

use super::Of;
use super::forms::{
    ByHash, ByPath, ByPosition, BySerialize, BySerializeOrHash, Elements, Held, NotCompared, Parts,
    Success,
};

/// The types that are still to be looked at, as `(Of<T>, ..)`, and the nodes that were found, the last one first. Tuples
/// are looked into where it is `DEEP`.
#[derive(Debug)]
pub struct Walk<Todo, Found, const DEEP: bool>(PhantomData<fn(&Todo) -> Found>);

impl<T: ?Sized, const DEEP: bool> Walk<(Of<T>, ()), (), DEEP> {
    /// Begins at the type of that value.
    pub fn from(_: &T) -> Self {
        Walk(PhantomData)
    }
}

/// A type that has a form by itself.
#[derive(Debug)]
pub struct Leaf<F>(PhantomData<F>);

/// A type that holds another one.
#[derive(Debug)]
pub struct Around<W>(PhantomData<W>);

/// A tuple of so many parts.
#[derive(Debug)]
pub struct Tuple<const PARTS: usize>;

/// In what way something holds another value.
pub trait Holds {
    /// The form of the whole, by that of the value.
    type Form<F>;
}

impl Holds for Held<()> {
    type Form<F> = Held<F>;
}

impl Holds for Success<()> {
    type Form<F> = Success<F>;
}

impl Holds for Elements<()> {
    type Form<F> = Elements<F>;
}

/// Nodes that make one form of the forms behind them.
pub trait Build<Forms> {
    /// The form of the first node.
    type Form;
}

impl<F> Build<(F, ())> for () {
    type Form = F;
}

impl<F, Found: Build<(F, Forms)>, Forms> Build<Forms> for (Leaf<F>, Found) {
    type Form = Found::Form;
}

impl<W: Holds, A, Found: Build<(W::Form<A>, Forms)>, Forms> Build<(A, Forms)>
    for (Around<W>, Found)
{
    type Form = Found::Form;
}

/// A walk whose nodes are complete.
pub trait Complete {
    /// The form.
    type Form;

    /// The form.
    fn form(&self) -> PhantomData<Self::Form> {
        PhantomData
    }
}

impl<Found: Build<()>, const DEEP: bool> Complete for &Walk<(), Found, DEEP> {
    type Form = Found::Form;
}

/// A walk that came to no end: the type is looked at no deeper.
pub trait Incomplete {
    /// There is none.
    fn form(&self) -> PhantomData<NotCompared> {
        PhantomData
    }
}

impl<Todo, Found, const DEEP: bool> Incomplete for Walk<Todo, Found, DEEP> {}

macro_rules! tuples {
    ($($parts:literal: $($part:ident)*, $stack:ty;)*) => { $(
        impl<$($part,)* Rest, Found> OfParts
            for &&&&&Walk<(Of<($($part,)*)>, Rest), Found, true>
        {
            type Next = Walk<tuples!(@list $($part)* ; Rest), (Tuple<$parts>, Found), true>;
        }

        impl<$($part,)* Found, Forms> Build<$stack> for (Tuple<$parts>, Found)
        where
            Found: Build<(Parts<($($part,)*)>, Forms)>,
        {
            type Form = Found::Form;
        }
    )* };
    (@list $first:ident $($part:ident)* ; $rest:ty) => { (Of<$first>, tuples!(@list $($part)* ; $rest)) };
    (@list ; $rest:ty) => { $rest };
}

tuples! {
    1: A, (A, Forms);
    2: A B, (A, (B, Forms));
    3: A B C, (A, (B, (C, Forms)));
    4: A B C D, (A, (B, (C, (D, Forms))));
    5: A B C D E, (A, (B, (C, (D, (E, Forms)))));
    6: A B C D E F, (A, (B, (C, (D, (E, (F, Forms))))));
}

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        pub trait $name {
            /// The walk behind this step.
            type Next: Begin;

            /// Looks at the first type of the list.
            fn step(&self) -> Self::Next {
                Begin::BEGUN
            }
        }
    )* };
}

/// Walks, of which there is one value each.
pub trait Begin {
    /// That value.
    const BEGUN: Self;
}

impl<Todo, Found, const DEEP: bool> Begin for Walk<Todo, Found, DEEP> {
    const BEGUN: Self = Walk(PhantomData);
}

ranks! {
    /// A walk at its end.
    OfEnd;
    /// What the loop may change, and says so.
    OfMutable;
    /// What can change behind a shared reference.
    OfCells;
    /// Tuples, and items that may be errors, as lines are.
    OfParts;
    /// What can be serialised and hashed.
    OfSerializeAndHash;
    /// What can be serialised.
    OfSerialize;
    /// What can be hashed.
    OfHash;
    /// What has neither, and holds a value that may, or has a path.
    OfWrapped;
    /// Anything else.
    OfNothing;
}

impl<Found, const DEEP: bool> OfEnd for &&&&&&&&Walk<(), Found, DEEP> {
    type Next = Walk<(), Found, DEEP>;
}

macro_rules! forms {
    ($([$($generics:tt)*] $rank:ident($($reference:tt)*) $of:ty => $kind:ident $node:ty;)*) => { $(
        impl<$($generics)* Rest, Found, const DEEP: bool> $rank
            for $($reference)* Walk<(Of<$of>, Rest), Found, DEEP>
        {
            type Next = forms!(@next $kind $node; Rest, Found, DEEP);
        }
    )* };
    (@next leaf $form:ty; $rest:ty, $found:ty, $deep:ident) => {
        Walk<$rest, (Leaf<$form>, $found), $deep>
    };
    (@next held $of:ty; $rest:ty, $found:ty, $deep:ident) => {
        Walk<(Of<$of>, $rest), (Around<Held<()>>, $found), $deep>
    };
    (@next success $of:ty; $rest:ty, $found:ty, $deep:ident) => {
        Walk<(Of<$of>, $rest), (Around<Success<()>>, $found), $deep>
    };
    (@next elements $of:ty; $rest:ty, $found:ty, $deep:ident) => {
        Walk<(Of<$of>, $rest), (Around<Elements<()>>, $found), $deep>
    };
}

forms! {
    [T: ?Sized,] OfMutable(&&&&&&&) &mut T => leaf ByPosition;
    [T: ?Sized,] OfMutable(&&&&&&&) Option<&mut T> => leaf ByPosition;
    [T, E,] OfParts(&&&&&) Result<T, E> => success T;
    [T: Serialize + Hash + ?Sized,] OfSerializeAndHash(&&&&) T => leaf BySerializeOrHash;
    [T: Serialize + ?Sized,] OfSerialize(&&&) T => leaf BySerialize;
    [T: Hash + ?Sized,] OfHash(&&) T => leaf ByHash;
    [] OfWrapped(&) std::fs::DirEntry => leaf ByPath;
    [T,] OfWrapped(&) &T => held T;
    [T,] OfWrapped(&) Box<T> => held T;
    [T,] OfWrapped(&) Rc<T> => held T;
    [T,] OfWrapped(&) Arc<T> => held T;
    [T: Clone,] OfWrapped(&) Cow<'_, T> => held T;
    [T,] OfWrapped(&) Option<T> => elements T;
    [T,] OfWrapped(&) Vec<T> => elements T;
    [T,] OfWrapped(&) [T] => elements T;
    [T, const LENGTH: usize,] OfWrapped(&) [T; LENGTH] => elements T;
    [T: ?Sized,] OfNothing() T => leaf NotCompared;
}

#[cfg(feature = "walkdir")]
forms! {
    [] OfWrapped(&) walkdir::DirEntry => leaf ByPath;
}

macro_rules! cells {
    ($($cell:ident)*) => { forms! { $(
        [T,] OfCells(&&&&&&) $cell<T> => leaf NotCompared;
        [T: ?Sized,] OfCells(&&&&&&) &$cell<T> => leaf NotCompared;
        [T,] OfCells(&&&&&&) &&$cell<T> => leaf NotCompared;
        [T: ?Sized,] OfCells(&&&&&&) Rc<$cell<T>> => leaf NotCompared;
        [T: ?Sized,] OfCells(&&&&&&) Arc<$cell<T>> => leaf NotCompared;
        [T: ?Sized,] OfCells(&&&&&&) &Rc<$cell<T>> => leaf NotCompared;
        [T: ?Sized,] OfCells(&&&&&&) &Arc<$cell<T>> => leaf NotCompared;
    )* } };
}

cells! { Cell RefCell Mutex RwLock }

macro_rules! sized_cells {
    ($($cell:ident)*) => { forms! { $(
        [T,] OfCells(&&&&&&) $cell<T> => leaf NotCompared;
        [T,] OfCells(&&&&&&) &$cell<T> => leaf NotCompared;
        [T,] OfCells(&&&&&&) Rc<$cell<T>> => leaf NotCompared;
        [T,] OfCells(&&&&&&) Arc<$cell<T>> => leaf NotCompared;
    )* } };
}

sized_cells! { OnceCell OnceLock }

macro_rules! atomics {
    ($($atomic:ident)*) => { forms! { $(
        [] OfCells(&&&&&&) atomic::$atomic => leaf NotCompared;
        [] OfCells(&&&&&&) &atomic::$atomic => leaf NotCompared;
        [] OfCells(&&&&&&) Arc<atomic::$atomic> => leaf NotCompared;
        [] OfCells(&&&&&&) &Arc<atomic::$atomic> => leaf NotCompared;
    )* } };
}

atomics! {
    AtomicBool AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize
    AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize
}
