//! The parts of the proof that a loop's body changes nothing from before the loop. The proof is a copy of the body in a
//! closure that has to be `Fn`, is never called and generates no code. In it, the variables named in `carry(..)`,
//! `reconnect(..)` or `fresh(..)` are locals made from nothing.

pub(crate) mod connections;
pub(crate) mod durable;
pub(crate) mod given;
pub(crate) mod items;
pub(crate) mod kinds;
pub(crate) mod shared;
pub(crate) mod within;

use std::iter::Peekable;
use std::marker::PhantomData;

use crate::items::identity::CursorType;

/// Stands for the type of a variable, or of a loop's items. It borrows nothing.
#[derive(Debug)]
pub struct TypeOf<T>(pub(crate) PhantomData<fn() -> T>);

impl<T> TypeOf<T> {
    /// Returns a value of the type, in code that never runs.
    #[must_use]
    pub fn fake(&self) -> T {
        never()
    }
}

/// Stands for a type that the compiler does not know.
///
/// The traits that refuse a type hold for both of these. So for a type that is unknown after another error, the
/// compiler can't say that they fail. With only one, it would take the unknown type for that one.
#[derive(Debug)]
pub enum Unknown<const ONE_OF_TWO: bool> {}

macro_rules! may_be_unknown {
    ($($trait:ident)*) => { $(
        crate::proof::may_be_unknown! { @ $trait: [TypeOf] [&TypeOf] [&&TypeOf] [&&&TypeOf] [&&&&TypeOf] [&&&&&TypeOf]
            [&&&&&&TypeOf] [&&&&&&&TypeOf] }
    )* };
    (@ $trait:ident: $([$($of:tt)*])*) => { $(
        #[diagnostic::do_not_recommend]
        impl $trait for $($of)*<$crate::proof::Unknown<false>> {}
        #[diagnostic::do_not_recommend]
        impl $trait for $($of)*<$crate::proof::Unknown<true>> {}
    )* };
}
pub(crate) use may_be_unknown;

/// Returns the value that stands for the type of a variable.
pub const fn type_of<T>(_: &T) -> TypeOf<T> {
    TypeOf(PhantomData)
}

/// Returns a value of a variable's type, in code that never runs.
pub fn fake<T>(_: &T) -> T {
    never()
}

/// Returns any value, in code that never runs.
///
/// # Panics
///
/// Always.
#[must_use]
pub fn never<T>() -> T {
    unreachable!("the proof is compiled and never run")
}

/// Returns whether the copy of the loop ends here.
#[must_use]
pub fn maybe() -> bool {
    false
}

/// Counts as a change of the variable, and as a use.
pub fn touch<T>(_: &mut T) {}

/// Takes a body that neither changes nor moves anything from before its loop.
pub fn name_in_carry_reconnect_or_fresh_what_the_loop_changes<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the body changes or moves. Name it:
    //     carry(x)     to save it with the progress and restore it
    //     reconnect(x) if it is a file or a connection, to open again as it was
    //     fresh(x)     if every run may start with a new one; also what is moved before a `break`
    F: Fn() -> R,
{
    never()
}

/// Takes an async body that neither changes nor moves anything from before its loop.
pub fn name_in_carry_reconnect_or_fresh_what_the_async_loop_changes<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the body changes or moves. Name it:
    //     carry(x)     to save it with the progress and restore it
    //     reconnect(x) if it is a file or a connection, to open again as it was
    //     fresh(x)     if every run may start with a new one; also what is moved before a `break`
    F: AsyncFn() -> R,
{
    never()
}

/// Takes a body that changes nothing from before its loop but the named fields of a variable.
pub fn name_all_of_it_or_change_its_named_fields_in_the_loop_and_in_no_method<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the body changes or moves. If it is one of which only fields
    // are named, a method that the body calls may change all of it. Do in the loop what the method does to the named
    // fields, or name all of it:
    //     carry(self)   to save it with the progress and restore it
    //     fresh(self)   if every run may start with the one that it is given
    F: Fn() -> R,
{
    never()
}

