//! Helpers for the tests.

mod effects;

pub use effects::Effects;
