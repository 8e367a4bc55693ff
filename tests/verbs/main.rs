//! Tests what people do with a job that they operate: each verb on each kind of backend, and against a run under way.

mod asking;
mod by_hand;
mod hooks;
mod keeping;
mod killed;
mod moving;
mod places;
mod programs;
mod raced;
mod status;
mod steps;

use std::path::Path;
use std::sync::Arc;

use safe_state::backend::SqliteBackend;
use safe_state::{FileBackend, MemoryBackend};

use places::Place;

/// Returns the URLs by which a process of its own finds a backend.
fn urls(dir: &Path) -> Vec<String> {
    let dir = dir.display();
    vec![format!("file:{dir}/state"), format!("sqlite:{dir}/jobs.db")]
}

/// Returns the backends that need no server.
fn places() -> Vec<Place> {
    vec![
        Place::below("file", |dir| Arc::new(FileBackend::new(dir.join("state")))),
        Place::below("sqlite", |dir| Arc::new(SqliteBackend::new(dir.join("jobs.db")))),
        Place::new("memory", Arc::new(MemoryBackend::default())),
    ]
}
