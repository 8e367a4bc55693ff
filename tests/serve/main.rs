//! Tests `safe-state serve`: the page in the browser, as a user opens it, and as an attacker would.

mod attacks;
mod browser;
mod exported;
mod http;
mod pressing;
mod reading;
mod served;
mod speed;
mod timed;
