//! Helpers for the tests.

mod alone;
mod cargo;
mod clock;
mod effects;
mod faulty;
mod first;
mod group;
mod heard;
mod kill;
mod ledger;
pub mod plain;
mod proxy;
mod ran;
pub mod remote;
pub mod servers;
pub mod shapes;
mod slow;
pub mod storms;
mod worker;

pub use alone::Alone;
pub use cargo::cargo;
pub use clock::with_clock;
pub use effects::Effects;
pub use faulty::Faulty;
pub use first::as_process_1;
pub use group::Group;
pub use heard::heard;
pub use kill::run_and_kill;
pub use ledger::{Found, Ledger};
pub use proxy::Proxy;
pub use ran::{Ran, run};
pub use slow::Slow;
pub use worker::Worker;