/// Takes an async body that changes nothing from before its loop but the named fields of a variable.
pub fn name_all_of_it_or_change_its_named_fields_in_the_async_loop_and_in_no_method<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the body changes or moves. If it is one of which only fields
    // are named, a method that the body calls may change all of it. Do in the loop what the method does to the named
    // fields, or name all of it:
    //     carry(self)   to save it with the progress and restore it
    //     fresh(self)   if every run may start with the one that it is given
    F: AsyncFn() -> R,
{
    never()
}

/// Takes a step that neither changes nor moves anything from before it.
pub fn let_the_step_give_what_it_changes<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the step changes or moves. A resumed run does not evaluate
    // the step again:
    //     x = step!(..)  lets the step give the new value, and assigns it
    //     x.clone()      gives the step a copy of what it moves
    //     fresh(x)       if every run may start with a new one
    F: Fn() -> R,
{
    never()
}

/// Takes an async step that neither changes nor moves anything from before it.
pub fn let_the_async_step_give_what_it_changes<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the step changes or moves. A resumed run does not evaluate
    // the step again:
    //     x = step!(..)  lets the step give the new value, and assigns it
    //     x.clone()      gives the step a copy of what it moves
    //     fresh(x)       if every run may start with a new one
    F: AsyncFn() -> R,
{
    never()
}

/// Returns what stands for the type of a step's value, which is still open.
#[must_use]
pub fn type_of_step<T>() -> TypeOf<T> {
    TypeOf(PhantomData)
}

/// Takes an item of a loop's copy, so that its type is the one that stands for it.
pub fn is_of<T>(_: &TypeOf<T>, _: &T) {}

/// Takes the value of a step in its copy, so that the type of both is one.
pub fn of_step<T>(_: &TypeOf<T>, _: T) {}

/// Returns the value of a step, whose type is that of its copy.
pub fn step_of<T>(_: &TypeOf<T>, value: T) -> T {
    value
}

/// Takes the body of a loop. It must not change what the head of the loop takes its items from.
pub fn take_in_the_head_what_belongs_to_an_item_and_not_in_the_body<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the body changes or moves. The loop's head takes its
    // items from that, and a resumed run passes over what the head took alone. Take in the head all that
    // belongs to one item:
    //     while let Some((a, b)) = x.next().map(|a| (a, rest(&mut x)))
    // If what is complete does not come again, write `#[resume(consumed)]` on the loop.
    F: Fn() -> R,
{
    never()
}

/// Takes the async body of a loop. It must not change what the head of the loop takes its items from.
pub fn take_in_the_head_what_belongs_to_an_item_and_not_in_the_async_body<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the body changes or moves. The loop's head takes its
    // items from that, and a resumed run passes over what the head took alone. Take in the head all that
    // belongs to one item. If what is complete does not come again, write `#[resume(consumed)]` on the loop.
    F: AsyncFn() -> R,
{
    never()
}

/// Takes the body of an item that may run again after an error. It must neither change nor move anything from before
/// its loop.
pub fn name_in_carry_reconnect_or_fresh_what_an_item_that_may_run_again_changes<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the body changes or moves. As for other loops, name it in
    // carry(x), reconnect(x) or fresh(x). A moved value would be gone if the item runs again after an error: return a
    // copy, as in `return Ok(x.clone())`.
    F: Fn() -> R,
{
    never()
}

/// Takes the async body of an item that may run again after an error. It must neither change nor move anything from
/// before its loop.
pub fn name_in_carry_reconnect_or_fresh_what_an_async_item_that_may_run_again_changes<R, F>(
    _: F,
) -> R
where
    // Next to this line the compiler says which variable the body changes or moves. As for other loops, name it in
    // carry(x), reconnect(x) or fresh(x). A moved value would be gone if the item runs again after an error: return a
    // copy, as in `return Ok(x.clone())`.
    F: AsyncFn() -> R,
{
    never()
}

