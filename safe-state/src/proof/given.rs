//! Finds variables whose move into a `step!` is seen by nobody else: what the step does with them, only the step sees.
//!
//! Method resolution chooses: first types that are copied, then types that hold no `&mut` and no way to a cell, then types
//! that can be carried, which borrow nothing. A type parameter of the function has only its bounds: if it is `'static`, no
//! caller can give a `&mut` of its own in it.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::panic::UnwindSafe;

use safe_state_backends::Carry;

use crate::proof::{TypeOf, may_be_unknown, never};

/// Values that a step can be given as a whole.
#[diagnostic::on_unimplemented(
    message = "the step moves this variable, which may hold a reference to something that the step changes; a resumed \
               run does not evaluate the step again",
    label = "it may hold a `&mut`, a cell or a `dyn`",
    note = "give the step a reference or a clone; if every run may start with a new one, name it in `fresh(..)`",
    note = "of a type parameter it is known by the bound `T: std::panic::UnwindSafe`"
)]
pub trait HoldsNoReferences {}

may_be_unknown! { HoldsNoReferences }

/// Chosen for types that are copied.
pub trait OfCopied {
    /// The type.
    type Of;

    /// Returns a value of the type, in code that never runs.
    fn given(&self) -> Self::Of;
}

impl<T: Copy> OfCopied for &&&&TypeOf<T> {
    type Of = T;

    fn given(&self) -> T {
        never()
    }
}

/// Chosen for types that hold no `&mut`, and no way to a cell.
pub trait OfApart {
    /// The type.
    type Of;

    /// Returns a value of the type, in code that never runs.
    fn given(&self) -> Self::Of;
}

impl<T: UnwindSafe> OfApart for &&&TypeOf<T> {
    type Of = T;

    fn given(&self) -> T {
        never()
    }
}

/// Chosen for types that can be carried.
pub trait OfStored {
    /// The type.
    type Of;

    /// Returns a value of the type, in code that never runs.
    fn given(&self) -> Self::Of;
}

impl<T: Carry> OfStored for &&TypeOf<T> {
    type Of = T;

    fn given(&self) -> T {
        never()
    }
}

/// Chosen for a type parameter of the function. The step could change what a shorter life than `'static` is borrowed from.
pub trait OfParameter {
    /// The type.
    type Of;

    /// Returns a value of the type, in code that never runs.
    fn given(&self) -> Self::Of;
}

impl<T: 'static> OfParameter for &TypeOf<T> {
    type Of = T;

    fn given(&self) -> T {
        never()
    }
}

/// Chosen for types of the standard library that hold nothing but values of the function's type parameters. The step could
/// change what a shorter life than `'static` is borrowed from.
pub trait OfParameters {
    /// The type.
    type Of;

    /// Returns a value of the type, in code that never runs.
    fn given(&self) -> Self::Of;
}

macro_rules! of_parameters {
    ($([$($generics:ident)*] $of:ty;)*) => { $(
        impl<$($generics: 'static),*> OfParameters for &TypeOf<$of> {
            type Of = $of;

            fn given(&self) -> $of {
                never()
            }
        }
    )* };
}

of_parameters! {
    [T] Option<T>;
    [T] Box<T>;
    [T] Vec<T>;
    [T] VecDeque<T>;
    [T] BinaryHeap<T>;
    [T] BTreeSet<T>;
    [T S] HashSet<T, S>;
    [K V] BTreeMap<K, V>;
    [K V S] HashMap<K, V, S>;
    [T E] Result<T, E>;
}

/// Chosen for all others.
pub trait OfReferring {
    /// The type.
    type Of;

    /// Does not compile.
    fn given(&self) -> Self::Of
    where
        Self: HoldsNoReferences;
}

impl<T> OfReferring for TypeOf<T> {
    type Of = T;

    fn given(&self) -> T
    where
        Self: HoldsNoReferences,
    {
        never()
    }
}
