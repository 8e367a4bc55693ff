//! Tests the store that `$SAFE_STATE_TEST_SETUP` names, for setups that the tests do not start themselves.
//!
//! The variable holds a URL, or two that lead to one store, with a space between them. Without it nothing is tested.

use crate::holds;

#[test]
fn a_store_that_is_named_keeps_its_promises() {
    let Ok(named) = std::env::var("SAFE_STATE_TEST_SETUP") else { return };
    let (first, second) = named.split_once(' ').unwrap_or((&named, &named));
    holds([first, second]);
}