/// Peeks without a change, in code that never runs. What is peeked at is still to be taken.
pub trait Peeks<T> {
    /// Returns the next item, as [`Peekable::peek`] does.
    fn peek(&self) -> Option<&T>;
}

impl<I: Iterator> Peeks<I::Item> for Peekable<I> {
    fn peek(&self) -> Option<&I::Item> {
        never()
    }
}

/// Takes the head of a loop that gives no complete item again. It must not change anything from before the loop.
pub fn name_in_fresh_what_the_head_changes<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the closures in the loop's head change or move. A loop
    // with `cursor` or `consumed` does not call them again for what is complete. Change it in the body, and
    // name it in carry(x); or in fresh(x), if every run may start with a new one.
    F: Fn() -> R,
{
    never()
}

/// Takes the head of a loop in an async function, if it gives no complete item again. It must not change anything from
/// before the loop.
pub fn name_in_fresh_what_the_async_head_changes<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the closures in the loop's head change or move. A loop
    // with `cursor` or `consumed` does not call them again for what is complete. Change it in the body, and
    // name it in carry(x); or in fresh(x), if every run may start with a new one.
    F: AsyncFn() -> R,
{
    never()
}

/// Takes the head of a loop that lends what is carried. It must not change anything else from before the loop.
pub fn change_in_the_body_and_walk_by_reference_what_the_head_does_not_lend<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the loop's head changes or moves. The head lends what is
    // carried, and walks it again from its front after each save.
    //     carry(x)          if the head walks it by `x.iter_mut()` too
    //     x.iter()          if it only reads it
    // Change anything else in the body.
    F: Fn() -> R,
{
    never()
}

/// Takes the head of a loop in an async function, if it lends what is carried. It must not change anything else from before
/// the loop.
pub fn change_in_the_body_and_walk_by_reference_what_the_async_head_does_not_lend<R, F>(_: F) -> R
where
    // Next to this line the compiler says which variable the loop's head changes or moves. The head lends what is
    // carried, and walks it again from its front after each save.
    //     carry(x)          if the head walks it by `x.iter_mut()` too
    //     x.iter()          if it only reads it
    // Change anything else in the body.
    F: AsyncFn() -> R,
{
    never()
}

/// Returns a value of the types in the option, in code that never runs.
pub fn known<T>(_: &Option<T>) -> T {
    never()
}

/// Stands for `commit!(tx)`, awaited or not.
///
/// # Errors
///
/// There is none; the error type is that of `commit!`.
pub fn committed<T>(_: T) -> Result<(), crate::Error> {
    never()
}

/// Stands for a `commit!(tx)` that is awaited later.
///
/// # Errors
///
/// There is none; the error type is that of `commit!`.
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
            OfCellBehind as _, OfCellReference as _, OfClone as _, OfMutable as _,
            OfMutableDeep as _, OfMutableFirst as _, OfMutableWithin as _, OfOther as _,
        };
        (&&&&&&&&$items).read_only()
    }};
}

/// Refuses items that are not references into the walked value.
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

/// Refuses a variable that can be changed through a shared reference: by a loop, or by a step, as the method says.
#[doc(hidden)]
#[macro_export]
macro_rules! __unshared {
    ($of:expr, $method:ident) => {{
        use $crate::__private::{
            OfCells as _, OfHandle as _, OfHandleWithin as _, OfPlain as _, OfShared as _,
            OfSharedWithin as _,
        };
        (&&&&&&$of).$method()
    }};
    ($of:expr, $method:ident, but borrowed) => {{
        use $crate::__private::{
            OfBorrowed as _, OfCells as _, OfHandle as _, OfHandleWithin as _, OfPlain as _,
            OfShared as _, OfSharedWithin as _,
        };
        (&&&&&&&$of).$method()
    }};
}

/// Refuses a variable that holds back what complete items have written, so that it is lost with the process.
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
