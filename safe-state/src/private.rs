//! The items that generated code uses. They may change with any release: only the macro of the same release uses them.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::panic::Location;

use safe_state_backends::Carry;

use crate::items::entry::Number;
use crate::items::identity::{ByCursor, ByIndex, ByKey};
use crate::items::input::{Identified, Input};
use crate::run::entering;
use crate::{Error, Job, OnChange};

pub use core::convert::{Infallible, Into, identity};
pub use core::mem::replace;
pub use core::option::Option::{self, None, Some};
pub use core::result::Result::{self, Err, Ok};
pub use core::time::Duration;
pub use core::{cfg, concat, file, format_args, module_path};
pub use std::future::pending;
pub use std::path::PathBuf;
pub use std::pin::pin;
pub use std::string::String;
pub use std::thread::scope;
pub use std::vec::Vec;

#[cfg(not(feature = "report"))]
pub use crate::__argument as argument;
pub use crate::attempt::{
    ByClone, ByLength, ByLog, Fallible, Fallibly, Flow, Kept, Marked, OfFallible, OfSure, Outcome,
    Returning, Surely, TriedOnce, UndoneByClone, UndoneByLength, UndoneByLog, attempt,
    attempt_async, call_async, call_in, leave, raise,
};
pub use crate::companion::{Companion, OfJob};
pub use crate::effects::commit::{Awaited, Blocking, Committing};
pub use crate::effects::idempotent::{Skipped, found, now};
pub use crate::effects::reconnect::means::{ByRegistry, ByTrait, Handle, by_trait};
pub use crate::effects::written::{OfFile, OfNoFile, Written};
pub use crate::failure::outcome::{Asked, Failed, Failing, failing_by};
pub use crate::failure::returns::returned;
pub use crate::failure::returns::{Returns, panic_with};
pub use crate::failure::stopping::stop;
pub use crate::failure::try_trace::{
    Handed, HandedOut, HasPlain, NoItem, NotKept, Plain, PlainItem, TryOperand,
};
pub use crate::failure::{
    Caught, Policy, Thrown, ThrownError, ThrownInner, ThrownInnerSend, ThrownOther, Verdict, retry,
};
pub use crate::items::capture::{ShownByDebug, ShownByDisplay, ShownByType, Value};
pub use crate::items::compared::{
    Argument as ArgumentOf, ArgumentAsPath, ArgumentAsText, ArgumentCompared, ArgumentDisplayed,
    ArgumentNotCompared, Walk, address, fingerprint as compared, of_generic,
};
pub use crate::items::compared::{
    BoundInHead, BoundNumber, BoundOther, HeadHolder, HeadList, HeadMaybeList, HeadOption,
    HeadOther, HeadOuterHolder, HeadPath, InHead, WalkedArgument, WalkedOther, WalkedPath,
};
pub use crate::items::fingerprint::{CONSUMED, LIMIT, WHOLE};
pub use crate::items::identity::{CursorType, IdentityKind};
pub use crate::items::input::{
    checked as checked_items, compared as compared_items, consumed as consumed_items, input,
    unchecked as unchecked_items,
};
pub use crate::items::key::{
    Key, KeyByHash, KeyByNothing, KeyByPath, KeyBySerialize, KeyBySerializeOrHash, KeyHash, hash_of,
};
pub use crate::items::received::{Receipt, Received};
pub use crate::items::rows::{
    GoesBy, OfNoNumber, OfNoRows, OfNumber, OfRows, ReadByIndex, index_of, rows_before,
};
pub use crate::items::source::{
    AskedByIndex, Source, asked_by_index, by_index_behind, by_index_checked, not_asked,
};
pub use crate::items::{Items, Step};
pub use crate::job::names::{
    function_name, method_name, method_path, name, self_fingerprint, type_fingerprint,
};
pub use crate::observe::spans::Spans;
pub use crate::parallel::{
    AheadAsFutures, AheadOnThreads, Captures, Cores, Feed, FromThread, Keeps, Most, Offered, Parts,
    Terms, ToThread, ahead_on_threads, as_futures, as_futures_of_stream, asking, asking_by_key,
    in_order, offered, offered_by_key, on_threads, typed, typed_ahead,
};
pub use crate::proof::connections::{OfConnection, OfNoConnection};
pub use crate::proof::durable::{
    Committed, OfAsyncTransaction, OfBuffer, OfDurable, OfLentAsyncTransaction, OfLentTransaction,
    OfTransaction, Unbuffered,
};
pub use crate::proof::given::{
    HoldsNoReferences, OfApart, OfCopied, OfParameter, OfParameters, OfReferring, OfStored,
};
pub use crate::proof::items::Lent;
pub use crate::proof::items::{
    OfCellBehind, OfCellReference, OfClone, OfMutable, OfMutableDeep, OfMutableFirst,
    OfMutableWithin, OfOther, ReadOnly,
};
pub use crate::proof::shared::{
    OfBorrowed, OfCells, OfHandle, OfHandleWithin, OfPlain, OfShared, OfSharedWithin, SetBack,
    Unshared, UnsharedByStep, Unwritten,
};
pub use crate::proof::{
    Peeks, TypeOf, change_in_the_body_and_walk_by_reference_what_the_async_head_does_not_lend,
    change_in_the_body_and_walk_by_reference_what_the_head_does_not_lend, committed,
    committed_later, cursor_of, fake, is_of, known, let_the_async_step_give_what_it_changes,
    let_the_step_give_what_it_changes, maybe,
    name_all_of_it_or_change_its_named_fields_in_the_async_loop_and_in_no_method,
    name_all_of_it_or_change_its_named_fields_in_the_loop_and_in_no_method,
    name_in_carry_reconnect_or_fresh_what_an_async_item_that_may_run_again_changes,
    name_in_carry_reconnect_or_fresh_what_an_item_that_may_run_again_changes,
    name_in_carry_reconnect_or_fresh_what_the_async_loop_changes,
    name_in_carry_reconnect_or_fresh_what_the_loop_changes,
    name_in_fresh_what_the_async_head_changes, name_in_fresh_what_the_head_changes, never, of_step,
    step_of, take_in_the_head_what_belongs_to_an_item_and_not_in_the_async_body,
    take_in_the_head_what_belongs_to_an_item_and_not_in_the_body, touch, type_of, type_of_step,
};
pub use crate::run::Run;
pub use crate::run::entering::tally_of_checkpoint;
pub use crate::run::judging::{Judged, Suspected};
pub use crate::run::slices::{NoBreakInASharedLoop, SharedItems, SharedItemsByKey};
pub use crate::run::tally::Tally;
pub use crate::save::rewriting::PagedValues;
pub use crate::shared::input::{Again, BeginsAgain, GivesEachOnce};
pub use crate::shared::merging::Merges;
pub use crate::{
    __address as address, __again as again, __argument_fingerprint as argument_fingerprint,
    __attempts as attempts, __check_written as check_written, __connection as connection,
    __durable as durable, __encrypt as encrypt, __failing as failing, __fingerprint as fingerprint,
    __generic_fingerprint as generic_fingerprint, __graceful as graceful, __handed as handed,
    __head_fingerprint as head_fingerprint, __in_place as in_place, __key as key,
    __known as known_items, __means as means, __on_error as on_error, __progress as progress,
    __read_only as read_only, __returns as returns, __row as row,
    __rows_before as rows_before_index, __set_back as set_back, __shown as shown,
    __source as source, __thrown as thrown, __undone as undone, __unshared as unshared,
};
#[cfg(feature = "limits")]
pub use safe_state_limits::run::{Cancellation, cancellable};
#[cfg(feature = "report")]
pub use safe_state_report::__argument as argument;

