//! Compiles and runs the code of the guide.
//!
//! The code that a page shows as Rust stands in one of these modules, token for token, amid what its readers have to
//! imagine. A test runs it, and checks that what the page says of it happens.
#![expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "what is small here, and cannot fail, is large and may fail in a program"
)]

mod asynchronous;
mod databases;
mod effects;
mod encryption;
mod engines;
mod files;
mod first_job;
mod first_program;
mod guards;
mod inputs;
mod limits;
mod looking;
mod loops;
mod outputs;
mod pages;
mod policy;
mod recipes;
mod shared;
mod side_by_side;
mod source;
mod steering;
mod tests;
mod verbs;
mod world;
