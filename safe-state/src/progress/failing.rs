//! The progress of items that fail: attempts, suspects, and items that are given up.

use safe_state_backends::{CrashCause, DeadLetter, Failure};

use super::Progress;
use super::open_loop::OpenLoop;
use super::stored::Stored;

impl Progress {
    /// Counts a failed attempt at the item in flight. Returns its number among the attempts of all runs.
    pub(crate) fn count_attempt(&mut self, depth: usize) -> u32 {
        self.loops.get_mut(depth).map_or(1, OpenLoop::count_attempt)
    }

    /// Returns how many runs died in the item in flight, and the cause of the last of these deaths.
    pub(crate) fn crashes(&self, depth: usize) -> Option<(u32, Option<CrashCause>)> {
        self.loops.get(depth).map(OpenLoop::crashes)
    }

    /// Marks the item in flight as the suspect, which may be killing the process.
    pub(crate) fn suspect(&mut self, depth: usize) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.suspect();
        }
    }

    /// Clears the suspect of a loop.
    pub(crate) fn clear_suspect(&mut self, depth: usize) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.clear_suspect();
        }
    }

    /// Clears the suspects of all loops, because the suspected item has ended.
    pub(crate) fn clear_suspects(&mut self) {
        self.loops.clear_suspects();
    }

    /// Returns how many items the job has given up, in all runs.
    pub(crate) fn given_up(&self, stored: Stored<'_>) -> u64 {
        self.given_up.count(stored.checkpoint())
    }

    /// Counts an item that was given up without a record.
    pub(crate) fn skip(&mut self) {
        self.given_up.skip();
    }

    /// Returns the dead letter of the item in flight inside `depth` loops.
    pub(crate) fn dead_letter(&self, depth: usize, failure: Failure) -> Option<DeadLetter> {
        let open = self.loops.get(depth)?;
        let within = self.loops.within(depth);
        let letter = DeadLetter::new(open.loop_id(), within, open.key(), failure);
        Some(letter.with_fingerprint(open.fingerprint()))
    }

    /// Adds an item that was given up as a dead letter. Returns whether the job has room for one more.
    pub(crate) fn give_up(&mut self, stored: Stored<'_>, letter: &DeadLetter) -> bool {
        self.given_up.add(letter, stored.checkpoint())
    }

    /// Returns whether the job has dead letters.
    pub(crate) fn has_dead_letters(&self, stored: Stored<'_>) -> bool {
        self.given_up.has_dead_letters()
            || stored.has(|checkpoint| !checkpoint.dead_letters().is_empty())
    }
}
