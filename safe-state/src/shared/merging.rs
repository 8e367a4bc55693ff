//! Merges the values of a variable that a shared loop carries: its value before the loop, and then its values at the
//! end of each slice, in their order.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use safe_state_backends::{Carried, Carry, Results};

use crate::Error;

/// A collection whose values from several slices can be put together in only one way.
#[diagnostic::on_unimplemented(
    message = "what a shared loop makes of `{Self}` in several processes can't be put together by itself",
    label = "say how: `carry(.., merge = |a, b| ..)`",
    note = "behind the variable's name, as in `carry(total, merge = |a, b| a + b)`; `from = ..` says what each slice begins \
            with, if that is not its `Default`",
    note = "`Results`, sets and maps need no `merge`"
)]
pub trait Merges: Sized {
    /// Returns an empty collection.
    fn nothing() -> Self;

    /// Adds the elements of `behind`, which comes from a later slice.
    #[must_use]
    fn merged(self, behind: Self) -> Self;
}

impl<T> Merges for Results<T> {
    fn nothing() -> Self {
        Results::new()
    }

    fn merged(mut self, behind: Self) -> Self {
        behind.into_vec().into_iter().for_each(|result| self.push(result));
        self
    }
}

macro_rules! extended {
    ($([$($generics:tt)*] $collection:ty;)*) => { $(
        impl<$($generics)*> Merges for $collection {
            fn nothing() -> Self {
                Self::default()
            }

            fn merged(mut self, behind: Self) -> Self {
                self.extend(behind);
                self
            }
        }
    )* };
}

extended! {
    [T: Eq + Hash, S: BuildHasher + Default] HashSet<T, S>;
    [T: Ord] BTreeSet<T>;
    [K: Eq + Hash, V, S: BuildHasher + Default] HashMap<K, V, S>;
    [K: Ord, V] BTreeMap<K, V>;
}

/// Merges the values of the variable `name` of `job` at the ends of slices into its value `before` the loop.
pub(crate) fn fold<'a, T: Carry>(
    job: &str,
    name: &str,
    before: T,
    slices: impl Iterator<Item = &'a Carried>,
    mut merge: impl FnMut(T, T) -> T,
) -> Result<T, Error> {
    let mut merged = before;
    for stored in slices {
        let value = T::restore(name, stored)
            .map_err(|carried| Error::Carried { job: job.to_owned(), carried })?;
        merged = merge(merged, value);
    }
    Ok(merged)
}
