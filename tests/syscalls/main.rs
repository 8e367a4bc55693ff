//! Jobs whose system calls are tampered with, one after another: killed at each, failed at each,
//! and told another time. It needs `strace` and `faketime`, which `tests/run` installs.

#![cfg(target_os = "linux")]

mod clock;
mod errors;
mod kills;
mod published;
mod traced;
