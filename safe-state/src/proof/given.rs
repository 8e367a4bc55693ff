//! Finds variables whose move into a `step!` is seen by nobody else: what the step does with them, only the step sees.
//!
//! Method resolution chooses: first types that are copied, then types that hold no `&mut` and no way to a cell, then types
//! that can be carried, which borrow nothing.

use std::panic::UnwindSafe;

use safe_state_backends::Carry;

use crate::proof::{TypeOf, may_be_unknown, never};

/// Values that a step can be given as a whole.
#[diagnostic::on_unimplemented(
    message = "the step moves this variable, which may hold a reference to something that the step changes; a resumed \
               run does not evaluate the step again",
    label = "it may hold a `&mut`, a cell or a `dyn`",
    note = "give the step a reference or a clone; if every run may start with a new one, name it in `fresh(..)`"
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

impl<T: Copy> OfCopied for &&&TypeOf<T> {
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

impl<T: UnwindSafe> OfApart for &&TypeOf<T> {
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

impl<T: Carry> OfStored for &TypeOf<T> {
    type Of = T;

    fn given(&self) -> T {
        never()
    }
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
