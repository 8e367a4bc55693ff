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

/// The blocks of that language on a page of the guide.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide").join(page);
    let text = std::fs::read_to_string(page).unwrap();
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}
