//! Jobs in containers and services: what they meet there, and what is told of it.

mod crowded;
mod manifests;
mod service;
mod units;
mod volume;

use std::path::Path;
use std::process::Command;

/// The program, which does a job of that kind.
fn contained(kind: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contained"));
    command.arg(kind).arg(dir);
    command
}
