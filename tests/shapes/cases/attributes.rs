//! Shows attributes beside ours, and within the function.

use safe_state_tests::shapes::{Interrupted, block_on, step, store, try_step};
use tracing::instrument;

use super::resumable;

/// Does as documented.
#[must_use]
#[inline]
#[resumable(backend = store())]
/// And this.
fn documented(items: &[u32]) -> u32 {
    for x in items {
        step(x);
    }
    1
}

#[resumable(backend = store())]
#[track_caller]
fn tracked(items: &[u32]) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
#[allow(unused_variables)]
fn allowed(items: &[u32], unused: u32) {
    for x in items {
        step("item");
    }
}

#[resumable(backend = store())]
#[deprecated(note = "for the test")]
fn old(items: &[u32]) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn inner_attributes(items: &[u32]) {
    #![allow(unused_variables)]
    let unused = 1;
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
fn attribute_on_the_loop(items: &[u32]) {
    #[allow(unused_variables)]
    for x in items {
        step("item");
    }
}

#[resumable(backend = store())]
fn attribute_on_the_marked_loop(items: &[u32]) {
    #[resume]
    #[allow(unused_variables)]
    for x in items {
        step("item");
    }
}

#[resumable(backend = store())]
fn attributes_on_statements(items: &[u32]) {
    #[allow(unused_variables)]
    let unused = 1;
    for x in items {
        #[cfg(miri)]
        let x = missing(x);
        #[allow(clippy::identity_op)]
        let x = x + 0;
        step(x);
    }
}

#[resumable(backend = store())]
#[expect(unused_variables)]
fn expected_once(items: &[u32]) {
    let unused = 1;
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
#[expect(clippy::let_and_return)]
fn expected_of_clippy(items: &[u32]) -> usize {
    for x in items {
        step(x);
    }
    let length = items.len();
    length
}

#[cfg(not(miri))]
#[resumable(backend = store())]
fn configured(items: &[u32], #[cfg(miri)] missing: Missing, #[cfg(not(miri))] extra: u32) -> u32 {
    for x in items {
        step(x + extra);
    }
    extra
}

#[cfg(miri)]
#[resumable(backend = store())]
fn configured(items: &[u32]) {
    for x in items {
        missing(x);
    }
}

#[resumable(backend = store())]
fn configured_loops(items: &[u32]) {
    #[cfg(not(miri))]
    for x in items {
        step(x);
    }
    #[cfg(miri)]
    for x in items.missing() {
        step(x);
    }
}

#[instrument]
#[resumable(backend = store())]
fn instrumented_above(items: &[u32]) -> Result<u32, Interrupted> {
    for x in items {
        try_step(x)?;
    }
    Ok(1)
}

#[resumable(backend = store())]
#[instrument(err, ret)]
fn instrumented_below(items: &[u32]) -> Result<u32, Interrupted> {
    for x in items {
        try_step(x)?;
    }
    Ok(1)
}

#[resumable(backend = store())]
#[instrument(skip(items))]
async fn async_instrumented_below(items: &[u32]) -> Result<u32, Interrupted> {
    for x in items {
        tokio::task::yield_now().await;
        try_step(x)?;
    }
    Ok(1)
}

#[resumable(backend = store())]
#[cold]
#[rustfmt::skip]
pub(crate) fn visible(items: &[u32]) { for x in items { step(x) } }

mod outer {
    use safe_state_tests::shapes::{step, store};

    #[super::resumable(backend = store())]
    pub(in super::super) fn restricted(items: &[u32]) {
        for x in items {
            step(x);
        }
    }
}

#[allow(deprecated)]
fn call_old() {
    old(&[1, 2]);
}

safe_state_tests::shapes! {
    documented => documented(&[1, 2]);
    tracked => tracked(&[1, 2]);
    allowed => allowed(&[1, 2], 3);
    old => call_old();
    inner_attributes => inner_attributes(&[1, 2]);
    attribute_on_the_loop => attribute_on_the_loop(&[1, 2]);
    attribute_on_the_marked_loop => attribute_on_the_marked_loop(&[1, 2]);
    attributes_on_statements => attributes_on_statements(&[1, 2]);
    expected_once => expected_once(&[1, 2]);
    expected_of_clippy => expected_of_clippy(&[1, 2]);
    configured => configured(&[1, 2], 3);
    configured_loops => configured_loops(&[1, 2]);
    instrumented_above => instrumented_above(&[1, 2]);
    instrumented_below => instrumented_below(&[1, 2]);
    async_instrumented_below => block_on(async_instrumented_below(&[1, 2]));
    visible => visible(&[1, 2]);
    restricted => outer::restricted(&[1, 2]);
}
