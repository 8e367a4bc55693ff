//! Chooses by an item's type what of the item is compared with the same item in another run.
//!
//! Method resolution chooses a *form* for a type: what the type offers itself (`Serialize` before `Hash`, as its result
//! depends on the value alone and not on the compiler), the bytes of paths, or the value that it holds, if it is a
//! tuple, a `Result` or another of std's wrappers. Wrappers are looked through to a fixed depth, as generated code
//! can't call itself. A form is a type without values. If a type has none, the error message of the trait [`Compared`]
//! tells what to do.

mod forms;
mod head;
mod kind;
mod probe;

use std::fmt::{self, Display, Write};
use std::marker::PhantomData;
use std::path::Path;

use crate::items::fingerprint::{
    CONSUMED, Checksum, LIMIT, NOT_SERIALIZED, OF_ADDRESS, serialized,
};

use forms::ByHash;
pub use head::{
    BoundInHead, BoundNumber, BoundOther, HeadHolder, HeadList, HeadMaybeList, HeadOption,
    HeadOther, HeadOuterHolder, HeadPath, InHead, WalkedArgument, WalkedOther, WalkedPath,
};
pub(crate) use kind::{Compared, Of};
pub(crate) use probe::Ranked;
pub use probe::{OfHash, OfItself, OfNothing, OfSerialize, OfSerializeAndHash, OfWrapped, Walk};

/// Returns the value's fingerprint, by the form of its type; none if the item is not compared.
pub fn fingerprint<T, F: Compared<T>>(value: &T, form: PhantomData<F>) -> Option<u32> {
    fingerprint_within(LIMIT, value, form)
}

/// Returns the fingerprint of the first `limit` bytes of a value.
fn fingerprint_within<T, F: Compared<T>>(
    limit: usize,
    value: &T,
    _: PhantomData<F>,
) -> Option<u32> {
    if F::BY_POSITION {
        return None;
    }
    let mut sum = Checksum::within(limit);
    F::add(value, &mut sum)?;
    match Some(sum.value()) {
        _ if sum.has_address() => OF_ADDRESS,
        _ if sum.has_failed() => NOT_SERIALIZED,
        reserved @ (OF_ADDRESS | CONSUMED | NOT_SERIALIZED) => reserved.map(|it| !it),
        value => value,
    }
}

/// An argument of the function, with a form that may not be one of its type, and the number of bytes of it that are looked
/// at.
#[derive(Debug)]
pub struct Argument<'a, T, F>(pub &'a T, pub PhantomData<F>, pub usize);

/// Chosen for arguments that can be compared.
pub trait ArgumentCompared {
    /// Returns the argument's fingerprint; none if it holds an address, which differs in each process.
    fn fingerprint(&self) -> Option<u32>;
}

impl<T, F: Compared<T>> ArgumentCompared for &&&&Argument<'_, T, F> {
    fn fingerprint(&self) -> Option<u32> {
        fingerprint_within(self.2, self.0, self.1).filter(|it| Some(*it) != OF_ADDRESS)
    }
}

/// Chosen for arguments of which nothing is known but that they give a path, such as an `impl AsRef<Path>`.
pub trait ArgumentAsPath {
    /// Returns the fingerprint of the path.
    fn fingerprint(&self) -> Option<u32>;
}

impl<T: AsRef<Path>, F> ArgumentAsPath for &&&Argument<'_, T, F> {
    fn fingerprint(&self) -> Option<u32> {
        fingerprint(&self.0.as_ref(), PhantomData::<ByHash>)
    }
}

/// Chosen for arguments of which nothing is known but that they give a text, such as an `impl AsRef<str>`.
pub trait ArgumentAsText {
    /// Returns the fingerprint of the text.
    fn fingerprint(&self) -> Option<u32>;
}

impl<T: AsRef<str>, F> ArgumentAsText for &&Argument<'_, T, F> {
    fn fingerprint(&self) -> Option<u32> {
        fingerprint(&self.0.as_ref(), PhantomData::<ByHash>)
    }
}

/// Chosen for arguments of which nothing is known but how they are shown, such as a regular expression.
pub trait ArgumentDisplayed {
    /// Returns the fingerprint of the text that shows the argument.
    fn fingerprint(&self) -> Option<u32>;
}

impl<T: Display, F> ArgumentDisplayed for &Argument<'_, T, F> {
    fn fingerprint(&self) -> Option<u32> {
        let mut shown = Shown(String::new());
        // An error is that there is more than is looked at, or that the value can't be shown, now as before.
        let _ = write!(shown, "{}", self.0);
        serialized(&shown.0)
    }
}

