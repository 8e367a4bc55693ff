//! What the proof is made of that a loop's body changes nothing from before the loop: a copy of the body in
//! a closure that has to be `Fn`, is never called and is not generated. In it, variables that are named in
//! `carry(..)`, `reconnect(..)` or `fresh(..)` are locals made from nothing.

pub(crate) mod durable;
pub(crate) mod items;
pub(crate) mod shared;

use std::marker::PhantomData;

use crate::items::identity::CursorType;

/// The type of a variable, or of a loop's items. It borrows nothing.
#[derive(Debug)]
pub struct TypeOf<T>(pub(crate) PhantomData<fn() -> T>);

impl<T> TypeOf<T> {
    /// A value of the type, in code that never runs.
    #[must_use]
    pub fn fake(&self) -> T {
        never()
    }
}

/// Stands for a type that is not known.
///
/// The traits that refuse a type hold for both of these. So of a type that is unknown after another error, the compiler
/// can't say that they fail, and with one it would take the type for that.
#[derive(Debug)]
pub enum Unknown<const ONE_OF_TWO: bool> {}

macro_rules! may_be_unknown {
    ($($trait:ident)*) => { $(
        crate::proof::may_be_unknown! { @ $trait: [TypeOf] [&TypeOf] [&&TypeOf] [&&&TypeOf] [&&&&TypeOf] [&&&&&TypeOf]
            [&&&&&&TypeOf] }
    )* };
    (@ $trait:ident: $([$($of:tt)*])*) => { $(
        #[diagnostic::do_not_recommend]
        impl $trait for $($of)*<$crate::proof::Unknown<false>> {}
        #[diagnostic::do_not_recommend]
        impl $trait for $($of)*<$crate::proof::Unknown<true>> {}
    )* };
}
pub(crate) use may_be_unknown;

/// The type of a variable.
pub const fn type_of<T>(_: &T) -> TypeOf<T> {
    TypeOf(PhantomData)
}

/// A value of a variable's type, in code that never runs.
pub fn fake<T>(_: &T) -> T {
    never()
}

/// Any value, in code that never runs.
///
/// # Panics
///
/// Always.
#[must_use]
pub fn never<T>() -> T {
    unreachable!("the proof is compiled and never run")
}

/// Returns whether the loop's copy comes to its end here.
#[must_use]
pub fn maybe() -> bool {
    false
}

/// Counts as a change and as a use.
pub fn touch<T>(_: &mut T) {}

/// Takes a body that changes, and moves, nothing from before its loop.
pub fn name_in_carry_reconnect_or_fresh_what_the_loop_changes<R, F>(_: F) -> R
where
    // Beside this line the compiler says which variable the body changes, or moves. Name that one:
    //     carry(x)     to save it with the progress and restore it
    //     reconnect(x) if it is a file or a connection, to open again as it was
    //     fresh(x)     if every run may start with a new one; also what is moved before a `break`
    F: Fn() -> R,
{
    never()
}

/// The same of an async body.
pub fn name_in_carry_reconnect_or_fresh_what_the_async_loop_changes<R, F>(_: F) -> R
where
    // Beside this line the compiler says which variable the body changes, or moves. Name that one:
    //     carry(x)     to save it with the progress and restore it
    //     reconnect(x) if it is a file or a connection, to open again as it was
    //     fresh(x)     if every run may start with a new one; also what is moved before a `break`
    F: AsyncFn() -> R,
{
    never()
}

/// Takes a body that changes nothing of what the head of its loop takes from.
pub fn take_in_the_head_what_belongs_to_an_item_and_not_in_the_body<R, F>(_: F) -> R
where
    // Beside this line the compiler says which variable the body changes, or moves. The loop's head takes its
    // items from that, and a resumed run passes over what the head took alone. Take in the head all that
    // belongs to one item:
    //     while let Some((a, b)) = x.next().map(|a| (a, rest(&mut x)))
    // If what is complete does not come again, write `#[resume(consumed)]` on the loop.
    F: Fn() -> R,
{
    never()
}

/// The same of an async body.
pub fn take_in_the_head_what_belongs_to_an_item_and_not_in_the_async_body<R, F>(_: F) -> R
where
    // Beside this line the compiler says which variable the body changes, or moves. The loop's head takes its
    // items from that, and a resumed run passes over what the head took alone. Take in the head all that
    // belongs to one item. If what is complete does not come again, write `#[resume(consumed)]` on the loop.
    F: AsyncFn() -> R,
{
    never()
}

