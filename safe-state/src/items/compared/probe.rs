//! Which form a type has, by method resolution. More references in front mean a higher rank.
//!
//! A type is walked from the outside in. Each step looks at one type of a list and notes what it is, as a node; what it
//! holds comes in front of the list. So a step costs the compiler one call, and next to none once the list is empty. The
//! nodes are the form in prefix notation, which a trait puts together.
//!
//! A walk comes with its references: to write them in generated code costs the compiler more than all else of a step.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::hash::Hash;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, RwLock, atomic};

use serde::Serialize;

use super::forms::{
    ByHash, ByPath, ByPosition, BySerialize, BySerializeOrHash, BySet, Elements, Held, NotCompared,
    Parts, Success,
};
use super::kind::Of;

/// The types that are still to be looked at, as `(Of<T>, ..)`, and the nodes that were found, the last one first. Tuples
/// are looked into where it is `DEEP`.
#[derive(Debug)]
pub struct Walk<Todo, Found, const DEEP: bool>(PhantomData<fn(&Todo) -> Found>);

/// A walk with as many references as there are ranks.
pub(crate) type Ranked<'a, W> = &'a &'a &'a &'a &'a &'a W;

impl<T: ?Sized, const DEEP: bool> Walk<(Of<T>, ()), (), DEEP> {
    /// Begins at the type of that value.
    #[must_use]
    pub fn from<'a>(_: &T) -> Ranked<'a, Self>
    where
        T: 'a,
    {
        Self::ranked()
    }

    /// Begins at that type.
    pub(crate) fn from_type<'a>() -> Ranked<'a, Self>
    where
        T: 'a,
    {
        Self::ranked()
    }
}

impl<Todo, Found, const DEEP: bool> Walk<Todo, Found, DEEP> {
    fn ranked<'a>() -> Ranked<'a, Self>
    where
        Self: 'a,
    {
        &&&&&&Walk(PhantomData)
    }

    /// There is no form where a walk comes to no end: the type is looked at no deeper.
    pub fn form(&self) -> PhantomData<NotCompared> {
        PhantomData
    }
}

/// A walk at its end. Of its methods the compiler asks no trait.
#[derive(Debug)]
pub struct Walked<Found>(PhantomData<Found>);

impl<Found> Walked<Found> {
    /// It is at its end.
    #[must_use]
    pub fn step(self) -> Self {
        self
    }
}

#[expect(clippy::unused_self, reason = "it is there for its type")]
impl<Found: Build<()>> Walked<Found> {
    /// The form.
    #[must_use]
    pub fn form(self) -> PhantomData<Found::Form> {
        PhantomData
    }
}

/// What is still to be looked at, behind those nodes.
pub trait Rest<Found, const DEEP: bool> {
    /// The walk from there.
    type Walk<'a>
    where
        Self: 'a,
        Found: 'a;

    /// The walk from there.
    fn walk<'a>() -> Self::Walk<'a>
    where
        Self: 'a,
        Found: 'a;
}

impl<Found, const DEEP: bool> Rest<Found, DEEP> for () {
    type Walk<'a>
        = Walked<Found>
    where
        Found: 'a;

    fn walk<'a>() -> Walked<Found>
    where
        Found: 'a,
    {
        Walked(PhantomData)
    }
}

impl<T: ?Sized, Todo, Found, const DEEP: bool> Rest<Found, DEEP> for (Of<T>, Todo) {
    type Walk<'a>
        = Ranked<'a, Walk<Self, Found, DEEP>>
    where
        Self: 'a,
        Found: 'a;

