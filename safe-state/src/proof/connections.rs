//! Finds out by its type whether what a loop begins its transactions on is a connection, which needs no name. Anything else
//! may be used in the copy of the body, but not changed.

use std::marker::PhantomData;
use std::ops::Deref;

use crate::commit::Connection;
use crate::proof::{TypeOf, never};

/// Stands for a variable that is no connection. The compiler shows this name if the body changes the variable.
#[derive(Debug)]
pub struct NameInCarryReconnectOrFreshWhatTheLoopChanges<T>(PhantomData<fn() -> T>);

impl<T> Deref for NameInCarryReconnectOrFreshWhatTheLoopChanges<T> {
    type Target = T;

    fn deref(&self) -> &T {
        never()
    }
}

/// Chosen for connections.
pub trait OfConnection {
    /// The type.
    type Of;

    /// Returns a value of the type, in code that never runs.
    fn connection(&self) -> Self::Of;
}

impl<C: Connection> OfConnection for &TypeOf<C> {
    type Of = C;

    fn connection(&self) -> C {
        never()
    }
}

/// Chosen for anything else.
pub trait OfNoConnection {
    /// What stands for the type.
    type Of;

    /// Returns what stands for a value of the type, in code that never runs.
    fn connection(&self) -> Self::Of;
}

impl<T> OfNoConnection for TypeOf<T> {
    type Of = NameInCarryReconnectOrFreshWhatTheLoopChanges<T>;

    fn connection(&self) -> Self::Of {
        never()
    }
}

/// Expands to a value of a connection's type, or else to one that can't be changed.
#[doc(hidden)]
#[macro_export]
macro_rules! __connection {
    ($of:expr) => {{
        use $crate::__private::{OfConnection as _, OfNoConnection as _};
        (&&$of).connection()
    }};
}
