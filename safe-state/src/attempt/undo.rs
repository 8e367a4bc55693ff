//! Carried variables as they were before an attempt that failed. A list of results goes back to its
//! length, a worklist by what was pushed and popped, anything else to a copy; which of them is chosen by method resolution.

use std::marker::PhantomData;

use safe_state_backends::{Results, Worklist};

/// A carried variable. More references in front mean a higher rank.
#[derive(Debug)]
pub struct Marked<'a, T>(pub &'a T);

/// For lists of results.
pub trait UndoneByLength {
    /// How it is undone.
    fn way(&self) -> ByLength;
}

impl<T> UndoneByLength for &Marked<'_, Results<T>> {
    fn way(&self) -> ByLength {
        ByLength
    }
}

/// For worklists.
pub trait UndoneByLog {
    /// How it is undone.
    fn way(&self) -> ByLog;
}

impl<T: Clone> UndoneByLog for &Marked<'_, Worklist<T>> {
    fn way(&self) -> ByLog {
        ByLog
    }
}

/// For anything else.
pub trait UndoneByClone<T> {
    /// How it is undone.
    fn way(&self) -> ByClone<T>;
}

impl<T> UndoneByClone<T> for Marked<'_, T> {
    fn way(&self) -> ByClone<T> {
        ByClone(PhantomData)
    }
}

/// What can be put back.
#[diagnostic::on_unimplemented(
    message = "a carried variable can't be put back after a failed attempt: `{Self}` is not `Clone`",
    label = "carried through a loop whose items may be tried again or skipped",
    note = "make it `Clone`, or a `Results`"
)]
pub trait PutBack: Sized {
    /// A copy.
    fn copy(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> PutBack for T {
    #[inline]
    fn copy(&self) -> T {
        self.clone()
    }
}

/// By its length.
#[derive(Clone, Copy, Debug)]
pub struct ByLength;

impl ByLength {
    /// What the list goes back to.
    #[inline]
    pub fn mark<T>(self, list: &mut Results<T>) -> u64 {
        list.mark()
    }

    /// Takes the list back. Returns whether it can.
    pub fn undo<T>(self, list: &mut Results<T>, mark: u64) -> bool {
        list.undo(mark)
    }
}

/// By what was pushed and popped.
#[derive(Clone, Copy, Debug)]
pub struct ByLog;

impl ByLog {
    /// What the list goes back to.
    #[inline]
    pub fn mark<T: Clone>(self, list: &mut Worklist<T>) -> u64 {
        list.mark()
    }

    /// Takes the list back. Returns whether it can.
    pub fn undo<T>(self, list: &mut Worklist<T>, mark: u64) -> bool {
        list.undo(mark)
    }
}

/// By a copy.
#[derive(Clone, Copy, Debug)]
pub struct ByClone<T>(PhantomData<fn() -> T>);

impl<T> ByClone<T> {
    /// What the variable goes back to.
    #[inline]
    pub fn mark(self, variable: &mut T) -> T
    where
        T: PutBack,
    {
        variable.copy()
    }

    /// Puts the variable back.
    pub fn undo(self, variable: &mut T, mark: T) -> bool {
        *variable = mark;
        true
    }
}

/// How a carried variable is undone.
#[doc(hidden)]
#[macro_export]
macro_rules! __undone {
    ($variable:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{UndoneByClone as _, UndoneByLength as _, UndoneByLog as _};
        (&&$crate::__private::Marked($variable)).way()
    }};
}
