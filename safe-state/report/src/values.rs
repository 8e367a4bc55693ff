//! The values of a run: the arguments that its function was called with, and its carried variables as they are stored.

use std::any::type_name;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::Duration;

use safe_state_backends::details::{Origin, Value};
use safe_state_backends::{Carried, Carry, Checkpoint};
use safe_state_base::bounded::{bounded, cut};
use safe_state_base::secrets::masked_value;
use serde::{Serialize, Serializer};

use super::Settings;
use super::outline::outline;
use super::panic::caught;

/// The longest text of an argument that does not serialise, in bytes, and how much of its `Debug` is read.
const TEXT: usize = 4 * 1024;
const SEEN: usize = 2 * TEXT;
/// The largest carried variable that is shown, in bytes.
const STORED: usize = 1 << 20;

/// The values that a run knows.
#[derive(Debug, Default)]
pub struct Values {
    arguments: Vec<Value>,
    carried: Vec<(String, Show)>,
}

/// A function that shows the stored value of a variable.
type Show = fn(&str, &Carried) -> Vec<Value>;

impl Values {
    /// Adds an argument of the function.
    pub fn argument(&mut self, shown: Vec<Value>) {
        self.arguments.extend(shown);
    }

    /// Adds a carried variable of the type `T`.
    pub fn carries<T: Carry>(&mut self, name: &str) {
        self.carried.push((name.to_owned(), show_carried::<T>));
    }

    /// Returns all values. The carried ones are those stored in `checkpoint`.
    pub fn all(&self, checkpoint: Option<&Checkpoint>) -> Vec<Value> {
        let stored = self.carried.iter().filter_map(|(name, show)| {
            let carried = checkpoint?.carried_value(name)?;
            Some(caught(|| show(name, carried)).unwrap_or_default())
        });
        self.arguments.iter().cloned().chain(stored.flatten()).collect()
    }
}

fn show_carried<T: Carry>(name: &str, carried: &Carried) -> Vec<Value> {
    let size = carried.size();
    if size > STORED {
        return vec![leaf(Origin::Carried, name, &format!("({size} bytes, which are not shown)"))];
    }
    T::restore(name, carried)
        .map(|value| outline(Origin::Carried, name, Settings::current().depth, &Shown(&value)))
        .unwrap_or_default()
}

/// A carried variable, serialised as it is shown.
struct Shown<'a, T>(&'a T);

impl<T: Carry> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.show(serializer)
    }
}

fn leaf(origin: Origin, name: &str, text: &str) -> Value {
    let mut text = masked_value(name, text);
    cut(&mut text, TEXT);
    Value { origin, depth: 0, name: name.to_owned(), text }
}

/// Stands for an argument in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct Argument<'a, T: ?Sized>(pub &'a T);

macro_rules! rank {
    ($(#[$doc:meta])* $name:ident $method:ident for $argument:ty, [$($bound:tt)*], ($name_of:ident, $value:ident) => $shown:expr) => {
        $(#[$doc])*
        pub trait $name {
            /// Returns the argument as values named `name`.
            fn $method(&self, name: &str) -> Vec<Value>;
        }

        impl<T: $($bound)* ?Sized> $name for $argument {
            fn $method(&self, $name_of: &str) -> Vec<Value> {
                let $value = self.0;
                caught(|| $shown).unwrap_or_default()
            }
        }
    };
}

rank! {
    /// Chosen for types that are shown without running the user's code.
    WholeByText whole for &&&Argument<'_, T>, [PlainArgument +], (name, value) => {
        vec![leaf(Origin::Argument, name, &value.text())]
    }
}
rank! {
    /// Chosen for types that are `Serialize`.
    WholeBySerialize whole for &&Argument<'_, T>, [Serialize +], (name, value) => {
        outline(Origin::Argument, name, Settings::current().depth, value)
    }
}
rank! {
    /// Chosen for types that are only `Debug`.
    WholeByDebug whole for &Argument<'_, T>, [Debug +], (name, value) => {
        vec![leaf(Origin::Argument, name, &bounded(SEEN, format_args!("{value:#?}")))]
    }
}
rank! {
    /// Chosen for any other type, of which the name is shown.
    WholeByType whole for Argument<'_, T>, [], (name, value) => {
        let _: &T = value;
        vec![leaf(Origin::Argument, name, &format!("({})", type_name::<T>()))]
    }
}
rank! {
    /// Chosen for types that are shown without running the user's code.
    BriefByText brief for &&Argument<'_, T>, [PlainArgument +], (name, value) => {
        vec![leaf(Origin::Argument, name, &value.text())]
    }
}
rank! {
    /// Chosen for types with a length, which alone is shown.
    BriefByLength brief for &Argument<'_, T>, [Length +], (name, value) => {
        vec![leaf(Origin::Argument, name, &format!("({} of {})", value.length(), value.element()))]
    }
}
rank! {
    /// Chosen for any other type, of which the name is shown.
    BriefByType brief for Argument<'_, T>, [], (name, value) => {
        let _: &T = value;
        vec![leaf(Origin::Argument, name, &format!("({})", type_name::<T>()))]
    }
}

