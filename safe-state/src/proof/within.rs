//! Finds types that can be changed through a shared reference, and files, within types of the standard library that contain
//! them.
//!
//! A type may contain several, so the traits have a parameter for the place of the one that is meant. Otherwise the
//! implementations for the parts of a tuple would overlap.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use crate::proof::kinds::{Shared, Writable};

/// The place of the type itself.
#[derive(Debug)]
pub struct Here;

/// The place of a cell that is not a [`Shared`] itself.
#[derive(Debug)]
pub struct Alone;

/// The place `P` of the part with the number `N`.
#[derive(Debug)]
pub struct At<const N: usize, P>(PhantomData<P>);

/// A type that contains, at the place `P`, what can be changed through a shared reference.
pub trait SharedWithin<P> {}

/// A type that contains a file or a connection at the place `P`.
pub trait WritableWithin<P> {}

/// A type that contains a cell, or what is changed like one, at the place `P`.
pub trait CellWithin<P> {}

/// A type that points, at the place `P`, to what can be changed through a shared reference.
pub trait PointsToCell<P> {}

impl<T: Shared + ?Sized> SharedWithin<Here> for T {}
impl<T: Writable + ?Sized> WritableWithin<Here> for T {}
impl<T: Shared + ?Sized> CellWithin<Here> for T {}
impl<T: ?Sized> CellWithin<Alone> for Cell<T> {}
impl<T: ?Sized> CellWithin<Alone> for RefCell<T> {}
impl<T> CellWithin<Alone> for OnceCell<T> {}

macro_rules! within {
    ($([$($generics:tt)*] $number:literal $part:ident $of:ty;)*) => { $(
        impl<P, $part: SharedWithin<P>, $($generics)*> SharedWithin<At<$number, P>> for $of {}
        impl<P, $part: WritableWithin<P>, $($generics)*> WritableWithin<At<$number, P>> for $of {}
        impl<P, $part: CellWithin<P>, $($generics)*> CellWithin<At<$number, P>> for $of {}
    )* };
}

within! {
    [] 0 T &T;
    [] 0 T Box<T>;
    [] 0 T Rc<T>;
    [] 0 T Arc<T>;
    [] 0 T Pin<T>;
    [] 0 T [T];
    [const N: usize] 0 T [T; N];
    [] 0 T Option<T>;
    [E] 0 T Result<T, E>;
    [] 0 T Vec<T>;
    [] 0 T VecDeque<T>;
    [] 0 T LinkedList<T>;
    [K] 0 T BTreeMap<K, T>;
    [K, S] 0 T HashMap<K, T, S>;
    [F] 0 T LazyLock<T, F>;
    [] 0 A (A,);
    [B] 0 A (A, B);
    [A] 1 B (A, B);
    [B, C] 0 A (A, B, C);
    [A, C] 1 B (A, B, C);
    [A, B] 2 C (A, B, C);
    [B, C, D] 0 A (A, B, C, D);
    [A, C, D] 1 B (A, B, C, D);
    [A, B, D] 2 C (A, B, C, D);
    [A, B, C] 3 D (A, B, C, D);
}

macro_rules! pointers {
    ($($of:ty;)*) => {
        $(impl<P, T: CellWithin<P> + ?Sized> PointsToCell<At<0, P>> for $of {})*
    };
}

pointers! {
    &T;
    Rc<T>;
    Arc<T>;
}

macro_rules! with_pointers {
    ($([$($generics:tt)*] $number:literal $part:ident $of:ty;)*) => {
        $(impl<P, $part: PointsToCell<P>, $($generics)*> PointsToCell<At<$number, P>> for $of {})*
    };
}

with_pointers! {
    [] 0 T Box<T>;
    [] 0 T Option<T>;
    [E] 0 T Result<T, E>;
    [] 0 T Vec<T>;
    [const N: usize] 0 T [T; N];
    [B] 0 A (A, B);
    [A] 1 B (A, B);
    [B, C] 0 A (A, B, C);
    [A, C] 1 B (A, B, C);
    [A, B] 2 C (A, B, C);
}
