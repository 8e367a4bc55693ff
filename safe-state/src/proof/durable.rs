//! Finds variables that hold back what complete items wrote, so that it is lost with the process: a buffer, or a
//! transaction around the loop. Method resolution chooses.

use std::io::{BufWriter, Write};

use crate::effects::commit::{AsyncTransaction, Transaction};
use crate::proof::{TypeOf, may_be_unknown};

/// Writers that hold back nothing.
#[diagnostic::on_unimplemented(
    message = "this writer holds back what is written, and what complete items wrote would be lost with the process",
    label = "a `BufWriter` that the loop does not flush in each item",
    note = "call `flush()` on it at the end of each item; or, of a file, name it in `reconnect(..)`, which flushes it with \
            each save"
)]
pub trait Unbuffered {}

/// A type that is no transaction.
#[diagnostic::on_unimplemented(
    message = "this is a transaction around the loop, and what complete items did in it would be rolled back if the \
               process dies",
    label = "a transaction that is open when an item ends",
    note = "begin a transaction in each item, and end it by `commit!(..)`, which saves the progress with it"
)]
pub trait Committed {}

may_be_unknown! { Unbuffered Committed }

/// Chosen for a buffered writer.
pub trait OfBuffer {
    /// Does not compile, as a buffer is not `Unbuffered`.
    fn durable(&self)
    where
        Self: Unbuffered,
    {
    }
}

impl<W: Write> OfBuffer for &&&&&TypeOf<BufWriter<W>> {}
impl<W: Write> OfBuffer for &&&&&TypeOf<&mut BufWriter<W>> {}
impl<W: Write> OfBuffer for &&&&&TypeOf<Option<BufWriter<W>>> {}

macro_rules! transactions {
    ($($(#[$doc:meta])* $name:ident: [$($generics:tt)*] $of:ty;)*) => { $(
        $(#[$doc])*
        pub trait $name {
            /// Does not compile, as a transaction is not `Committed`.
            fn durable(&self)
            where
                Self: Committed,
            {
            }
        }

        impl<$($generics)*> $name for $of {}
    )* };
}

transactions! {
    /// Chosen for a transaction.
    OfTransaction: [T: Transaction] &&&&TypeOf<T>;
    /// Chosen for a reference to a transaction of the caller.
    OfLentTransaction: [T: Transaction] &&&TypeOf<&mut T>;
    /// Chosen for a transaction of an async driver.
    OfAsyncTransaction: [T: AsyncTransaction] &&TypeOf<T>;
    /// Chosen for a reference to a transaction of the caller, of an async driver.
    OfLentAsyncTransaction: [T: AsyncTransaction] &TypeOf<&mut T>;
}

/// Chosen for any other type.
pub trait OfDurable {
    /// Compiles: the type is accepted.
    fn durable(&self) {}
}

impl<T> OfDurable for TypeOf<T> {}
