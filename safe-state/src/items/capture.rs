//! Values captured from the item in flight, to be recorded if it fails.

use std::any::type_name;
use std::fmt::{Debug, Display};

use crate::bounded::bounded;

/// The longest text kept of a value, in bytes.
pub(crate) const LIMIT: usize = 4 * 1024;

/// Stands for a value to be shown, in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct Value<'a, T: ?Sized>(pub &'a T);

macro_rules! rank {
    ($(#[$doc:meta])* $name:ident for $value:ty, [$($bound:tt)*], $it:ident => $shown:expr) => {
        $(#[$doc])*
        pub trait $name {
            /// Returns the value as text.
            fn shown(&self) -> String;
        }

        impl<T: $($bound)* ?Sized> $name for $value {
            fn shown(&self) -> String {
                let $it = self.0;
                $shown
            }
        }
    };
}

rank! {
    /// Chosen for values that are `Debug`.
    ShownByDebug for &&Value<'_, T>, [Debug +], value => bounded(LIMIT, format_args!("{value:?}"))
}
rank! {
    /// Chosen for values that are only `Display`.
    ShownByDisplay for &Value<'_, T>, [Display +], value => bounded(LIMIT, format_args!("{value}"))
}
rank! {
    /// Chosen for any other value, of which the type's name is shown.
    ShownByType for Value<'_, T>, [], value => {
        let _: &T = value;
        format!("({})", type_name::<T>())
    }
}

/// Expands to a value as text, by all that its type offers.
#[doc(hidden)]
#[macro_export]
macro_rules! __shown {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{ShownByDebug as _, ShownByDisplay as _, ShownByType as _};
        (&&&$crate::__private::Value(&$value)).shown()
    }};
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    struct Mute;
    struct Printed;
    impl Display for Printed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("printed")
        }
    }
    struct Endless;
    impl Debug for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("ä and so on, ")?;
            }
        }
    }

    #[test]
    fn a_value_is_shown_as_well_as_it_can_be() {
        assert_eq!(__shown!("a"), "\"a\"");
        assert_eq!(__shown!(Printed), "printed");
        assert!(__shown!(Mute).ends_with("tests::Mute)"));
    }

    #[test]
    fn what_never_ends_is_cut() {
        let shown = __shown!(Endless);
        assert!(shown.len() <= LIMIT + '…'.len_utf8() && shown.ends_with('…'), "{shown}");
    }
}
