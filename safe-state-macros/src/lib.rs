//! The attribute macros of [`safe-state`](https://docs.rs/safe-state), which re-exports and
//! documents them.
//!
//! From input to output: `parse` reads the attribute's options and the function under it; `analyse` chooses the loops,
//! finds the carried variables and returns a `Plan`, or refuses the function; `emit` writes the output, and the proof
//! by which the compiler sees that the body changes nothing else. `syntax` holds helpers over tokens for all of them.
//! `resumable` puts them together, and `fallback` emits the original function after an error. `idempotent` is an
//! attribute of its own, as are the two of `limits`.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod analyse;
mod emit;
mod fallback;
#[cfg(test)]
mod garbage;
mod idempotent;
#[cfg(feature = "limits")]
mod limits;
mod parse;
mod resumable;
mod syntax;

use proc_macro::TokenStream;

/// Makes the loops of a function resumable: they go on where an earlier run has stopped.
#[doc = include_str!("../docs/attribute.md")]
#[proc_macro_attribute]
pub fn resumable(options: TokenStream, item: TokenStream) -> TokenStream {
    fallback::or_original(item.into(), |item| resumable::resumable(options.into(), item)).into()
}

/// Watches how long a function takes.
#[doc = include_str!("../docs/time_guard.md")]
#[cfg(feature = "limits")]
#[proc_macro_attribute]
pub fn time_guard(options: TokenStream, item: TokenStream) -> TokenStream {
    let expand = |item| limits::guarded(limits::Kind::Time, options.into(), item);
    fallback::or_unchanged(item.into(), expand).into()
}

/// Watches how much memory is in use while a function runs.
#[doc = include_str!("../docs/mem_guard.md")]
#[cfg(feature = "limits")]
#[proc_macro_attribute]
pub fn mem_guard(options: TokenStream, item: TokenStream) -> TokenStream {
    let expand = |item| limits::guarded(limits::Kind::Memory, options.into(), item);
    fallback::or_unchanged(item.into(), expand).into()
}

/// Passes over a function whose work has been done.
#[doc = include_str!("../docs/idempotent.md")]
#[proc_macro_attribute]
pub fn idempotent(options: TokenStream, item: TokenStream) -> TokenStream {
    let expand = |item| idempotent::idempotent(options.into(), item);
    fallback::or_unchanged(item.into(), expand).into()
}
