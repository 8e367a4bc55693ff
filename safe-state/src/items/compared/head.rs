//! What of the arguments in the head of a loop belongs to a job: not the input, which may be longer in the next run. Lists
//! and iterators are taken for that, and what a loop is seen to walk; a path is none, though std has an iterator of its
//! parts.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// An argument in the head of a loop. More references in front mean a higher rank.
#[derive(Debug)]
pub struct InHead<'a, T>(pub &'a T);

/// An argument that a loop walks. More references in front mean a higher rank.
#[derive(Debug)]
pub struct WalkedArgument<'a, T>(pub &'a T);

/// An argument that says how far a loop goes. More references in front mean a higher rank.
#[derive(Debug)]
pub struct BoundInHead<'a, T>(pub &'a T);

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident: [$($bound:tt)*] $of:ty => $is:literal;)*) => { $(
        $(#[$doc])*
        pub trait $name {
            /// Whether it may be the input.
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
    /// Paths.
    HeadPath: [T: PathLike] &&&&&&InHead<'_, T> => false;
    /// A list, if there is one.
    HeadMaybeList: [T: IntoIterator] &&&&&InHead<'_, Option<T>> => true;
    /// A value, if there is one.
    HeadOption: [T] &&&&InHead<'_, Option<T>> => false;
    /// Lists and iterators.
    HeadList: [T: IntoIterator] &&&InHead<'_, T> => true;
    /// Anything that holds no list.
    HeadOther: [T] InHead<'_, T> => false;
    /// A number of items, or of the first or last one.
    BoundNumber: [T: Number] &BoundInHead<'_, T> => true;
    /// Anything else that stands there.
    BoundOther: [T] BoundInHead<'_, T> => false;
    /// A path that a loop walks.
    WalkedPath: [T: PathLike] &WalkedArgument<'_, T> => false;
    /// Anything else that it walks.
    WalkedOther: [T] WalkedArgument<'_, T> => true;
}

/// What holds a list.
pub trait HeadHolder {
    /// Whether it may be the input.
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

/// What holds what holds one, such as a reference to an `Arc<[T]>`.
pub trait HeadOuterHolder {
    /// Whether it may be the input.
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

/// What counts items, or is one of the numbers that are walked.
pub trait Number {}

macro_rules! numbers {
    ($($number:ty)*) => { $(impl Number for $number {})* };
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize char);

impl<T: Number> Number for Option<T> {}
impl<T: Number> Number for &T {}

/// What is a path.
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

/// The fingerprint of an argument that a loop's head mentions, if its type has one and is none that may be the input.
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
