//! What `#[idempotent]` calls: what a check may give, and what a function returns that is passed over.

/// What a check gives: whether the work has been done, or what it came to.
#[diagnostic::on_unimplemented(
    message = "a check gives a `bool` or an `Option`, and not `{Self}`",
    label = "this does not tell whether the work has been done",
    note = "a `Result` goes through `?`, and a future through `.await`, in an expression such as `check = is_done(id)?`"
)]
pub trait Check {
    /// What it found.
    type Found;
    /// What it found; `None` if the work is to be done.
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
    /// What the function returns.
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

/// What a check found. `F` stands for `C::Found`: a projection would be reported a second time where
/// `C` is no check.
pub fn found<C: Check<Found = F>, F>(check: C) -> Option<F> {
    check.found()
}

/// What `check` gives; a `return` in it is its own.
pub fn now<R>(check: impl FnOnce() -> R) -> R {
    check()
}
