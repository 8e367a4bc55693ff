//! The memory of a program and of what it has started.

use std::fs;

use crate::meter::resident;

/// What a process and its descendants have in use, in bytes; nothing if it has ended.
pub(super) fn memory(pid: u32) -> Option<u64> {
    let own = resident(pid)?;
    let others = children(pid).into_iter().filter_map(memory);
    Some(others.fold(own, u64::saturating_add))
}

/// Those that its threads have started.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let told = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    told.flat_map(|told| {
        told.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()
    })
    .collect()
}
