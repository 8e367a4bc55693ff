//! Collects the shapes, under our attribute or under one that changes nothing.

#![cfg(feature = "linted")]

#[cfg(not(feature = "unchanged"))]
use safe_state::resumable;
#[cfg(feature = "unchanged")]
use safe_state_unchanged::resumable;

#[cfg_attr(
    feature = "unchanged",
    expect(unused_imports, unused_variables, reason = "only the options name some of them")
)]
#[path = "../../shapes/cases/mod.rs"]
mod cases;
mod warned;

/// Returns all shapes.
pub fn all() -> Vec<safe_state_tests::shapes::Shape> {
    [
        cases::arguments::all(),
        cases::asynchronous::all(),
        cases::attributes::all(),
        cases::bare::all(),
        cases::control_flow::all(),
        cases::drop_order::all(),
        cases::failing::all(),
        cases::generics::all(),
        cases::inputs::all(),
        cases::macros::all(),
        cases::methods::all(),
        cases::mutable::all(),
        cases::nesting::all(),
        cases::positions::all(),
        cases::returns::all(),
        cases::shadowed::all(),
        cases::strict::all(),
    ]
    .concat()
}
