//! Finds local variables that can be changed through a shared reference, which the proof does not notice.
//!
//! Method resolution chooses: first the types of the standard library that are known to be shared, or contain one that is,
//! then types without cells.

use std::panic::RefUnwindSafe;

use crate::proof::kinds::{Shared, Writable};
use crate::proof::within::{At, SharedWithin, WritableWithin};
use crate::proof::{TypeOf, may_be_unknown};

/// Variables that the loop can't change through a shared reference.
#[diagnostic::on_unimplemented(
    message = "the loop can change this variable through a shared reference, and a resumed run would start with a \
               new one",
    label = "a lock, an atomic, a channel or a pointer; or it holds a cell, or a `dyn` that may hold one",
    note = "to save it with the progress and restore it, name it in `carry(..)`, if it is `Serialize`; if it is a \
            connection, to open again as it was, in `reconnect(..)`; if every run may start with a new one, in \
            `fresh(..)`",
    note = "of a type parameter it is known by the bound `T: std::panic::RefUnwindSafe`"
)]
pub trait Unshared {}

/// Variables that a step can't change through a shared reference.
#[diagnostic::on_unimplemented(
    message = "the step can change this variable through a shared reference, and a resumed run does not evaluate the \
               step again",
    label = "a lock, an atomic, a channel, a pointer or a file; or it holds a cell, or a `dyn` that may hold one",
    note = "read it before the step, as in `let count = cell.get();`, and give the step the value; if every run may \
            start with a new one, name it in `fresh(..)`",
    note = "of a type parameter it is known by the bound `T: std::panic::RefUnwindSafe`"
)]
pub trait UnsharedByStep {}

/// Carried variables that can be set back to what they were.
#[diagnostic::on_unimplemented(
    message = "this carried variable is read before its loop, between loops or in a loop's head, where a resumed run \
               sets it back to what it was; it can be changed through another reference, which would not follow",
    label = "a lock, an atomic, a channel or a pointer; or it holds a cell, or a `dyn` that may hold one",
    note = "read it in the loop's body, or behind the last loop; or carry what is in it instead",
    note = "of a type parameter it is known by the bound `T: std::panic::RefUnwindSafe`"
)]
pub trait SetBack {}

/// Chosen for types that are known to be changed through a shared reference.
pub trait OfShared {
    /// Does not compile: the variable can be changed through a shared reference.
    fn unshared(&self)
    where
        Self: Unshared,
    {
    }

    /// Does not compile: the step can change what the variable holds.
    fn unshared_by_step(&self)
    where
        Self: UnsharedByStep,
    {
    }

    /// Does not compile: the variable can't be set back.
    fn set_back(&self)
    where
        Self: SetBack,
    {
    }
}

/// Files and connections that the loop does not write to.
#[diagnostic::on_unimplemented(
    message = "the loop can write to this file or connection, which a resumed run would begin anew",
    label = "written to through a shared reference",
    note = "to open it again as it was, name it in `reconnect(..)`"
)]
pub trait Unwritten {}

may_be_unknown! { Unshared UnsharedByStep SetBack Unwritten }

/// Chosen for files and connections.
pub trait OfHandle {
    /// Does not compile: the loop can write to the file or connection.
    fn unshared(&self)
    where
        Self: Unwritten,
    {
    }

    /// Does not compile: the step can change what the variable holds.
    fn unshared_by_step(&self)
    where
        Self: UnsharedByStep,
    {
    }

    /// Does not compile: the variable can't be set back.
    fn set_back(&self)
    where
        Self: SetBack,
    {
    }
}

impl<T: Shared> OfShared for &&&TypeOf<T> {}

/// A reference that is borrowed from an argument.
pub trait OfBorrowed {
    /// Compiles: what the reference is to is the caller's.
    fn unshared(&self) {}

    /// Compiles: the type is accepted.
    fn unshared_by_step(&self) {}
}

impl<T: ?Sized> OfBorrowed for &&&&&&TypeOf<&T> {}
impl<T: ?Sized> OfBorrowed for &&&&&&TypeOf<&mut T> {}

impl<T: Writable> OfHandle for &&TypeOf<T> {}

/// Chosen for types that contain one that is changed through a shared reference; `P` says where.
pub trait OfSharedWithin<P> {
    /// Does not compile: what the variable contains can be changed through a shared reference.
    fn unshared(&self)
    where
        Self: Unshared,
    {
    }

    /// Does not compile: the step can change what the variable holds.
    fn unshared_by_step(&self)
    where
        Self: UnsharedByStep,
    {
    }
}

impl<const N: usize, P, T: SharedWithin<At<N, P>>> OfSharedWithin<At<N, P>> for &&&&&TypeOf<T> {}

/// Chosen for types that contain a file or a connection; `P` says where.
pub trait OfHandleWithin<P> {
    /// Does not compile: the loop can write to the file or connection.
    fn unshared(&self)
    where
        Self: Unwritten,
    {
    }

    /// Does not compile: the step can change what the variable holds.
    fn unshared_by_step(&self)
    where
        Self: UnsharedByStep,
    {
    }
}

impl<const N: usize, P, T: WritableWithin<At<N, P>>> OfHandleWithin<At<N, P>> for &&&&TypeOf<T> {}

/// Chosen for types that hold no cell, and for closures, of which that is told only later.
#[diagnostic::on_unimplemented(
    message = "this variable can be changed through a shared reference, and a resumed run would start with a new one",
    label = "it captures a cell, or a `dyn` that may hold one",
    note = "to save what it changes, write that in the loop's body in place of the call, and name the variable that it \
            captures in `carry(..)`; if every run may start with a new one, name this one in `fresh(..)`"
)]
pub trait OfPlain {
    /// Compiles: the type is accepted.
    fn unshared(&self) {}

    /// Compiles: the type is accepted.
    fn unshared_by_step(&self) {}

    /// Compiles: the type is accepted.
    fn set_back(&self) {}
}
#[diagnostic::do_not_recommend]
impl<T: RefUnwindSafe> OfPlain for &TypeOf<T> {}

/// Chosen for types that may hold a cell.
pub trait OfCells {
    /// Does not compile: the variable may hold a cell.
    fn unshared(&self)
    where
        Self: Unshared,
    {
    }

    /// Does not compile: the step can change what the variable holds.
    fn unshared_by_step(&self)
    where
        Self: UnsharedByStep,
    {
    }

    /// Does not compile: the variable can't be set back.
    fn set_back(&self)
    where
        Self: SetBack,
    {
    }
}
impl<T> OfCells for TypeOf<T> {}
