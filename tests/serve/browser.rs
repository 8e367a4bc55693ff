//! Tests the page in Chromium, which chromedriver steers by plain HTTP.

mod attacked;
mod clicked;
mod driver;
mod looks;

pub(crate) use driver::Browser;
