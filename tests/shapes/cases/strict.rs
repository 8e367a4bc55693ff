//! Shows the code of a user who has turned on all lints that exist.

#![deny(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    unused_results,
    unused_lifetimes,
    single_use_lifetimes,
    let_underscore_drop,
    trivial_casts,
    trivial_numeric_casts,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    clippy::pedantic,
    clippy::nursery,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_docs_in_private_items,
    clippy::implicit_return,
    clippy::question_mark_used,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::absolute_paths,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::single_call_fn,
    clippy::min_ident_chars,
    clippy::pattern_type_mismatch
)]
#![allow(
    clippy::question_mark_used,
    clippy::implicit_return,
    clippy::single_call_fn,
    clippy::redundant_pub_crate,
    clippy::absolute_paths,
    clippy::missing_docs_in_private_items,
    reason = "these are about the shapes"
)]

use safe_state_tests::shapes::{Interrupted, block_on, step, store, try_step};

use super::resumable;

/// Walks the items.
#[resumable(backend = store())]
pub(crate) fn walk(items: &[u32]) -> Result<(), Interrupted> {
    for item in items {
        try_step(item)?;
    }
    Ok(())
}

/// Walks the items, and waits before each.
#[resumable(backend = store())]
pub(crate) async fn walk_later(items: Vec<u32>) -> Option<u32> {
    for item in items {
        tokio::task::yield_now().await;
        step(item);
        if item > 2 {
            return None;
        }
    }
    Some(1)
}

/// A list to walk.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The items of the list.
    items: Vec<u32>,
}

impl Walk {
    /// Walks the items of the list.
    #[resumable(backend = store())]
    pub(crate) fn walk(&self) {
        for item in &self.items {
            step(item);
        }
    }
}

safe_state_tests::shapes! {
    walk => walk(&[1, 2]);
    walk_later => block_on(walk_later(vec![1, 2]));
    method => Walk { items: vec![1, 2] }.walk();
}