    fn walk<'a>() -> Self::Walk<'a>
    where
        Self: 'a,
        Found: 'a,
    {
        Walk::ranked()
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

macro_rules! tuples {
    ($($parts:literal: $($part:ident)*, $stack:ty;)*) => { $(
        impl<$($part,)* Todo, Found> OfItself<true>
            for &&&&&Walk<(Of<($($part,)*)>, Todo), Found, true>
        {
            type Todo = tuples!(@list $($part)* ; Todo);
            type Found = (Tuple<$parts>, Found);
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
        pub trait $name<const DEEP: bool> {
            /// What is looked at behind this step.
            type Todo: Rest<Self::Found, DEEP>;
            /// The nodes that are found by then.
            type Found;

            /// Looks at the first type of the list.
            fn step<'a>(&self) -> <Self::Todo as Rest<Self::Found, DEEP>>::Walk<'a>
            where
                Self::Todo: 'a,
                Self::Found: 'a,
            {
                Self::Todo::walk()
            }
        }
    )* };
}

ranks! {
    /// What the loop may change, and says so; what can change behind a shared reference; tuples, and items that may be
    /// errors, as lines are.
    OfItself;
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

macro_rules! forms {
    ($([$($generics:tt)*] $rank:ident($($reference:tt)*) $of:ty => $kind:ident $node:ty;)*) => { $(
        forms! { @impl $kind [$($generics)*] $rank [$($reference)*] [$of] $node }
    )* };
    (@impl leaf [$($generics:tt)*] $rank:ident [$($reference:tt)*] [$of:ty] $form:ty) => {
        impl<$($generics)* Todo: Rest<(Leaf<$form>, Found), DEEP>, Found, const DEEP: bool> $rank<DEEP>
            for $($reference)* Walk<(Of<$of>, Todo), Found, DEEP>
        {
            type Todo = Todo;
            type Found = (Leaf<$form>, Found);
        }
    };
    (@impl $kind:ident [$($generics:tt)*] $rank:ident [$($reference:tt)*] [$of:ty] $held:ty) => {
        impl<$($generics)* Todo, Found, const DEEP: bool> $rank<DEEP>
            for $($reference)* Walk<(Of<$of>, Todo), Found, DEEP>
        {
            type Todo = (Of<$held>, Todo);
            type Found = (Around<forms!(@around $kind)>, Found);
        }
    };
    (@around held) => { Held<()> };
    (@around success) => { Success<()> };
    (@around elements) => { Elements<()> };
}

forms! {
    [T: ?Sized,] OfItself(&&&&&) &mut T => leaf ByPosition;
    [T: ?Sized,] OfItself(&&&&&) Option<&mut T> => leaf ByPosition;
    [T, E,] OfItself(&&&&&) Result<T, E> => success T;
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

macro_rules! sets {
    ($($set:ty)*) => { forms! { $(
        [T: Serialize, S,] OfItself(&&&&&) $set => leaf BySet;
        [T: Serialize, S,] OfItself(&&&&&) &$set => leaf Held<BySet>;
        [T: Serialize, S,] OfItself(&&&&&) &&$set => leaf Held<Held<BySet>>;
        [T: Serialize, S,] OfItself(&&&&&) Box<$set> => leaf Held<BySet>;
        [T: Serialize, S,] OfItself(&&&&&) Rc<$set> => leaf Held<BySet>;
        [T: Serialize, S,] OfItself(&&&&&) Arc<$set> => leaf Held<BySet>;
        [T: Serialize, S,] OfItself(&&&&&) &Rc<$set> => leaf Held<Held<BySet>>;
        [T: Serialize, S,] OfItself(&&&&&) &Arc<$set> => leaf Held<Held<BySet>>;
        [T: Serialize, S,] OfItself(&&&&&) Option<$set> => leaf Elements<BySet>;
        [T: Serialize, S,] OfItself(&&&&&) Option<&$set> => leaf Elements<Held<BySet>>;
        [T: Serialize, S,] OfItself(&&&&&) Option<Rc<$set>> => leaf Elements<Held<BySet>>;
        [T: Serialize, S,] OfItself(&&&&&) Option<Arc<$set>> => leaf Elements<Held<BySet>>;
    )* } };
}

sets! { std::collections::HashSet<T, S> hashbrown::HashSet<T, S> }

macro_rules! cells {
    ($($cell:ident)*) => { forms! { $(
        [T,] OfItself(&&&&&) $cell<T> => leaf NotCompared;
        [T: ?Sized,] OfItself(&&&&&) &$cell<T> => leaf NotCompared;
        [T,] OfItself(&&&&&) &&$cell<T> => leaf NotCompared;
        [T: ?Sized,] OfItself(&&&&&) Rc<$cell<T>> => leaf NotCompared;
        [T: ?Sized,] OfItself(&&&&&) Arc<$cell<T>> => leaf NotCompared;
        [T: ?Sized,] OfItself(&&&&&) &Rc<$cell<T>> => leaf NotCompared;
        [T: ?Sized,] OfItself(&&&&&) &Arc<$cell<T>> => leaf NotCompared;
    )* } };
}

cells! { Cell RefCell Mutex RwLock }

macro_rules! sized_cells {
    ($($cell:ident)*) => { forms! { $(
        [T,] OfItself(&&&&&) $cell<T> => leaf NotCompared;
        [T,] OfItself(&&&&&) &$cell<T> => leaf NotCompared;
        [T,] OfItself(&&&&&) Rc<$cell<T>> => leaf NotCompared;
        [T,] OfItself(&&&&&) Arc<$cell<T>> => leaf NotCompared;
    )* } };
}

sized_cells! { OnceCell OnceLock }

macro_rules! atomics {
    ($($atomic:ident)*) => { forms! { $(
        [] OfItself(&&&&&) atomic::$atomic => leaf NotCompared;
        [] OfItself(&&&&&) &atomic::$atomic => leaf NotCompared;
        [] OfItself(&&&&&) Arc<atomic::$atomic> => leaf NotCompared;
        [] OfItself(&&&&&) &Arc<atomic::$atomic> => leaf NotCompared;
    )* } };
}

atomics! {
    AtomicBool AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize
    AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize
}
