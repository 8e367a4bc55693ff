//! Puts carried variables back as they were before an attempt that failed. A list of results is cut to its length, a
//! worklist takes back what was pushed and popped, any other value is replaced by a copy. Method resolution chooses
//! between them.

use std::marker::PhantomData;

use safe_state_backends::{Results, Worklist};

/// Stands for a carried variable in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct Marked<'a, T>(pub &'a T);

/// Chosen for lists of results.
pub trait UndoneByLength {
    /// Returns the way to undo: by length.
    fn way(&self) -> ByLength;
}

impl<T> UndoneByLength for &Marked<'_, Results<T>> {
    fn way(&self) -> ByLength {
        ByLength
    }
}

/// Chosen for worklists.
pub trait UndoneByLog {
    /// Returns the way to undo: by a log of pushes and pops.
    fn way(&self) -> ByLog;
}

impl<T: Clone> UndoneByLog for &Marked<'_, Worklist<T>> {
    fn way(&self) -> ByLog {
        ByLog
    }
}

/// Chosen for any other type.
pub trait UndoneByClone<T> {
    /// Returns the way to undo: by a copy.
    fn way(&self) -> ByClone<T>;
}

impl<T> UndoneByClone<T> for Marked<'_, T> {
    fn way(&self) -> ByClone<T> {
        ByClone(PhantomData)
    }
}

/// A value that can be put back, as a copy of it can be made.
#[diagnostic::on_unimplemented(
    message = "a carried variable can't be put back after a failed attempt: `{Self}` is not `Clone`",
    label = "carried through a loop whose items may be tried again or skipped",
    note = "make it `Clone`, or a `Results`"
)]
pub trait PutBack: Sized {
    /// Returns a copy of the value.
    fn copy(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> PutBack for T {
    #[inline]
    fn copy(&self) -> T {
        self.clone()
    }
}

/// Undoes a list of results by its length.
#[derive(Clone, Copy, Debug)]
pub struct ByLength;

impl ByLength {
    /// Returns the length that the list goes back to.
    #[inline]
    pub fn mark<T>(self, list: &mut Results<T>) -> u64 {
        list.mark()
    }

    /// Cuts the list back to the mark. Returns whether that was possible.
    pub fn undo<T>(self, list: &mut Results<T>, mark: u64) -> bool {
        list.undo(mark)
    }
}

/// Undoes a worklist by what was pushed and popped.
#[derive(Clone, Copy, Debug)]
pub struct ByLog;

impl ByLog {
    /// Marks the worklist, which keeps what is popped from now on. Returns the mark to go back to.
    #[inline]
    pub fn mark<T: Clone>(self, list: &mut Worklist<T>) -> u64 {
        list.mark()
    }

    /// Takes the worklist back to the mark. Returns whether that was possible.
    pub fn undo<T>(self, list: &mut Worklist<T>, mark: u64) -> bool {
        list.undo(mark)
    }
}

/// Undoes a value by a copy of it.
#[derive(Clone, Copy, Debug)]
pub struct ByClone<T>(PhantomData<fn() -> T>);

impl<T> ByClone<T> {
    /// Returns a copy, which the variable goes back to.
    #[inline]
    pub fn mark(self, variable: &mut T) -> T
    where
        T: PutBack,
    {
        variable.copy()
    }

    /// Puts the copy back into the variable. Returns `true`: that is always possible.
    pub fn undo(self, variable: &mut T, mark: T) -> bool {
        *variable = mark;
        true
    }
}

/// Expands to the way in which a carried variable is undone.
#[doc(hidden)]
#[macro_export]
macro_rules! __undone {
    ($variable:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{UndoneByClone as _, UndoneByLength as _, UndoneByLog as _};
        (&&$crate::__private::Marked($variable)).way()
    }};
}
