//! The application of records to a checkpoint.

use super::change::{LoopChange, Record};
use super::check::check;
use super::refused::Refused;
use super::{CONSUMED, Checkpoint, InFlight, LoopEnd, LoopProgress, RunEnd};

/// Applies one record. A record that is refused changes nothing.
pub(crate) fn apply(checkpoint: &mut Checkpoint, record: Record) -> Result<(), Refused> {
    check(checkpoint, &record)?;
    match record {
        Record::Snapshot(whole) => *checkpoint = *whole,
        Record::Samples(sampled) => {
            checkpoint.loops.entry(sampled.loop_id).or_default().samples.add(&sampled.marks);
        }
        Record::Arguments(arguments) => checkpoint.arguments = arguments,
        Record::InFlight(in_flight) => checkpoint.workers.set_in_flight(in_flight),
        Record::Slices(slices) => checkpoint.workers.set_slices(slices),
        Record::Merge(merge) => checkpoint.workers.set_merge(merge),
        Record::Timings(timings) => checkpoint.timings.add(&timings),
        Record::Advance(advance) => {
            checkpoint.finished = false;
            checkpoint.updated_at = checkpoint.updated_at.plus_micros(advance.micros);
            checkpoint.history.complete(advance.count);
            let progress = checkpoint.loops.entry(advance.loop_id).or_default();
            progress.advance(advance.count, advance.fingerprint);
        }
        Record::Change(change) => {
            checkpoint.finished &= change.is_idle();
            checkpoint.updated_at = checkpoint.updated_at.plus_micros(change.micros);
            for mut it in change.loops {
                if let Some(beside) = &mut it.side_by_side {
                    let items = std::mem::take(&mut beside.in_flight);
                    checkpoint.workers.set_in_flight(InFlight { loop_id: it.loop_id, items });
                }
                let progress = checkpoint.loops.entry(it.loop_id).or_default();
                checkpoint.history.complete(progress.completed_by(&it));
                progress.apply(it);
            }
            change.carried.into_iter().for_each(|it| checkpoint.carried.apply(it));
            checkpoint.item_nanos = change.item_nanos.or(checkpoint.item_nanos);
            let failed = change.failure.as_ref().map(|_| RunEnd::Failed);
            if let Some(end) = failed.or(change.end) {
                checkpoint.history.end(end, checkpoint.updated_at);
            }
            checkpoint.failure = change.failure.or(checkpoint.failure.take());
            checkpoint.skipped = checkpoint.skipped.saturating_add(change.skipped);
            change.dead_letters.iter().for_each(|added| checkpoint.dead_letters.add(added));
            change.timings.iter().for_each(|measured| checkpoint.timings.add_to_run(measured));
        }
    }
    Ok(())
}

impl LoopProgress {
    /// Returns how many items a change newly completes. In a loop that knows its items by key, an item whose key is stored
    /// already does not count: the loop has only met it again.
    fn completed_by(&self, change: &LoopChange) -> u64 {
        match &change.keys {
            Some(keys) => keys.len() as u64,
            None if self.keys.is_some() => 0,
            None => {
                let apart = change.side_by_side.as_ref().map_or(0, |it| it.completed.len());
                change.count.saturating_add(apart.saturating_sub(self.completed.len()))
            }
        }
    }

    fn apply(&mut self, change: LoopChange) {
        if let Some(within) = change.begun {
            // If the outer items are the same, the loop walks its input again, and the same keys are complete.
            let is_same = self.within == within;
            let keys = self.keys.take().filter(|_| is_same);
            let attempts = self.attempts.take().filter(|_| is_same);
            let suspect = self.suspect.take().filter(|_| is_same);
            *self = LoopProgress { within, keys, attempts, suspect, ..LoopProgress::default() };
        }
        let comes_no_further = change.count == 0 && change.side_by_side.is_none();
        self.completed.complete_next(change.count);
        if let Some(side_by_side) = change.side_by_side {
            self.completed.merge(&side_by_side.completed);
        }
        self.mark = change.mark.or(self.mark);
        self.total = change.total.or(self.total);
        self.end = change.end.or(self.end);
        self.cursor = change.cursor.or(self.cursor.take());
        self.attempts = change.attempts.or(self.attempts.take());
        self.suspect = change.suspect.or(self.suspect.take());
        self.samples.add(change.samples.marks());
        if let Some(keys) = change.keys {
            self.keys.get_or_insert_default().add(*keys);
        }
        if let Some(total) = change.total.filter(|_| comes_no_further) {
            self.shrink(total);
        }
    }

    /// Forgets complete items behind the end of an input that has become shorter, which was accepted.
    fn shrink(&mut self, total: u64) {
        let is_consumed = self.mark.is_some_and(|mark| mark.fingerprint == CONSUMED);
        let is_by_index = self.keys.is_none() && self.cursor.is_none() && !is_consumed;
        let was_left = self.end == Some(LoopEnd::Left) || self.closed_at.is_some();
        if !is_by_index || was_left || self.completed.end() <= total {
            return;
        }
        self.completed.truncate(total);
        self.mark = self.mark.filter(|mark| mark.index < total);
        self.samples = self.samples.take_before(total);
    }
}
