//! Tests jobs whose system calls are tampered with, one after another: killed at each, failed at each, and told another
//! time. The tests need `strace` and `faketime`, which `tests/run` installs.

#![cfg(target_os = "linux")]

mod clock;
mod errors;
mod kills;
mod outputs;
mod published;
mod traced;
