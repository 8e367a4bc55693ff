//! The checkpoint as text for people.

use std::fmt;

use super::{Checkpoint, InFlight, Progress};
use crate::escape::Line;

/// The number of dead letters, or of items in flight, that are shown at most.
const SHOWN: usize = 3;

impl fmt::Display for Progress {
    /// Writes for example `6432 of 10000 items (64 %)`, or `6432 items` if the total is unknown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total {
            Some(total) => {
                let percent = u128::from(self.completed) * 100 / u128::from(total.max(1));
                write!(f, "{} of {total} items ({percent} %)", self.completed)
            }
            None => write!(f, "{} items", self.completed),
        }
    }
}

impl Checkpoint {
    /// Writes the number of dead letters and the last few of them.
    fn show_dead_letters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.dead_letters.len();
        if count == 0 {
            return Ok(());
        }
        write!(f, "\n  given up   {count}")?;
        if count > SHOWN {
            write!(f, ", the last of them:")?;
        }
        let shown = self.dead_letters.iter().skip(count.saturating_sub(SHOWN));
        shown.into_iter().try_for_each(|letter| {
            f.write_str("\n    ")?;
            letter.failure.headline(f)
        })
    }
}

impl Checkpoint {
    /// Writes the items in flight and the number of finished slices.
    fn show_workers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for InFlight { items, .. } in self.in_flight() {
            let shown: Vec<String> = items.iter().take(SHOWN).map(u64::to_string).collect();
            let more = items.len().saturating_sub(SHOWN);
            write!(f, "\n  in flight  {}", shown.join(", "))?;
            if more > 0 {
                write!(f, " and {more} more")?;
            }
        }
        self.slices().try_for_each(|slices| {
            write!(f, "\n  slices     {} of {} finished", slices.finished.len(), slices.count)
        })
    }
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
        self.show_workers(f)?;
        self.show_dead_letters(f)?;
        match &self.failure {
            Some(failure) => write!(f, "\n  failure    {failure}"),
            None => Ok(()),
        }
    }
}
