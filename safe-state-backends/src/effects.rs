//! Effects that have to happen once, each with a key: those that are done, and those that were begun and may have happened.

mod state;
mod store;

pub(crate) use state::{EffectChange, Effects};
pub use store::{Bounds, EffectState, EffectStore};
