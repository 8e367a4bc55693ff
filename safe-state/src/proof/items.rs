//! Finds loops whose items are, or hold, a `&mut`, by which the body changes the walked value.
//!
//! Method resolution chooses. A type that is `Clone` holds no `&mut`.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Mutex, RwLock};

use crate::proof::within::PointsToCell;
use crate::proof::{TypeOf, may_be_unknown};

/// Items through which nothing can be changed.
#[diagnostic::on_unimplemented(
    message = "the loop can change what it walks, through its items, and a resumed run would start with it anew",
    label = "these items are, or hold, references by which they can be changed",
    note = "to save what is walked with the progress, name its variable in `carry(..)`; if every run may start \
            with it as it comes, in `fresh(..)`"
)]
pub trait ReadOnly {}

/// Iterators whose items are known by their position.
#[diagnostic::on_unimplemented(
    message = "the loop changes what it walks, so that what is complete is known by its place alone; and by this \
               iterator a place may be another in the next run",
    label = "this is no `ExactSizeIterator`",
    note = "walk all of it, as by `iter_mut()`, and decide in the loop's body; or by its indices"
)]
pub trait Lent {}
impl<I: ExactSizeIterator> Lent for I {}

/// Items that are references into the walked value.
#[diagnostic::on_unimplemented(
    message = "the loop borrows a carried variable mutably, and what it gives may be gone from there: a resumed run \
               could not tell which items are complete",
    label = "these items are no `&mut`, nor hold one",
    note = "walk the elements where they are, as by `iter_mut()`; or take from the variable in a loop like \
            `while let Some(x) = queue.pop_front()`"
)]
pub trait InPlace {}

may_be_unknown! { ReadOnly InPlace }

/// Chosen for items that are `Clone`.
pub trait OfClone {
    /// Compiles: nothing can be changed through the items.
    fn read_only(&self) {}

    /// Does not compile: the items are no references into the walked value.
    fn in_place(&self)
    where
        Self: InPlace,
    {
    }
}
impl<T: Clone> OfClone for &&&&&TypeOf<T> {}

/// Chosen for items that point to a cell or a lock; `P` says where.
pub trait OfCellBehind<P> {
    /// Does not compile: something can be changed through the items.
    fn read_only(&self)
    where
        Self: ReadOnly,
    {
    }
}
impl<P, T: PointsToCell<P>> OfCellBehind<P> for &&&&&&&TypeOf<T> {}

macro_rules! mutable {
    ($(#[$doc:meta])* $name:ident: $([$($generics:tt)*] $of:ty;)*) => {
        $(#[$doc])*
        pub trait $name {
            /// Does not compile: something can be changed through the items.
            fn read_only(&self) where Self: ReadOnly {}

            /// Compiles: the items are references into the walked value.
            fn in_place(&self) {}
        }
        $(impl<$($generics)*> $name for $of {})*
    };
}

macro_rules! cells {
    ($([$($generics:tt)*] $of:ty;)*) => {
        mutable! {
            /// Items that refer to a cell, which can be changed through a `&`.
            OfCellReference: $(
                ['a, $($generics)*] &&&&&&TypeOf<&'a $of>;
                ['a, A, $($generics)*] &&&&&&TypeOf<(A, &'a $of)>;
            )*
        }
    };
}

cells! {
    [T: ?Sized] Cell<T>;
    [T: ?Sized] RefCell<T>;
    [T: ?Sized] Mutex<T>;
    [T: ?Sized] RwLock<T>;
    [] AtomicBool;
    [] AtomicU32;
    [] AtomicU64;
    [] AtomicUsize;
    [] AtomicI64;
}
mutable! {
    /// Items that are a `&mut`, or hold one in their last place.
    OfMutable:
    ['a, T: ?Sized] &&&&TypeOf<&'a mut T>;
    ['a, T: ?Sized] &&&&TypeOf<Option<&'a mut T>>;
    ['a, T: ?Sized, E] &&&&TypeOf<Result<&'a mut T, E>>;
    ['a, A, T: ?Sized] &&&&TypeOf<(A, &'a mut T)>;
    ['a, A, B, T: ?Sized] &&&&TypeOf<(A, (B, &'a mut T))>;
    ['a, A, B, T: ?Sized] &&&&TypeOf<(A, B, &'a mut T)>;
}
mutable! {
    /// Items that hold one in another place.
    OfMutableFirst:
    ['a, T: ?Sized, B] &&&TypeOf<(&'a mut T, B)>;
    ['a, A, T: ?Sized, B] &&&TypeOf<((A, &'a mut T), B)>;
    ['a, T: ?Sized, B, C] &&&TypeOf<(&'a mut T, B, C)>;
}
mutable! {
    /// Items that hold a `&mut` in the middle.
    OfMutableWithin:
    ['a, A, T: ?Sized, C] &&TypeOf<(A, &'a mut T, C)>;
    ['a, A, T: ?Sized, C] &&TypeOf<(A, (&'a mut T, C))>;
}
mutable! {
    /// Items that hold a `&mut` in the first place of the first part.
    OfMutableDeep:
    ['a, A, T: ?Sized, C] &TypeOf<((&'a mut T, A), C)>;
}

/// Chosen for all other items.
pub trait OfOther {
    /// Compiles: nothing is known by which the items can be changed.
    fn read_only(&self) {}

    /// Does not compile: the items are no references into the walked value.
    fn in_place(&self)
    where
        Self: InPlace,
    {
    }
}
impl<T> OfOther for TypeOf<T> {}