/// The traits by which method resolution finds out what a loop's input is, and what of its items is compared.
pub mod types {
    pub use super::forms::*;
    pub use crate::items::input::{OfNoResult, TypeIsKnown};
    pub use crate::items::source::{
        OfAnyOrder, OfAnyOther, OfOnce, OfOrderable, OfPartInAnyOrder, OfPartUnorderable,
        OfUnorderable, OfUnsorted,
    };
}

/// The traits by which method resolution finds out what of a value is compared.
pub mod forms {
    pub use crate::items::compared::{
        OfHash, OfItself, OfNothing, OfSerialize, OfSerializeAndHash, OfWrapped,
    };
}

/// The traits by which method resolution finds out how a body failed, and how a storage error leaves the function.
pub mod failures {
    // Imported without names, which might be those of a user's types.
    pub use crate::failure::outcome::{
        ViaAnything as _, ViaDebug as _, ViaDisplay as _, ViaError as _, ViaInner as _,
        ViaInnerSend as _, ViaType as _,
    };
    pub use crate::failure::returns::{ViaFrom as _, ViaPanic as _};
}

/// Enters the loop over `input`. `depth` is the number of resumable loops around it, `id` its number in the function.
pub fn items<'r, I, T, F>(
    input: Identified<I, F>,
    run: &'r mut Run,
    (depth, id): (usize, u16),
    location: &'static str,
) -> (Items<I, ByIndex<F>>, Tally<'r>, TypeOf<T>)
where
    I: Iterator<Item = T>,
    F: Fn(&T) -> Option<u32>,
{
    let Identified { iter, kind, fingerprint, gives_once } = input;
    let (number, identity) = (Number { depth, id }, (kind, ByIndex(fingerprint)));
    let (mut items, tally) = entering::items(run, number, Cow::Borrowed(location), iter, identity);
    if gives_once {
        items.refuse(tally.gives_once());
    }
    (items, tally, TypeOf(PhantomData))
}

/// Makes the items of a loop that many workers share, without entering it; `again` clones an iterator that can be
/// cloned.
pub fn shared_items<'r, I, T, F>(
    input: Identified<I, F>,
    run: &'r mut Run,
    ((depth, id), location): ((usize, u16), &'static str),
    again: fn(&I) -> Option<I>,
) -> (SharedItems<I, ByIndex<F>>, Tally<'r>, TypeOf<T>)
where
    I: Iterator<Item = T>,
    F: Fn(&T) -> Option<u32>,
{
    let Identified { iter, kind, fingerprint, gives_once } = input;
    let (number, identity) = (Number { depth, id }, (kind, ByIndex(fingerprint)));
    let items = SharedItems::new((number, location), iter, again, identity, gives_once);
    (items, entering::tally(run, depth), TypeOf(PhantomData))
}

/// Makes the items of a loop that many workers share and that knows its items by the hash of a key; `again` clones an
/// iterator that can be cloned.
pub fn shared_items_by_key<'r, I, T, F>(
    input: Input<I, T>,
    run: &'r mut Run,
    ((depth, id), location): ((usize, u16), &'static str),
    (kind, hash): (IdentityKind, F),
    again: fn(&I) -> Option<I>,
) -> (SharedItemsByKey<I, F>, Tally<'r>, TypeOf<T>)
where
    I: Iterator<Item = T>,
    F: Fn(&T) -> Result<KeyHash, String>,
{
    let number = (Number { depth, id }, location);
    let items = SharedItemsByKey::new(number, input.into_iter(), again, (kind, hash));
    (items, entering::tally(run, depth), TypeOf(PhantomData))
}

/// Returns the default with which each slice of a shared loop begins the variable, which is passed for its type.
pub fn from_default<T: Default>(_: &T) -> T {
    T::default()
}

/// Returns the empty value with which each slice of a shared loop begins a variable that merges by itself.
pub fn from_nothing<T: Merges>(_: &T) -> T {
    T::nothing()
}

/// Returns the program's value with which each slice of a shared loop begins a variable.
pub fn from_value<T>(_: &T, value: T) -> T {
    value
}

/// Enters a loop that knows its items by the hash of a key.
pub fn items_by_key<'r, I, Iter, T, F>(
    input: I,
    run: &'r mut Run,
    (depth, id): (usize, u16),
    location: &'static str,
    kind: IdentityKind,
    hash: F,
) -> (Items<Iter, ByKey<F>>, Tally<'r>, TypeOf<T>)
where
    I: IntoIterator<IntoIter = Iter, Item = T>,
    Iter: Iterator<Item = T>,
    F: Fn(&T) -> Result<KeyHash, String>,
{
    let (number, identity) = (Number { depth, id }, (kind, ByKey::new(hash)));
    let (items, tally) =
        entering::items(run, number, Cow::Borrowed(location), input.into_iter(), identity);
    (items, tally, TypeOf(PhantomData))
}

/// Enters a loop that knows its items by a cursor.
pub fn items_by_cursor<'r, I, Iter, T, C, F>(
    input: I,
    run: &'r mut Run,
    (depth, id): (usize, u16),
    location: &'static str,
    kind: IdentityKind,
    of_type: &CursorType<C>,
    cursor: F,
) -> (Items<Iter, ByCursor<C, F>>, Tally<'r>, TypeOf<T>)
where
    I: IntoIterator<IntoIter = Iter, Item = T>,
    Iter: Iterator<Item = T>,
    C: Carry,
    F: Fn(&T) -> C,
{
    let (number, identity) = (Number { depth, id }, (kind, ByCursor::new(of_type, cursor)));
    let (items, tally) =
        entering::items(run, number, Cow::Borrowed(location), input.into_iter(), identity);
    (items, tally, TypeOf(PhantomData))
}

/// Returns `input`, and checks that a loop over a lent carried variable can walk it.
pub fn lent<I: IntoIterator<IntoIter: Lent>>(input: I) -> I {
    input
}

/// Enters a `while let` loop. `takes` is whether it takes its items out of a carried variable, `asked` what the type of
/// its source tells.
pub fn received<'r, O>(
    run: &'r mut Run,
    (depth, id): (usize, u16),
    location: &'static str,
    kind: IdentityKind,
    (takes, asked): (bool, AskedByIndex<O>),
) -> (Received, Tally<'r>, AskedByIndex<O>) {
    let number = Number { depth, id };
    let (mut items, tally) =
        entering::received(run, number, Cow::Borrowed(location), (kind, takes));
    if asked.is_channel {
        items.refuse(tally.gives_once());
    }
    (items, tally, asked)
}

/// Does `body` as a run of the job: opens the run, has `failing` tell whether the body failed, and ends the run
/// accordingly.
///
/// # Panics
///
/// If the body panics: its panic goes on.
pub fn run<R>(
    job: &Job,
    on_error: impl Fn(Error) -> R,
    failing: fn(&R, Asked) -> Failing,
    body: impl FnOnce(&mut Run, NoItem) -> R,
) -> R {
    let mut run = match Run::open(job) {
        Ok(run) => run,
        Err(error) => return on_error(error),
    };
    let outcome = call_in(&run.spans(), || body(&mut run, NoItem));
    let failing = failing_by(&outcome, failing, Asked::Fully);
    run.finish(outcome, failing, on_error)
}

/// Returns `true`, which the compiler does not know before it optimises.
#[inline(always)]
#[expect(clippy::inline_always, reason = "it stands in each item")]
pub fn always() -> bool {
    true
}

/// Returns the future, and tells the compiler that its output is an `R`.
pub fn future_of<R>(future: impl Future<Output = R>) -> impl Future<Output = R> {
    future
}

/// Makes the job of a function. `in_test` is whether tests of its crate call it, `code` the fingerprint of its code,
/// `carries` the names of its carried variables.
pub fn job(
    name: impl Into<String>,
    in_test: bool,
    code: u64,
    on_code_change: OnChange,
    carries: &'static [&'static str],
) -> Job {
    Job::new(name).in_test(in_test).code(code, on_code_change).carries(carries)
}

/// Returns the job of a function with the default name `name`, whose place in the source is the caller's.
#[track_caller]
pub fn job_by_default(
    name: impl Into<String>,
    in_test: bool,
    code: u64,
    on_code_change: OnChange,
    carries: &'static [&'static str],
) -> Job {
    job(name, in_test, code, on_code_change, carries).stands_at(Location::caller())
}

/// Returns the job of the function that the companion `J` belongs to.
pub fn job_of<J: OfJob>() -> Job {
    J::job()
}

/// Returns the name under which the value of the `step!` is stored.
pub fn step_name(step: &str) -> String {
    crate::progress::values::step_name(step)
}

/// Returns `restored`, and ties its type to the one that the migration of old values returns.
pub fn migrated<Old, New>(
    _: impl FnOnce(Old) -> New,
    restored: Result<Option<New>, Error>,
) -> Result<Option<New>, Error> {
    restored
}
