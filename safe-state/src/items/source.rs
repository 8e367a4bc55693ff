//! What the type of a loop's input tells: whether the order of its items is the same in every run, and whether it gives
//! complete items again.
//!
//! A user's own type, or `dyn Iterator`, tells nothing.

use std::collections::{hash_map, hash_set};
use std::iter::{
    Chain, Cloned, Copied, Enumerate, Filter, FilterMap, FlatMap, Flatten, Fuse, Inspect, Map,
    MapWhile, Peekable, Rev, Scan, Skip, SkipWhile, StepBy, Take, TakeWhile, Zip,
};
use std::marker::PhantomData;
use std::sync::mpsc;

use crate::proof::Unknown;

/// An input that gives its items in an order that differs in every run.
pub trait InAnyOrder {}

/// An input that gives the items of a second input, or of inputs within, in an order that differs in every run.
pub trait HasPartInAnyOrder {}

/// An input that gives its items in an order that differs in every run, unless the program has sorted them.
pub trait InAnyOrderUnlessSorted {}

/// An input that gives each item once: an item that was taken out is no longer there in the next run.
pub trait GivesOnce {}

macro_rules! sources {
    ($trait:ident: $([$($generics:tt)*] $source:ty;)*) => {
        $(impl<$($generics)*> $trait for $source {})*
    };
}

/// Passes a trait on through adapters of one input.
macro_rules! adapted {
    ($($trait:ident)*) => { $(
        sources! { $trait:
            [I: $trait] Rev<I>;
            [I: $trait + ?Sized] &mut I;
            [I: $trait] Enumerate<I>;
            [I: $trait] Skip<I>;
            [I: $trait] Take<I>;
            [I: $trait] StepBy<I>;
            [I: $trait] Fuse<I>;
            [I: $trait] Cloned<I>;
            [I: $trait] Copied<I>;
            [I: $trait + Iterator] Peekable<I>;
            [I: $trait, F] Map<I, F>;
            [I: $trait, F] MapWhile<I, F>;
            [I: $trait, F] Filter<I, F>;
            [I: $trait, F] FilterMap<I, F>;
            [I: $trait, F] Inspect<I, F>;
            [I: $trait, F] SkipWhile<I, F>;
            [I: $trait, F] TakeWhile<I, F>;
            [I: $trait, S, F] Scan<I, S, F>;
        }
    )* };
}

/// Passes a trait on through adapters of two inputs, from the first one.
macro_rules! adapted_first {
    ($($trait:ident)*) => { $(
        sources! { $trait:
            [I: $trait + Iterator<Item: IntoIterator>] Flatten<I>;
            [I: $trait, U: IntoIterator, F] FlatMap<I, U, F>;
            [I: $trait, J] Zip<I, J>;
            [I: $trait, J] Chain<I, J>;
        }
    )* };
}

adapted! { InAnyOrder HasPartInAnyOrder InAnyOrderUnlessSorted GivesOnce }
adapted_first! { InAnyOrder InAnyOrderUnlessSorted GivesOnce }

sources! { HasPartInAnyOrder:
    [I, J: InAnyOrder] Zip<I, J>;
    [I, J: InAnyOrder] Chain<I, J>;
    [I: Iterator<Item: IntoIterator<IntoIter: InAnyOrder>>] Flatten<I>;
    [I, U: IntoIterator<IntoIter: InAnyOrder>, F] FlatMap<I, U, F>;
}

sources! { InAnyOrder:
    [] std::fs::ReadDir;
    // The item of `ReadDir`, for a loop that asks for items itself.
    [] std::fs::DirEntry;
    [T: InAnyOrder, E] Result<T, E>;
    [K, V] hash_map::Iter<'_, K, V>;
    [K, V] hash_map::IterMut<'_, K, V>;
    [K, V] hash_map::IntoIter<K, V>;
    [K, V] hash_map::Keys<'_, K, V>;
    [K, V] hash_map::IntoKeys<K, V>;
    [K, V] hash_map::Values<'_, K, V>;
    [K, V] hash_map::ValuesMut<'_, K, V>;
    [K, V] hash_map::IntoValues<K, V>;
    [K, V] hash_map::Drain<'_, K, V>;
    [T] hash_set::Iter<'_, T>;
    [T] hash_set::IntoIter<T>;
    [T] hash_set::Drain<'_, T>;
    [T, S] hash_set::Union<'_, T, S>;
    [T, S] hash_set::Intersection<'_, T, S>;
    [T, S] hash_set::Difference<'_, T, S>;
    [T, S] hash_set::SymmetricDifference<'_, T, S>;
    [K, V] hashbrown::hash_map::Iter<'_, K, V>;
    [K, V] hashbrown::hash_map::IterMut<'_, K, V>;
    [K, V] hashbrown::hash_map::IntoIter<K, V>;
    [K, V] hashbrown::hash_map::Keys<'_, K, V>;
    [K, V] hashbrown::hash_map::Values<'_, K, V>;
    [K, V] hashbrown::hash_map::Drain<'_, K, V>;
    [K] hashbrown::hash_set::Iter<'_, K>;
    [K] hashbrown::hash_set::IntoIter<K>;
    [K] hashbrown::hash_set::Drain<'_, K>;
}

