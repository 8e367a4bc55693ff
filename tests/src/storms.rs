//! Says how long the tests go on that try what is random.
#![expect(
    clippy::missing_panics_doc,
    reason = "a variable that is no number is a mistake of who set it"
)]

use std::env;

/// Returns the factor by which tests try more: `$SAFE_STATE_STORM`, or 1.
pub fn times() -> u32 {
    number("SAFE_STATE_STORM").map_or(1, |times| times.try_into().unwrap())
}

/// Returns the seed of random numbers: `$SAFE_STATE_STORM_SEED`, or `usual`.
pub fn seed(usual: u64) -> u64 {
    number("SAFE_STATE_STORM_SEED").unwrap_or(usual)
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().unwrap())
}
