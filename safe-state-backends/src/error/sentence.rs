//! Errors for `main` to return. `main` prints their `Debug`, which therefore shows the message and its causes.

use std::error::Error;
use std::iter::successors;

/// Returns the error's message on one line, followed by those of its causes that it does not contain.
#[doc(hidden)]
pub fn one_line(error: &(dyn Error + 'static)) -> String {
    let causes = successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
    causes.fold(error.to_string(), |line, cause| match cause.to_string() {
        told if line.contains(&told) => line,
        cause => format!("{line}: {cause}"),
    })
}

/// Implements `Debug` for error types by [`one_line`].
#[doc(hidden)]
#[macro_export]
macro_rules! debug_is_one_line {
    ($($error:ty),*) => { $(
        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&$crate::one_line(self))
            }
        }
    )* };
}
