//! What the type of a loop's input tells: whether the order of its items is the same in every run, and whether it gives
//! those again that are complete.
//!
//! Where the type is another's, or `dyn Iterator`, nothing is told.

use std::collections::{hash_map, hash_set};
use std::iter::{
    Chain, Cloned, Copied, Enumerate, Filter, FilterMap, FlatMap, Flatten, Fuse, Inspect, Map,
    MapWhile, Peekable, Rev, Scan, Skip, SkipWhile, StepBy, Take, TakeWhile, Zip,
};
use std::marker::PhantomData;
use std::sync::mpsc;

use crate::proof::Unknown;

/// Gives its items in an order that is another one in every run.
pub trait InAnyOrder {}

/// Gives items of a second input, or of inputs within, in such an order.
pub trait HasPartInAnyOrder {}

/// Gives its items in an order that is another one in every run, unless its program has sorted them.
pub trait InAnyOrderUnlessSorted {}

/// Gives each item once: what was taken out before it is asked again is not there any more.
pub trait GivesOnce {}

macro_rules! sources {
    ($trait:ident: $([$($generics:tt)*] $source:ty;)*) => {
        $(impl<$($generics)*> $trait for $source {})*
    };
}

/// Adapters of one input.
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

/// What stands for the first of two inputs.
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
    // Items of a loop that asks for them itself.
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
    // What is left of a collection goes as well where its drain is dropped, and what is put in then is new.
    [T] std::collections::binary_heap::Drain<'_, T>;
    [T] std::collections::vec_deque::Drain<'_, T>;
    [] std::string::Drain<'_>;
    [T] std::vec::Drain<'_, T>;
    [T] mpsc::Iter<'_, T>;
    [T] mpsc::TryIter<'_, T>;
    [T] mpsc::IntoIter<T>;
}

/// The type of an input. More references in front mean a higher rank.
#[derive(Debug)]
pub struct Source<I: ?Sized>(PhantomData<fn(&I)>);

impl<I: ?Sized> Source<I> {
    /// That of an input, with a reference for each rank.
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

/// What stands for an input whose order is another one in every run.
#[derive(Debug)]
pub struct AnyOrder<I: ?Sized>(PhantomData<fn(&I)>);

/// What stands for an input that gives each item once.
#[derive(Debug)]
pub struct GivenOnce<I: ?Sized>(PhantomData<fn(&I)>);

/// What stands for any other input.
#[derive(Debug)]
pub struct AsFarAsKnown;

macro_rules! ranks {
    ($($(#[$doc:meta])* $name:ident $method:ident: [$($bound:tt)*] $source:ty => $found:ident $of:tt;)*) => { $(
        $(#[$doc])*
        pub trait $name {
            /// What is known of it.
            type Known;

            /// What is known of it.
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
    /// One in any order.
    OfAnyOrder known: [InAnyOrder + ?Sized] &&&&Source<I> => AnyOrder (I);
    /// One of which a part is.
    OfPartInAnyOrder known: [HasPartInAnyOrder + ?Sized] &&&Source<I> => AnyOrder (I);
    /// One that may be.
    OfUnsorted known: [InAnyOrderUnlessSorted + ?Sized] &&Source<I> => AnyOrder (I);
    /// One that gives each item once.
    OfOnce known: [GivesOnce + ?Sized] &Source<I> => GivenOnce (I);
    /// Any other.
    OfAnyOther known: [?Sized] Source<I> => AsFarAsKnown ();
    /// One that is in any order, whatever its program says.
    OfUnorderable fixed: [InAnyOrder + ?Sized] &&Source<I> => AnyOrder (I);
    /// One of which a part is.
    OfPartUnorderable fixed: [HasPartInAnyOrder + ?Sized] &Source<I> => AnyOrder (I);
    /// Any other.
    OfOrderable fixed: [?Sized] Source<I> => AsFarAsKnown ();
}

/// An input whose items come in the same order in every run, as far as is known.
#[diagnostic::on_unimplemented(
    message = "the items of this loop come in another order in every run, so they cannot be known by their index",
    label = "the order is whatever `{Self}` has",
    note = "know them by a key: `#[resumable(key = |item| item.id)]`, or `#[resume(key = ..)]` on the loop; of directory entries `key = |entry| entry.as_ref().ok().map(|entry| entry.path())`",
    note = "or collect and sort them before the loop; a `WalkDir` with `sort_by` may have `check = ..` instead"
)]
pub trait HasOrder {}

/// An input that gives items again that are complete, as far as is known.
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
// Each is refused by the other one.
#[diagnostic::do_not_recommend]
impl<I: ?Sized> GivesAgain for AnyOrder<I> {}
#[diagnostic::do_not_recommend]
impl<I: ?Sized> HasOrder for GivenOnce<I> {}
// Of a type that is unknown after another error they don't fail.
#[diagnostic::do_not_recommend]
impl HasOrder for AnyOrder<Unknown<false>> {}
#[diagnostic::do_not_recommend]
impl HasOrder for AnyOrder<Unknown<true>> {}
#[diagnostic::do_not_recommend]
impl GivesAgain for GivenOnce<Unknown<false>> {}
#[diagnostic::do_not_recommend]
impl GivesAgain for GivenOnce<Unknown<true>> {}

/// The inputs of other crates that give each item once, by their types' names.
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

/// Returns whether an input is known to give each item once by the name of its type.
pub(crate) fn is_channel<I: ?Sized>() -> bool {
    let name = std::any::type_name::<I>();
    CHANNELS.iter().any(|channel| name.contains(channel))
}

/// What is known of what a loop asks for items itself.
#[derive(Debug)]
pub struct AskedByIndex<O> {
    pub(crate) is_channel: bool,
    order: PhantomData<O>,
}

impl<O> AskedByIndex<O> {
    /// Returns whether it is known to give each item once.
    #[must_use]
    pub fn gives_once(&self) -> bool {
        self.is_channel
    }
}

/// What a loop asks for items itself, which can be known by their index.
pub fn asked_by_index<I: ?Sized, O: HasOrder + GivesAgain>(
    _: &&&&&Source<I>,
    _: O,
) -> AskedByIndex<O> {
    AskedByIndex { is_channel: is_channel::<I>(), order: PhantomData }
}

/// What is not looked at.
#[must_use]
pub fn not_asked() -> AskedByIndex<AsFarAsKnown> {
    AskedByIndex { is_channel: false, order: PhantomData }
}

/// An item that does not tell that the order is another one in every run, unless what was asked has told so.
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

/// An item of that, where items are known by their index.
pub fn by_index_behind<O>(_: &AskedByIndex<O>, _: impl HasOrderBehind<O>) {}

/// An input whose items can be known by their index, where the program tells what of an item is compared.
pub fn by_index_checked(_: impl HasOrder) {}

/// Looks at the type of what a loop asks for itself, whose items are to be known by their index.
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
