//! The memory that the processes of a job use on this machine.

use std::fs;

use safe_state_backends::Holder;
use safe_state_base::status::look::{Look, Run};
use serde::Serialize;

/// The memory of one process of a job.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Memory {
    pid: u32,
    host: String,
    /// The bytes that the process has in memory now.
    bytes: u64,
    /// The most bytes that the process has had in memory.
    peak_bytes: u64,
}

impl Memory {
    /// Returns the memory of the processes that run the job on this machine.
    pub(crate) fn of(look: &Look) -> Vec<Memory> {
        let first = match &look.run {
            Run::By(holder) => Some(holder),
            Run::None | Run::Unknown => None,
        };
        let workers = look.begun.iter().filter_map(|it| it.holder.as_ref());
        let mut found: Vec<Memory> = Vec::new();
        for holder in first.into_iter().chain(workers) {
            if !found.iter().any(|it| it.pid == holder.pid()) {
                found.extend(Memory::of_process(holder));
            }
        }
        found
    }

    fn of_process(holder: &Holder) -> Option<Memory> {
        if !holder.is_neighbour() {
            return None;
        }
        let status = fs::read_to_string(format!("/proc/{}/status", holder.pid())).ok()?;
        Some(Memory {
            pid: holder.pid(),
            host: holder.host().to_owned(),
            bytes: field(&status, "VmRSS:")?,
            peak_bytes: field(&status, "VmHWM:")?,
        })
    }
}

/// Returns a field in bytes; the kernel writes it in units of 1024 bytes.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    number.checked_mul(1024)
}
