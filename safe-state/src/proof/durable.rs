//! Whether what complete items wrote through a variable is lost with the process: it is held back by a buffer, or by a
//! transaction around the loop. Chosen by method resolution.

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

/// What is no transaction.
#[diagnostic::on_unimplemented(
    message = "this is a transaction around the loop, and what complete items did in it would be rolled back if the \
               process dies",
    label = "a transaction that is open when an item ends",
    note = "begin a transaction in each item, and end it by `commit!(..)`, which saves the progress with it"
)]
pub trait Committed {}

may_be_unknown! { Unbuffered Committed }

/// A buffer.
pub trait OfBuffer {
    /// Does not compile.
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
            /// Does not compile.
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
    /// A transaction.
    OfTransaction: [T: Transaction] &&&&TypeOf<T>;
    /// One of the caller's.
    OfLentTransaction: [T: Transaction] &&&TypeOf<&mut T>;
    /// One of a driver that does not block.
    OfAsyncTransaction: [T: AsyncTransaction] &&TypeOf<T>;
    /// One of the caller's.
    OfLentAsyncTransaction: [T: AsyncTransaction] &TypeOf<&mut T>;
}

/// Anything else.
pub trait OfDurable {
    /// Holds.
    fn durable(&self) {}
}

impl<T> OfDurable for TypeOf<T> {}
