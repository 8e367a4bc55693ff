//! The checkpoint as text for people.

use std::fmt;

use super::{Checkpoint, InFlight, Workers};
use crate::DeadLetters;
use crate::escape::Line;

/// The number of dead letters, or of items in flight, that are shown at most.
const SHOWN: usize = 3;

/// Writes the number of dead letters and the last few of them.
fn show_dead_letters(letters: &DeadLetters, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let count = letters.len();
    if count == 0 {
        return Ok(());
    }
    write!(f, "\n  given up   {count}")?;
    if count > SHOWN {
        write!(f, ", the last of them:")?;
    }
    letters.iter().skip(count.saturating_sub(SHOWN)).try_for_each(|letter| {
        f.write_str("\n    ")?;
        letter.failure.headline(f)
    })
}

/// Writes the items in flight and the number of finished slices.
fn show_workers(workers: &Workers, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for InFlight { items, .. } in workers.in_flight() {
        let shown: Vec<String> = items.iter().take(SHOWN).map(u64::to_string).collect();
        let more = items.len().saturating_sub(SHOWN);
        write!(f, "\n  in flight  {}", shown.join(", "))?;
        if more > 0 {
            write!(f, " and {more} more")?;
        }
    }
    workers.slices().try_for_each(|slices| {
        write!(f, "\n  slices     {} of {} finished", slices.finished.len(), slices.count)
    })
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.finished, &self.failure) {
            (_, Some(_)) => "failed",
            (true, None) => "finished",
            (false, None) => "not finished",
        };
        writeln!(f, "job {}: {state}", Line(&self.job))?;
        if let Some(version) = &self.version {
            writeln!(f, "  version    {}", Line(version))?;
        }
        writeln!(f, "  progress   {}", self.progress())?;
        writeln!(f, "  completed  {}", self.completed())?;
        writeln!(f, "  runs       {}", self.run_count)?;
        writeln!(f, "  started    {}", self.started_at)?;
        write!(f, "  updated    {}", self.updated_at)?;
        if self.skipped > 0 {
            write!(f, "\n  skipped    {}", self.skipped)?;
        }
        if !self.carried.is_empty() {
            let names: Vec<&str> = self.carried_names().collect();
            write!(f, "\n  carries    {}", Line(names.join(", ")))?;
        }
        show_workers(&self.workers, f)?;
        show_dead_letters(&self.dead_letters, f)?;
        match &self.failure {
            Some(failure) => write!(f, "\n  failure    {failure}"),
            None => Ok(()),
        }
    }
}
