//! Shows type, lifetime and const parameters, and their bounds.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::panic::RefUnwindSafe;

use safe_state_tests::shapes::{Interrupted, step, store, try_step};

use super::resumable;

#[resumable(backend = store())]
fn where_clause<I>(items: I) -> u32
where
    I: IntoIterator,
    I::Item: Into<u32> + Hash,
{
    for x in items {
        step(x.into());
    }
    8
}

#[resumable(backend = store())]
fn lifetimes<'a, 'b: 'a, T>(items: &'b [T], fallback: &'a T) -> &'a T
where
    T: Debug + Hash + PartialOrd + 'b,
    for<'x> &'x T: PartialEq,
{
    for x in items {
        step(x);
    }
    items.first().unwrap_or(fallback)
}

#[resumable(backend = store())]
fn const_and_default<const N: usize, const REVERSED: bool>(items: [u8; N]) -> [u8; N] {
    for x in items {
        step((x, REVERSED));
    }
    items
}

#[resumable(backend = store())]
fn generic_error<E>(items: &[u32], fail: impl Fn(u32) -> Result<(), E>) -> Result<u32, E> {
    for x in items {
        fail(*x)?;
    }
    Ok(1)
}

#[resumable(backend = store())]
fn generic_return<T: Default + Debug>(items: &[u32]) -> T {
    for x in items {
        step(x);
    }
    T::default()
}

#[resumable(backend = store())]
fn unsized_argument<T: AsRef<str> + ?Sized>(items: &T) -> usize {
    for c in items.as_ref().chars() {
        step(c);
    }
    items.as_ref().len()
}

#[resumable(name = "phantom", backend = store())]
fn only_in_types<T>(items: &[u32], _marker: PhantomData<T>) -> usize {
    for x in items {
        step(x);
    }
    size_of::<T>()
}

#[resumable(name = prefix, backend = store())]
fn name_of_generic<S: AsRef<str>, T: Debug + Hash>(prefix: S, items: &[T]) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn higher_ranked(items: &[String], pick: for<'x> fn(&'x String) -> &'x str) {
    for x in items {
        step(pick(x));
    }
}

/// Reads `last` between the loops, so a resumed run sets it back there; the bounds allow that.
#[resumable(backend = store(), carry(last))]
fn read_between_loops<T>(items: &[T], first: T) -> Result<T, Interrupted>
where
    T: Clone + Debug + Hash + RefUnwindSafe + serde::Serialize + serde::de::DeserializeOwned,
{
    let mut last = first;
    #[resume]
    for x in items {
        try_step(x)?;
        last = x.clone();
    }
    let between = format!("{last:?}");
    #[resume]
    for x in items {
        try_step((&between, x))?;
        last = x.clone();
    }
    Ok(last)
}

safe_state_tests::shapes! {
    read_between_loops => read_between_loops(&[1_u16, 2, 3], 0);
    where_clause => where_clause([1_u16, 2, 3]);
    lifetimes => *lifetimes(&[1, 2], &0);
    const_and_default => const_and_default::<2, true>([1, 2]);
    generic_error => generic_error(&[1, 2], |x| try_step(x));
    generic_return => generic_return::<(u8, String)>(&[1, 2]);
    unsized_argument => unsized_argument("abc");
    only_in_types => only_in_types(&[1, 2], PhantomData::<u64>);
    higher_ranked => higher_ranked(&["a".to_owned(), "b".to_owned()], |x| x);
    name_of_generic => name_of_generic("prefix", &[1, 2]);
}
