//! Shows a module without the prelude.

use ::safe_state_tests::shapes::{Interrupted, block_on, step, store, try_step};
use ::std::result::Result;

use super::resumable;

#[resumable(backend = store())]
fn plain(items: &[u32]) -> usize {
    for x in items {
        step(x);
    }
    items.len()
}

#[resumable(backend = store(), save_every = 2)]
fn tried(items: &[u32]) -> Result<(), Interrupted> {
    for x in items {
        try_step(x)?;
    }
    Result::Ok(())
}

#[resumable(backend = store())]
async fn later(items: &[u32]) -> Result<(), Interrupted> {
    for x in items {
        try_step(x)?;
    }
    Result::Ok(())
}

::safe_state_tests::shapes! {
    plain => plain(&[1, 2]);
    later => block_on(later(&[1, 2]));
}

const _: fn(&[u32]) -> Result<(), Interrupted> = tried;
