//! Tests jobs in containers and services: what they meet there, and what they tell of it.

mod crowded;
mod manifests;
mod service;
mod units;
mod volume;

use std::path::Path;
use std::process::Command;

/// Returns the command that runs the job `kind` in `dir`.
fn contained(kind: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contained"));
    command.arg(kind).arg(dir);
    command
}

/// Returns the code blocks in `language` on a page of the guide.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide").join(page);
    let text = std::fs::read_to_string(page).unwrap();
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}
