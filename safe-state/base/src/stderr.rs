//! Messages on standard error.

use std::io::Write;

use safe_state_backends::escape::{Line, Lines};

/// Writes a message about a job to standard error. An error of the write is ignored, as it is not the job's failure.
pub fn tell(job: &str, text: &str) {
    // The message is written in one piece, as other processes may write there as well.
    let line = format!("[safe-state] {}: {}\n", Line(job), Lines(text, 0));
    let _ = std::io::stderr().write_all(line.as_bytes());
}
