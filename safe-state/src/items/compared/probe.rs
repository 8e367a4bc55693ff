//! Finds the form of a type by method resolution, which tries the impl with the most references first.
//!
//! A type is walked from the outside in. Each step looks at the first type of a list and notes its kind, as a node. The
//! types that it holds go to the front of the list. So a step costs the compiler one call, and almost none once the
//! list is empty. The nodes are the form in prefix notation, which a trait assembles.
//!
//! A walk brings its references with it: writing them in generated code would cost the compiler more than the rest of a
//! step.

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

/// The types that are still to be looked at, as `(Of<T>, ..)`, and the nodes found so far, the last one first. Tuples
/// are looked into only if `DEEP` is set.
#[derive(Debug)]
pub struct Walk<Todo, Found, const DEEP: bool>(PhantomData<fn(&Todo) -> Found>);

/// A walk with as many references as there are ranks.
pub(crate) type Ranked<'a, W> = &'a &'a &'a &'a &'a &'a W;

impl<T: ?Sized, const DEEP: bool> Walk<(Of<T>, ()), (), DEEP> {
    /// Begins the walk at the type of the value.
    #[must_use]
    pub fn from<'a>(_: &T) -> Ranked<'a, Self>
    where
        T: 'a,
    {
        Self::ranked()
    }

    /// Begins the walk at the type `T`.
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

    /// Returns the form of a walk that has not come to its end, as the type is nested too deeply: none.
    pub fn form(&self) -> PhantomData<NotCompared> {
        PhantomData
    }
}

/// A walk that is at its end. Its methods need no trait from the compiler.
#[derive(Debug)]
pub struct Walked<Found>(PhantomData<Found>);

impl<Found> Walked<Found> {
    /// Returns the same walk, as nothing is left to look at.
    #[must_use]
    pub fn step(self) -> Self {
        self
    }
}

#[expect(clippy::unused_self, reason = "it is there for its type")]
impl<Found: Build<()>> Walked<Found> {
    /// Returns the form that the nodes make.
    #[must_use]
    pub fn form(self) -> PhantomData<Found::Form> {
        PhantomData
    }
}

/// The types left after a step, from which the walk goes on.
pub trait Rest<Found, const DEEP: bool> {
    /// The walk from these types on.
    type Walk<'a>
    where
        Self: 'a,
        Found: 'a;

    /// Returns the walk from these types on.
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

/// The node of a type that has a form of its own.
#[derive(Debug)]
pub struct Leaf<F>(PhantomData<F>);

/// The node of a type that holds another one.
#[derive(Debug)]
pub struct Around<W>(PhantomData<W>);

/// The node of a tuple with `PARTS` parts.
#[derive(Debug)]
pub struct Tuple<const PARTS: usize>;

/// The way in which a type holds another one.
pub trait Holds {
    /// The form of the whole type, given the form `F` of the held type.
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

/// Nodes, which make one form of the forms found after them.
pub trait Build<Forms> {
    /// The form that the nodes make.
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
            /// The types that are left after this step.
            type Todo: Rest<Self::Found, DEEP>;
            /// The nodes that are found after this step.
            type Found;

            /// Looks at the first type of the list, and returns the rest of the walk.
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
    /// Chosen for types with a form of their own: what the loop may change (`&mut`), what can change behind a shared
    /// reference, tuples, sets, and `Result`s, such as lines.
    OfItself;
    /// Chosen for types that are `Serialize` and `Hash`.
    OfSerializeAndHash;
    /// Chosen for types that are `Serialize`.
    OfSerialize;
    /// Chosen for types that are `Hash`.
    OfHash;
    /// Chosen for types that are neither, but hold another value or have a path.
    OfWrapped;
    /// Chosen for any other type, which has no form.
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
