//! What is told on standard error.

use std::io::Write;

use safe_state_backends::escape::{Line, Lines};

/// Writes a line about a job on standard error. If nobody reads that, it is not the job's failure.
pub fn tell(job: &str, text: &str) {
    let _ = writeln!(std::io::stderr(), "[safe-state] {}: {}", Line(job), Lines(text, 0));
}