#[cfg(feature = "walkdir")]
sources! { InAnyOrderUnlessSorted:
    [] walkdir::IntoIter;
    [P] walkdir::FilterEntry<walkdir::IntoIter, P>;
}

sources! { GivesOnce:
    // Dropping a drain removes the rest of its collection too, so all that is in it later is new.
    [T] std::collections::binary_heap::Drain<'_, T>;
    [T] std::collections::vec_deque::Drain<'_, T>;
    [] std::string::Drain<'_>;
    [T] std::vec::Drain<'_, T>;
    [T] mpsc::Iter<'_, T>;
    [T] mpsc::TryIter<'_, T>;
    [T] mpsc::IntoIter<T>;
}

/// Stands for an input's type in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct Source<I: ?Sized>(PhantomData<fn(&I)>);

impl<I: ?Sized> Source<I> {
    /// Makes the value for the type of an input, with a reference for each rank.
    #[must_use]
    pub fn of<'a>(_: &I) -> &'a &'a &'a &'a &'a Self
    where
        I: 'a,
    {
        Self::ranked()
    }

    pub(crate) fn ranked<'a>() -> &'a &'a &'a &'a &'a Self
    where
        I: 'a,
    {
        &&&&&Source(PhantomData)
    }
}

/// Stands for an input whose order differs in every run.
#[derive(Debug)]
pub struct AnyOrder<I: ?Sized>(PhantomData<fn(&I)>);

/// Stands for an input that gives each item once.
#[derive(Debug)]
pub struct GivenOnce<I: ?Sized>(PhantomData<fn(&I)>);

/// Stands for any other input.
#[derive(Debug)]
pub struct AsFarAsKnown;

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident $method:ident: [$($bound:tt)*] $source:ty => $found:ident $of:tt;)*) => { $(
        $(#[$doc])*
        pub trait $name {
            /// The answer as a type, so that it is known at compile time.
            type Known;

            /// Returns the answer for this input.
            fn $method(&self) -> Self::Known;
        }

        impl<I: $($bound)*> $name for $source {
            type Known = ranks!(@type $found $of);

            fn $method(&self) -> Self::Known {
                ranks!(@value $found $of)
            }
        }
    )* };
    (@type $found:ident (I)) => { $found<I> };
    (@value $found:ident (I)) => { $found(PhantomData) };
    (@type $found:ident ()) => { $found };
    (@value $found:ident ()) => { $found };
}

ranks! {
    /// Chosen for an input in any order.
    OfAnyOrder known: [InAnyOrder + ?Sized] &&&&Source<I> => AnyOrder (I);
    /// Chosen for an input of which a part is in any order.
    OfPartInAnyOrder known: [HasPartInAnyOrder + ?Sized] &&&Source<I> => AnyOrder (I);
    /// Chosen for an input that is in any order unless it was sorted.
    OfUnsorted known: [InAnyOrderUnlessSorted + ?Sized] &&Source<I> => AnyOrder (I);
    /// Chosen for an input that gives each item once.
    OfOnce known: [GivesOnce + ?Sized] &Source<I> => GivenOnce (I);
    /// Chosen for any other input.
    OfAnyOther known: [?Sized] Source<I> => AsFarAsKnown ();
    /// Chosen for an input in any order, even if the program says what is compared.
    OfUnorderable fixed: [InAnyOrder + ?Sized] &&Source<I> => AnyOrder (I);
    /// Chosen for an input of which a part is in any order, even if the program says what is compared.
    OfPartUnorderable fixed: [HasPartInAnyOrder + ?Sized] &Source<I> => AnyOrder (I);
    /// Chosen for any other input, if the program says what is compared.
    OfOrderable fixed: [?Sized] Source<I> => AsFarAsKnown ();
}

/// An input whose items come in the same order in every run, as far as its type tells.
#[diagnostic::on_unimplemented(
    message = "the items of this loop come in another order in every run, so they cannot be known by their index",
    label = "the order is whatever `{Self}` has",
    note = "know them by a key: `#[resumable(key = |item| item.id)]`, or `#[resume(key = ..)]` on the loop; of directory entries `key = |entry| entry.as_ref().ok().map(|entry| entry.path())`",
    note = "or collect and sort them before the loop; a `WalkDir` with `sort_by` may have `check = ..` instead"
)]
pub trait HasOrder {}

/// An input that gives complete items again, as far as its type tells.
#[diagnostic::on_unimplemented(
    message = "this input gives each item once, and would give new ones in place of those that are complete",
    label = "what stands for those that are complete is `{Self}`",
    note = "if what is complete does not come again, write `#[resume(consumed)]` on the loop: then none is passed over",
    note = "of a collection that is made anew in each run, take `into_iter()` in place of `drain(..)`",
    note = "if all items are sent again in the next run, know them by `key = |item| item.id`, or say what is compared: `check = |item| item.id`"
)]
pub trait GivesAgain {}

