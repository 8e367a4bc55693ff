//! What is told on standard error.

use std::io::Write;

use safe_state_backends::escape::{Line, Lines};

/// Writes a line about a job on standard error. If nobody reads that, it is not the job's failure.
pub fn tell(job: &str, text: &str) {
    // In one piece: other processes may write there as well.
    let line = format!("[safe-state] {}: {}\n", Line(job), Lines(text, 0));
    let _ = std::io::stderr().write_all(line.as_bytes());
}