/// A type of the standard library that can always be shown.
pub trait PlainArgument {
    /// Returns the value as text.
    fn text(&self) -> String;
}

macro_rules! plain {
    ($($ty:ty)*) => { $(
        impl PlainArgument for $ty {
            fn text(&self) -> String {
                bounded(SEEN, format_args!("{self:?}"))
            }
        }
    )* };
}

plain! {
    u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char str String Path PathBuf Duration
}

impl<T: PlainArgument + ?Sized> PlainArgument for &T {
    fn text(&self) -> String {
        T::text(self)
    }
}

impl<T: PlainArgument> PlainArgument for Option<T> {
    fn text(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), T::text)
    }
}

/// A type that has a length, and elements of one type.
pub trait Length {
    /// Returns the number of elements.
    fn length(&self) -> usize;
    /// Returns the name of the elements' type.
    fn element(&self) -> &'static str;
}

impl<T> Length for [T] {
    fn length(&self) -> usize {
        self.len()
    }

    fn element(&self) -> &'static str {
        type_name::<T>()
    }
}

impl<T> Length for Vec<T> {
    fn length(&self) -> usize {
        self.len()
    }

    fn element(&self) -> &'static str {
        type_name::<T>()
    }
}

impl<T: Length + ?Sized> Length for &T {
    fn length(&self) -> usize {
        T::length(self)
    }

    fn element(&self) -> &'static str {
        T::element(self)
    }
}

/// Notes an argument in the run. `$how` is `brief` or `whole`.
#[doc(hidden)]
#[macro_export]
macro_rules! __argument {
    ($run:expr, $name:expr, $value:expr, $how:ident) => {{
        #[allow(unused_imports)]
        use $crate::values::{
            BriefByLength as _, BriefByText as _, BriefByType as _, WholeByDebug as _,
            WholeBySerialize as _, WholeByText as _, WholeByType as _,
        };
        $run.argument((&&&&$crate::values::Argument($value)).$how($name));
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! shown {
        ($method:ident $value:expr) => {
            (&&&&Argument(&$value)).$method("it").first().unwrap().text.clone()
        };
    }

    #[derive(Debug)]
    struct Printed(#[expect(dead_code, reason = "printed")] u8);
    struct Mute;

    #[test]
    fn by_default_no_code_of_the_users_runs() {
        assert_eq!(shown!(brief 7_u8), "7");
        assert_eq!(shown!(brief & "a\nb"), "\"a\\nb\"");
        assert_eq!(shown!(brief Some(Path::new("/x"))), "\"/x\"");
        assert_eq!(shown!(brief & [Mute, Mute][..]).split("::").last(), Some("Mute)"));
        assert!(shown!(brief Printed(1)).ends_with("::Printed)"));
        assert_eq!(shown!(brief "redis://:secret@cache/0"), "\"redis://:***@cache/0\"");
    }

    #[test]
    fn a_whole_value_is_shown_as_well_as_it_can_be() {
        assert_eq!(shown!(whole vec![7]), "list (1)");
        assert_eq!(shown!(whole Printed(1)), "Printed(\n    1,\n)");
        assert!(shown!(whole Mute).ends_with("::Mute)"));
    }
}
