//! The functions that `#[idempotent]` calls: the results of a check, and the return value of a call that is skipped.

/// The result of a check: whether the work has been done, or its value.
#[diagnostic::on_unimplemented(
    message = "a check gives a `bool` or an `Option`, and not `{Self}`",
    label = "this does not tell whether the work has been done",
    note = "a `Result` goes through `?`, and a future through `.await`, in an expression such as `check = is_done(id)?`"
)]
pub trait Check {
    /// The value that the check found.
    type Found;
    /// Returns the value that the check found; `None` if the work is to be done.
    fn found(self) -> Option<Self::Found>;
}

impl Check for bool {
    type Found = ();

    fn found(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Check for Option<T> {
    type Found = T;

    fn found(self) -> Option<T> {
        self
    }
}

/// A return type that can hold what a check found.
#[diagnostic::on_unimplemented(
    message = "the check finds `{Found}`, which a function that returns `{Self}` can't return",
    label = "this does not say what to return where the work has been done",
    note = "say what to return by `on_skip = ...`, or let the check give an `Option` of it"
)]
pub trait Skipped<Found> {
    /// Returns the function's return value for work that has been done.
    fn skipped(found: Found) -> Self;
}

impl<T> Skipped<T> for T {
    fn skipped(found: T) -> T {
        found
    }
}

impl<T, E> Skipped<T> for Result<T, E> {
    fn skipped(found: T) -> Result<T, E> {
        Ok(found)
    }
}

impl<T> Skipped<T> for Option<T> {
    fn skipped(found: T) -> Option<T> {
        Some(found)
    }
}

/// Returns the value that a check found. `F` stands for `C::Found`, as a projection would make the compiler report a
/// second error if `C` is no check.
pub fn found<C: Check<Found = F>, F>(check: C) -> Option<F> {
    check.found()
}

/// Calls `check`, and returns its value. A `return` in it leaves only the check.
pub fn now<R>(check: impl FnOnce() -> R) -> R {
    check()
}
