//! Helpers for the tests.

mod effects;
mod faulty;
mod heard;
mod ledger;
mod ran;
pub mod shapes;
mod slow;
mod worker;

pub use effects::Effects;
pub use faulty::Faulty;
pub use heard::heard;
pub use ledger::{Found, Ledger};
pub use ran::{Ran, run};
pub use slow::Slow;
pub use worker::Worker;
