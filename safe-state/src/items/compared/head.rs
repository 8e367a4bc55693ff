//! Decides which arguments in the head of a loop are its input. The input may be longer in the next run, so it is not
//! compared; all other arguments are. Lists, iterators and values that the loop is seen to walk count as the input. A
//! path does not, though std has an iterator over its parts.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// Stands for an argument in the head of a loop in method resolution, which tries the impl with the most references
/// first.
#[derive(Debug)]
pub struct InHead<'a, T>(pub &'a T);

/// Stands for an argument that a loop walks in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct WalkedArgument<'a, T>(pub &'a T);

/// Stands for an argument that bounds a loop in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct BoundInHead<'a, T>(pub &'a T);

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident: [$($bound:tt)*] $of:ty => $is:literal;)*) => { $(
        $(#[$doc])*
        pub trait $name {
            /// Returns whether the argument may be the input.
            fn may_be_input(&self) -> bool;
        }

        impl<$($bound)*> $name for $of {
            fn may_be_input(&self) -> bool {
                $is
            }
        }
    )* };
}

ranks! {
    /// Chosen for paths, which are not the input.
    HeadPath: [T: PathLike] &&&&&&InHead<'_, T> => false;
    /// Chosen for an optional list, which may be the input.
    HeadMaybeList: [T: IntoIterator] &&&&&InHead<'_, Option<T>> => true;
    /// Chosen for any other optional value, which is not the input.
    HeadOption: [T] &&&&InHead<'_, Option<T>> => false;
    /// Chosen for lists and iterators, which may be the input.
    HeadList: [T: IntoIterator] &&&InHead<'_, T> => true;
    /// Chosen for any value that holds no list, which is not the input.
    HeadOther: [T] InHead<'_, T> => false;
    /// Chosen for a number that bounds a loop, of items or as the first or last one. It may be longer in the next run.
    BoundNumber: [T: Number] &BoundInHead<'_, T> => true;
    /// Chosen for any other value that bounds a loop.
    BoundOther: [T] BoundInHead<'_, T> => false;
    /// Chosen for a path that a loop walks, which is not the input.
    WalkedPath: [T: PathLike] &WalkedArgument<'_, T> => false;
    /// Chosen for any other value that a loop walks, which may be the input.
    WalkedOther: [T] WalkedArgument<'_, T> => true;
}

/// Chosen for a value that dereferences to a list, which may be the input.
pub trait HeadHolder {
    /// Returns whether the argument may be the input.
    fn may_be_input(&self) -> bool;
}

impl<T: Deref> HeadHolder for &&InHead<'_, T>
where
    for<'l> &'l T::Target: IntoIterator,
{
    fn may_be_input(&self) -> bool {
        true
    }
}

/// Chosen for a value that dereferences twice to a list, such as a reference to an `Arc<[T]>`.
pub trait HeadOuterHolder {
    /// Returns whether the argument may be the input.
    fn may_be_input(&self) -> bool;
}

impl<T: Deref<Target: Deref>> HeadOuterHolder for &InHead<'_, T>
where
    for<'l> &'l <T::Target as Deref>::Target: IntoIterator,
{
    fn may_be_input(&self) -> bool {
        true
    }
}

/// A number or `char`, which can count items or be an end of a range.
pub trait Number {}

macro_rules! numbers {
    ($($number:ty)*) => { $(impl Number for $number {})* };
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize char);

impl<T: Number> Number for Option<T> {}
impl<T: Number> Number for &T {}

/// A type that is a path.
pub trait PathLike {}

macro_rules! paths {
    ($($path:ty)*) => { $(impl PathLike for $path {})* };
}

paths! {
    PathBuf &PathBuf &&PathBuf Box<PathBuf> &Box<PathBuf> Rc<PathBuf> &Rc<PathBuf> Arc<PathBuf> &Arc<PathBuf>
    &Path &&Path Box<Path> &Box<Path> Rc<Path> &Rc<Path> Arc<Path> &Arc<Path>
    Cow<'_, Path> &Cow<'_, Path> OsString &OsString &OsStr &&OsStr
}

impl<T: PathLike> PathLike for Option<T> {}

/// Expands to the fingerprint of an argument in a loop's head; none if its type has none, or it may be the input.
#[doc(hidden)]
#[macro_export]
macro_rules! __head_fingerprint {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            HeadHolder as _, HeadList as _, HeadMaybeList as _, HeadOption as _, HeadOther as _,
            HeadOuterHolder as _, HeadPath as _,
        };
        if (&&&&&&&$crate::__private::InHead($value)).may_be_input() {
            $crate::__private::None
        } else {
            $crate::__argument_fingerprint!($value)
        }
    }};
    ($value:expr, bound) => {{
        #[allow(unused_imports)]
        use $crate::__private::{BoundNumber as _, BoundOther as _};
        if (&&$crate::__private::BoundInHead($value)).may_be_input() {
            $crate::__private::None
        } else {
            $crate::__head_fingerprint!($value)
        }
    }};
    ($value:expr, walked) => {{
        #[allow(unused_imports)]
        use $crate::__private::{WalkedOther as _, WalkedPath as _};
        if (&&$crate::__private::WalkedArgument($value)).may_be_input() {
            $crate::__private::None
        } else {
            $crate::__argument_fingerprint!($value)
        }
    }};
}
