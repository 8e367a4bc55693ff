//! Errors that `main` may return. It prints their `Debug`, which therefore says what their `Display` does, and
//! what they were caused by.

use std::error::Error;
use std::iter::successors;

/// The message on one line, with those of its causes that it does not tell itself.
#[doc(hidden)]
pub fn one_line(error: &(dyn Error + 'static)) -> String {
    let causes = successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
    causes.fold(error.to_string(), |line, cause| match cause.to_string() {
        told if line.contains(&told) => line,
        cause => format!("{line}: {cause}"),
    })
}

/// Has the errors' `Debug` be [`one_line`].
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
