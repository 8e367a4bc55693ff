//! What of an item is compared with what it was in another run, found by the item's type.
//!
//! Method resolution chooses a *form* for a type, as the [fingerprint](super::fingerprint) did before: what a type offers
//! itself (`Serialize` before `Hash`, as its result depends on the value alone and not on the compiler), the bytes of
//! paths, or what it holds, where it is a tuple, a `Result` or another of std's wrappers. Those are looked through to a
//! fixed depth, as generated code can't call itself. A form is no value; where there is none for a type, the trait that is
//! asked of it tells what to do.

mod forms;
mod head;
mod kind;
mod probe;

use std::marker::PhantomData;

use crate::items::fingerprint::{CONSUMED, Checksum, NOT_SERIALIZED, OF_ADDRESS};

pub use head::{
    BoundInHead, BoundNumber, BoundOther, HeadHolder, HeadList, HeadMaybeList, HeadOption,
    HeadOther, HeadOuterHolder, HeadPath, InHead, WalkedArgument, WalkedOther, WalkedPath,
};
pub(crate) use kind::{Compared, Of};
pub(crate) use probe::Ranked;
pub use probe::{OfHash, OfItself, OfNothing, OfSerialize, OfSerializeAndHash, OfWrapped, Walk};

/// The value's fingerprint, by the form of its type.
pub fn fingerprint<T, F: Compared<T>>(value: &T, _: PhantomData<F>) -> Option<u32> {
    if F::BY_POSITION {
        return None;
    }
    let mut sum = Checksum::default();
    F::add(value, &mut sum)?;
    match Some(sum.value()) {
        _ if sum.has_address() => OF_ADDRESS,
        _ if sum.has_failed() => NOT_SERIALIZED,
        reserved @ (OF_ADDRESS | CONSUMED | NOT_SERIALIZED) => reserved.map(|it| !it),
        value => value,
    }
}

/// What is to be compared of an argument, by a form that its type may not have.
#[derive(Debug)]
pub struct Argument<'a, T, F>(pub &'a T, pub PhantomData<F>);

/// An argument that can be compared.
pub trait ArgumentCompared {
    /// Its fingerprint.
    fn fingerprint(&self) -> Option<u32>;
}

impl<T, F: Compared<T>> ArgumentCompared for &Argument<'_, T, F> {
    fn fingerprint(&self) -> Option<u32> {
        fingerprint(self.0, self.1).filter(|it| Some(*it) != OF_ADDRESS)
    }
}

/// One that can't.
pub trait ArgumentNotCompared {
    /// None.
    fn fingerprint(&self) -> Option<u32>;
}

impl<T, F> ArgumentNotCompared for Argument<'_, T, F> {
    fn fingerprint(&self) -> Option<u32> {
        None
    }
}

/// A value's fingerprint, which its type has to have.
#[doc(hidden)]
#[macro_export]
macro_rules! __fingerprint {
    ($value:expr) => {
        match $value {
            value => $crate::__private::compared(
                value,
                $crate::__form!(value, true: . . . . . . . . . .),
            ),
        }
    };
}

/// An argument's fingerprint, if its type has one.
#[doc(hidden)]
#[macro_export]
macro_rules! __argument_fingerprint {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{ArgumentCompared as _, ArgumentNotCompared as _};
        let value = $value;
        let form = $crate::__form!(value, false: .);
        (&&$crate::__private::ArgumentOf(value, form)).fingerprint()
    }};
}

/// The form of a value's type, at which no more than so many types are looked at as there are dots.
#[doc(hidden)]
#[macro_export]
macro_rules! __form {
    ($value:expr, $deep:literal: $($dot:tt)*) => {{
        #[allow(unused_imports)]
        use $crate::__private::forms::*;
        let walk = $crate::__private::Walk::<_, _, $deep>::from($value);
        $crate::__form!(@walk walk; $($dot)*).form()
    }};
    (@walk $walk:expr; . $($dot:tt)*) => {
        $crate::__form!(@walk $walk.step(); $($dot)*)
    };
    (@walk $walk:expr;) => {
        $walk
    };
}