#[diagnostic::do_not_recommend]
impl HasOrder for AsFarAsKnown {}
#[diagnostic::do_not_recommend]
impl GivesAgain for AsFarAsKnown {}
// Each of the two is refused by the other trait, with a fitting message.
#[diagnostic::do_not_recommend]
impl<I: ?Sized> GivesAgain for AnyOrder<I> {}
#[diagnostic::do_not_recommend]
impl<I: ?Sized> HasOrder for GivenOnce<I> {}
// These impls keep a type that is unknown after another error from failing as well.
#[diagnostic::do_not_recommend]
impl HasOrder for AnyOrder<Unknown<false>> {}
#[diagnostic::do_not_recommend]
impl HasOrder for AnyOrder<Unknown<true>> {}
#[diagnostic::do_not_recommend]
impl GivesAgain for GivenOnce<Unknown<false>> {}
#[diagnostic::do_not_recommend]
impl GivesAgain for GivenOnce<Unknown<true>> {}

/// The types of other crates whose values give each item once, by name.
const CHANNELS: [&str; 25] = [
    "alloc::vec::extract_if::ExtractIf<",
    "async_broadcast::Receiver<",
    "async_channel::Receiver<",
    "concurrent_queue::TryIter<",
    "crossbeam_channel::channel::IntoIter<",
    "crossbeam_channel::channel::Iter<",
    "crossbeam_channel::channel::Receiver<",
    "crossbeam_channel::channel::TryIter<",
    "flume::Drain<",
    "flume::IntoIter<",
    "flume::Iter<",
    "flume::Receiver<",
    "flume::TryIter<",
    "flume::async::RecvStream<",
    "futures_channel::mpsc::Receiver<",
    "futures_channel::mpsc::UnboundedReceiver<",
    "kanal::AsyncReceiver<",
    "kanal::Receiver<",
    "kanal::future::ReceiveStream<",
    "smallvec::Drain<",
    "tokio::sync::mpsc::bounded::Receiver<",
    "tokio::sync::mpsc::unbounded::UnboundedReceiver<",
    "tokio_stream::wrappers::broadcast::BroadcastStream<",
    "tokio_stream::wrappers::mpsc_bounded::ReceiverStream<",
    "tokio_stream::wrappers::mpsc_unbounded::UnboundedReceiverStream<",
];

/// Returns whether the name of an input's type is among those that give each item once.
pub(crate) fn is_channel<I: ?Sized>() -> bool {
    let name = std::any::type_name::<I>();
    CHANNELS.iter().any(|channel| name.contains(channel))
}

/// The source of a loop that asks for items itself and knows them by their index.
#[derive(Debug)]
pub struct AskedByIndex<O> {
    pub(crate) is_channel: bool,
    order: PhantomData<O>,
}

impl<O> AskedByIndex<O> {
    /// Returns whether the source is known to give each item once.
    #[must_use]
    pub fn gives_once(&self) -> bool {
        self.is_channel
    }
}

/// Makes the value for a source that a loop asks for items itself, and whose items can be known by their index.
pub fn asked_by_index<I: ?Sized, O: HasOrder + GivesAgain>(
    _: &&&&&Source<I>,
    _: O,
) -> AskedByIndex<O> {
    AskedByIndex { is_channel: is_channel::<I>(), order: PhantomData }
}

/// Makes the value for a source that is not looked at.
#[must_use]
pub fn not_asked() -> AskedByIndex<AsFarAsKnown> {
    AskedByIndex { is_channel: false, order: PhantomData }
}

/// An item whose type does not say that the order differs in every run, unless the source's type has said so already.
#[diagnostic::on_unimplemented(
    message = "the items of this loop come in another order in every run, so they cannot be known by their index",
    label = "the order is whatever `{Self}` has",
    note = "know them by a key: `#[resumable(key = |item| item.id)]`, or `#[resume(key = ..)]` on the loop; of directory entries `key = |entry| entry.as_ref().ok().map(|entry| entry.path())`",
    note = "or collect and sort them before the loop"
)]
pub trait HasOrderBehind<O> {}

#[diagnostic::do_not_recommend]
impl<O> HasOrderBehind<O> for AsFarAsKnown {}
#[diagnostic::do_not_recommend]
impl<I: ?Sized, J: ?Sized> HasOrderBehind<AnyOrder<J>> for AnyOrder<I> {}

/// Checks the type of an item that a loop asked for, and knows by its index.
pub fn by_index_behind<O>(_: &AskedByIndex<O>, _: impl HasOrderBehind<O>) {}

/// Checks an input whose items are known by their index, and compared by a function of the program.
pub fn by_index_checked(_: impl HasOrder) {}

/// Looks at the type of the source, or of an item, of a loop that asks for its items itself and knows them by their
/// index.
#[doc(hidden)]
#[macro_export]
macro_rules! __source {
    ($input:expr, index) => {{
        #[allow(unused_imports)]
        use $crate::__private::types::*;
        let source = $crate::__private::Source::of($input);
        $crate::__private::asked_by_index(source, source.known())
    }};
    ($item:expr, behind $asked:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::types::*;
        $crate::__private::by_index_behind($asked, $crate::__private::Source::of($item).fixed())
    }};
}
