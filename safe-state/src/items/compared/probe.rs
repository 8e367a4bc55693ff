//! Which form a type has, by method resolution. More references in front mean a higher rank.

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

/// A type whose form is sought, in which so many parts can be looked at.
#[derive(Debug)]
pub struct Probe<T: ?Sized, const PARTS: usize>(Of<T>);

impl<T: ?Sized, const PARTS: usize> Probe<T, PARTS> {
    /// For that type.
    pub fn new(_: &Of<T>) -> Self {
        Probe(Of::NEW)
    }
}

/// A form that needs none of its parts.
#[derive(Debug)]
pub struct Leaf<F, const PARTS: usize>(PhantomData<F>);

/// The form of a tuple, once those of its parts are known.
#[derive(Debug)]
pub struct Split<T, const PARTS: usize>(PhantomData<fn(&T)>);

/// The form of what holds a `T`, once that of it is known.
#[derive(Debug)]
pub struct Around<T: ?Sized, W, const PARTS: usize>(PhantomData<fn(&T) -> W>);

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

macro_rules! shapes {
    ($($parts:literal: ($($none:ty),*) ($($form:ident),*);)*) => { $(
        impl<F> Leaf<F, $parts> {
            /// No part.
            pub fn parts(&self) -> ($(Of<$none>,)*) {
                ($(Of::<$none>::NEW,)*)
            }

            /// The form, whatever parts there are.
            pub fn with<W>(&self, _: W) -> PhantomData<F> {
                PhantomData
            }
        }
    )* };
}

shapes! {
    1: (()) (A);
    2: ((), ()) (A, B);
    6: ((), (), (), (), (), ()) (A, B, C, D, E, F);
}

impl<F> Leaf<F, 0> {
    /// The form.
    #[expect(clippy::unused_self, reason = "it is called as where there are parts")]
    pub fn with<W>(&self, _: W) -> PhantomData<F> {
        PhantomData
    }
}

macro_rules! around {
    ($($parts:literal: ($($none:ty),*) ($($other:ident),*);)*) => { $(
        impl<T: ?Sized, W: Holds> Around<T, W, $parts> {
            /// The value.
            pub fn parts(&self) -> (Of<T>, $(Of<$none>,)*) {
                (Of::NEW, $(Of::<$none>::NEW,)*)
            }

            /// The form of the whole, by that of the value.
            pub fn with<A, $($other),*>(
                &self,
                _: (PhantomData<A>, $(PhantomData<$other>,)*),
            ) -> PhantomData<W::Form<A>> {
                PhantomData
            }
        }
    )* };
}

around! {
    1: () ();
    2: (()) (B);
    6: ((), (), (), (), ()) (B, C, D, E, F);
}

impl<T: ?Sized, W> Around<T, W, 0> {
    /// None: it is not looked at so deep.
    #[expect(clippy::unused_self, reason = "it is called as where there are parts")]
    pub fn with<O>(&self, _: O) -> PhantomData<NotCompared> {
        PhantomData
    }
}

macro_rules! splits {
    ($($parts:literal: ($($part:ident $form:ident),*) ($($none:ty),*) ($($other:ident),*);)*) => { $(
        impl<$($part),*> Split<($($part,)*), $parts> {
            /// The parts.
            pub fn parts(&self) -> ($(Of<$part>,)* $(Of<$none>,)*) {
                ($(Of::<$part>::NEW,)* $(Of::<$none>::NEW,)*)
            }

            /// The form of the whole, by those of the parts.
            pub fn with<$($form,)* $($other),*>(
                &self,
                _: ($(PhantomData<$form>,)* $(PhantomData<$other>,)*),
            ) -> PhantomData<Parts<($($form,)*)>> {
                PhantomData
            }
        }

        impl<$($part),*> OfParts for &&&&&Probe<($($part,)*), $parts> {
            type Shape = Split<($($part,)*), $parts>;

            fn form(&self) -> Self::Shape {
                Split(PhantomData)
            }
        }
    )* };
}

splits! {
    2: (A FA) (()) (FB);
    2: (A FA, B FB) () ();
    6: (A FA) ((), (), (), (), ()) (FB, FC, FD, FE, FF);
    6: (A FA, B FB) ((), (), (), ()) (FC, FD, FE, FF);
    6: (A FA, B FB, C FC) ((), (), ()) (FD, FE, FF);
    6: (A FA, B FB, C FC, D FD) ((), ()) (FE, FF);
    6: (A FA, B FB, C FC, D FD, E FE) (()) (FF);
    6: (A FA, B FB, C FC, D FD, E FE, F FF) () ();
}

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        pub trait $name {
            /// What is known of the form.
            type Shape;

            /// What is known of the form.
            fn form(&self) -> Self::Shape;
        }
    )* };
}