/// Takes the body of an item that may run again after an error, which changes, and moves, nothing from before its
/// loop.
pub fn name_in_carry_reconnect_or_fresh_what_an_item_that_may_run_again_changes<R, F>(_: F) -> R
where
    // Beside this line the compiler says which variable the body changes, or moves. As for other loops,
    // name it in carry(x), reconnect(x) or fresh(x). What it moves would be gone if the item runs again
    // after an error: give a copy away, as in `return Ok(x.clone())`.
    F: Fn() -> R,
{
    never()
}

/// The same of an async body.
pub fn name_in_carry_reconnect_or_fresh_what_an_async_item_that_may_run_again_changes<R, F>(
    _: F,
) -> R
where
    // Beside this line the compiler says which variable the body changes, or moves. As for other loops,
    // name it in carry(x), reconnect(x) or fresh(x). What it moves would be gone if the item runs again
    // after an error: give a copy away, as in `return Ok(x.clone())`.
    F: AsyncFn() -> R,
{
    never()
}

/// Takes the head of a loop that is not asked again for what is complete, and changes nothing from before the loop.
pub fn name_in_fresh_what_the_head_changes<R, F>(_: F) -> R
where
    // Beside this line the compiler says which variable the closures in the loop's head change, or move. A loop
    // with `cursor` or `consumed` does not call them again for what is complete. Change it in the body, and
    // name it in carry(x); or in fresh(x), if every run may start with a new one.
    F: Fn() -> R,
{
    never()
}

/// The same in an async function.
pub fn name_in_fresh_what_the_async_head_changes<R, F>(_: F) -> R
where
    // Beside this line the compiler says which variable the closures in the loop's head change, or move. A loop
    // with `cursor` or `consumed` does not call them again for what is complete. Change it in the body, and
    // name it in carry(x); or in fresh(x), if every run may start with a new one.
    F: AsyncFn() -> R,
{
    never()
}

/// The types that were taken, in code that never runs.
pub fn known<T>(_: &Option<T>) -> T {
    never()
}

/// Stands for `commit!(tx)`, awaited or not.
///
/// # Errors
///
/// It has none, and the type of those of `commit!`.
pub fn committed<T>(_: T) -> Result<(), crate::Error> {
    never()
}

/// Stands for a `commit!(tx)` that is awaited later.
///
/// # Errors
///
/// It has none, and the type of those of `commit!`.
pub async fn committed_later<T>(_: T) -> Result<(), crate::Error> {
    never()
}

/// Stands for `cursor!()`.
#[must_use]
pub fn cursor_of<C>(_: &CursorType<C>) -> Option<C> {
    never()
}

/// Refuses items that are, or hold, `&mut`.
#[doc(hidden)]
#[macro_export]
macro_rules! __read_only {
    ($items:expr) => {{
        use $crate::__private::{
            OfCellReference as _, OfClone as _, OfMutable as _, OfMutableDeep as _,
            OfMutableFirst as _, OfMutableWithin as _, OfOther as _,
        };
        (&&&&&&&$items).read_only()
    }};
}

/// Refuses items that are no references into what is walked.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_place {
    ($items:expr) => {{
        use $crate::__private::{
            OfCellReference as _, OfClone as _, OfMutable as _, OfMutableDeep as _,
            OfMutableFirst as _, OfMutableWithin as _, OfOther as _,
        };
        (&&&&&&&$items).in_place()
    }};
}

/// Refuses what can be changed through a shared reference.
#[doc(hidden)]
#[macro_export]
macro_rules! __unshared {
    ($of:expr) => {{
        use $crate::__private::{OfCells as _, OfHandle as _, OfPlain as _, OfShared as _};
        (&&&&$of).unshared()
    }};
    ($of:expr, but borrowed) => {{
        use $crate::__private::{
            OfBorrowed as _, OfCells as _, OfHandle as _, OfPlain as _, OfShared as _,
        };
        (&&&&&$of).unshared()
    }};
}

/// Refuses what complete items may have written in vain.
#[doc(hidden)]
#[macro_export]
macro_rules! __durable {
    ($of:expr) => {{
        use $crate::__private::{
            OfAsyncTransaction as _, OfBuffer as _, OfDurable as _, OfLentAsyncTransaction as _,
            OfLentTransaction as _, OfTransaction as _,
        };
        (&&&&&&$of).durable()
    }};
}

/// Refuses carried variables that can't be set back.
#[doc(hidden)]
#[macro_export]
macro_rules! __set_back {
    ($of:expr) => {{
        use $crate::__private::{OfCells as _, OfHandle as _, OfPlain as _, OfShared as _};
        (&&&&$of).set_back()
    }};
}