/// The beginning of a text.
struct Shown(String);

impl Write for Shown {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        if self.0.len() < LIMIT { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Chosen for arguments that can't be compared.
pub trait ArgumentNotCompared {
    /// Returns the fingerprint of a function's or closure's place in the source; none for any other value.
    fn fingerprint(&self) -> Option<u32>;
}

impl<T, F> ArgumentNotCompared for Argument<'_, T, F> {
    fn fingerprint(&self) -> Option<u32> {
        let place = std::any::type_name::<T>();
        is_function(place).then(|| serialized(&place)).flatten()
    }
}

/// Returns whether the name of a type is that of a closure, or of a function itself, behind any references.
fn is_function(ty: &str) -> bool {
    let ty = ty.trim_start_matches('&');
    let path = ty.split_once('<').map_or(ty, |(path, _)| path);
    let last = path.rsplit_once("::").map_or("", |(_, last)| last);
    last.starts_with("{{closure}}") || last.starts_with(|it: char| it.is_lowercase() || it == '_')
}

/// Returns the fingerprint of an argument whose type the caller chooses: by its value's fingerprint `of_value`, and its type,
/// as two types may have equal values. The types of std are ways to pass one value. A value with something in it that can't be
/// compared, such as a connection, may have another type in the next run, and `may_be_input` an iterator.
pub fn of_generic<T: ?Sized>(of_value: Option<u32>, value: &T, may_be_input: bool) -> Option<u32> {
    let ty = std::any::type_name::<T>();
    let of_std = ["alloc::", "core::", "std::"];
    let name = ty.trim_start_matches(['&', '(', '[']);
    let is_of_std = !name.contains("::") || of_std.iter().any(|krate| name.starts_with(krate));
    if may_be_input
        || is_of_std
        || is_function(ty)
        || (of_value.is_none() && size_of_val(value) > 0)
    {
        return of_value;
    }
    serialized(&(of_value, ty))
}

/// Returns the address of a value, by which a later call in this process knows it again.
pub fn address<T: ?Sized>(value: &T) -> usize {
    std::ptr::from_ref(value).cast::<()>().addr()
}

/// Expands to a value's fingerprint. It is a compile error if its type has none.
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

/// Expands to an argument's fingerprint; none if its type has no form.
#[doc(hidden)]
#[macro_export]
macro_rules! __argument_fingerprint {
    ($value:expr) => {
        $crate::__argument_fingerprint!($value, $crate::__private::LIMIT)
    };
    ($value:expr, $limit:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            ArgumentAsPath as _, ArgumentAsText as _, ArgumentCompared as _, ArgumentDisplayed as _,
            ArgumentNotCompared as _,
        };
        let value = $value;
        let form = $crate::__form!(value, false: .);
        (&&&&&$crate::__private::ArgumentOf(value, form, $limit)).fingerprint()
    }};
}

/// Expands to the address of a value.
#[doc(hidden)]
#[macro_export]
macro_rules! __address {
    ($value:expr) => {{
        let value = $value;
        $crate::__private::address(value)
    }};
}

/// Expands to the fingerprint of an argument whose type is a parameter of the function.
#[doc(hidden)]
#[macro_export]
macro_rules! __generic_fingerprint {
    ($value:expr, $of_type:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            HeadHolder as _, HeadList as _, HeadMaybeList as _, HeadOption as _, HeadOther as _,
            HeadOuterHolder as _, HeadPath as _,
        };
        let value = $value;
        let may_be_input = (&&&&&&&$crate::__private::InHead(value)).may_be_input();
        let of_value = $crate::__argument_fingerprint!(value);
        $crate::__private::of_generic(of_value, $of_type, may_be_input)
    }};
}

/// Expands to the form of a value's type. It looks at no more types than there are dots.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_told_from_other_types() {
        fn name_of<T>(_: T) -> &'static str {
            std::any::type_name::<T>()
        }
        assert!(is_function(name_of(is_function)));
        assert!(is_function(name_of(&|| 1)));
        assert!(is_function(name_of(fingerprint::<u8, ByHash>)));
        for ty in [name_of(7_u8), name_of(""), name_of(vec![1]), name_of(Path::new("a"))] {
            assert!(!is_function(ty), "{ty}");
        }
        assert!(!is_function(name_of(Some(is_function))));
        assert!(!is_function("dyn core::ops::function::Fn(u8)"));
    }
}