ranks! {
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

macro_rules! forms {
    ($([$($generics:tt)*] $rank:ident $probe:ty => $shape:ident<$($of:ty),*>;)*) => { $(
        impl<$($generics)* const PARTS: usize> $rank for $probe {
            type Shape = $shape<$($of,)* PARTS>;

            fn form(&self) -> Self::Shape {
                $shape(PhantomData)
            }
        }
    )* };
}

forms! {
    [T: ?Sized,] OfMutable &&&&&&&Probe<&mut T, PARTS> => Leaf<ByPosition>;
    [T, E,] OfParts &&&&&Probe<Result<T, E>, PARTS> => Around<T, Success<()>>;
    [T: Serialize + Hash + ?Sized,] OfSerializeAndHash &&&&Probe<T, PARTS> => Leaf<BySerializeOrHash>;
    [T: Serialize + ?Sized,] OfSerialize &&&Probe<T, PARTS> => Leaf<BySerialize>;
    [T: Hash + ?Sized,] OfHash &&Probe<T, PARTS> => Leaf<ByHash>;
    [] OfWrapped &Probe<std::fs::DirEntry, PARTS> => Leaf<ByPath>;
    [T,] OfWrapped &Probe<&T, PARTS> => Around<T, Held<()>>;
    [T,] OfWrapped &Probe<Box<T>, PARTS> => Around<T, Held<()>>;
    [T,] OfWrapped &Probe<Rc<T>, PARTS> => Around<T, Held<()>>;
    [T,] OfWrapped &Probe<Arc<T>, PARTS> => Around<T, Held<()>>;
    [T: Clone,] OfWrapped &Probe<Cow<'_, T>, PARTS> => Around<T, Held<()>>;
    [T,] OfWrapped &Probe<Option<T>, PARTS> => Around<T, Elements<()>>;
    [T,] OfWrapped &Probe<Vec<T>, PARTS> => Around<T, Elements<()>>;
    [T,] OfWrapped &Probe<[T], PARTS> => Around<T, Elements<()>>;
    [T, const LENGTH: usize,] OfWrapped &Probe<[T; LENGTH], PARTS> => Around<T, Elements<()>>;
    [T: ?Sized,] OfNothing Probe<T, PARTS> => Leaf<NotCompared>;
}

#[cfg(feature = "walkdir")]
forms! {
    [] OfWrapped &Probe<walkdir::DirEntry, PARTS> => Leaf<ByPath>;
}

macro_rules! cells {
    ($($cell:ident)*) => { forms! { $(
        [T,] OfCells &&&&&&Probe<$cell<T>, PARTS> => Leaf<NotCompared>;
        [T: ?Sized,] OfCells &&&&&&Probe<&$cell<T>, PARTS> => Leaf<NotCompared>;
        [T,] OfCells &&&&&&Probe<&&$cell<T>, PARTS> => Leaf<NotCompared>;
        [T: ?Sized,] OfCells &&&&&&Probe<Rc<$cell<T>>, PARTS> => Leaf<NotCompared>;
        [T: ?Sized,] OfCells &&&&&&Probe<Arc<$cell<T>>, PARTS> => Leaf<NotCompared>;
        [T: ?Sized,] OfCells &&&&&&Probe<&Rc<$cell<T>>, PARTS> => Leaf<NotCompared>;
        [T: ?Sized,] OfCells &&&&&&Probe<&Arc<$cell<T>>, PARTS> => Leaf<NotCompared>;
    )* } };
}

cells! { Cell RefCell Mutex RwLock }

macro_rules! sized_cells {
    ($($cell:ident)*) => { forms! { $(
        [T,] OfCells &&&&&&Probe<$cell<T>, PARTS> => Leaf<NotCompared>;
        [T,] OfCells &&&&&&Probe<&$cell<T>, PARTS> => Leaf<NotCompared>;
        [T,] OfCells &&&&&&Probe<Rc<$cell<T>>, PARTS> => Leaf<NotCompared>;
        [T,] OfCells &&&&&&Probe<Arc<$cell<T>>, PARTS> => Leaf<NotCompared>;
    )* } };
}

sized_cells! { OnceCell OnceLock }

macro_rules! atomics {
    ($($atomic:ident)*) => { forms! { $(
        [] OfCells &&&&&&Probe<atomic::$atomic, PARTS> => Leaf<NotCompared>;
        [] OfCells &&&&&&Probe<&atomic::$atomic, PARTS> => Leaf<NotCompared>;
        [] OfCells &&&&&&Probe<Arc<atomic::$atomic>, PARTS> => Leaf<NotCompared>;
        [] OfCells &&&&&&Probe<&Arc<atomic::$atomic>, PARTS> => Leaf<NotCompared>;
    )* } };
}

atomics! {
    AtomicBool AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize
    AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize
}
