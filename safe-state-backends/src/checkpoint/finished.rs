//! The time when a job finished for the first time.

use super::arguments::Arguments;
use crate::timestamp::Timestamp;

/// The name of the note with the finish time in whole seconds since the Unix epoch.
const SECONDS: &str = "finished!";
/// The name of the note with the microseconds of the finish time within its second.
const MICROS: &str = "finished!micros";

const MICROS_PER_SECOND: u64 = 1_000_000;

/// Returns the noted time.
pub(super) fn noted(notes: &Arguments) -> Option<Timestamp> {
    let seconds = notes.noted(SECONDS)?;
    let micros = u64::from(notes.noted(MICROS).unwrap_or_default());
    Some(Timestamp::from_micros(u64::from(seconds) * MICROS_PER_SECOND + micros))
}

/// Notes the time, if none is noted yet.
pub(super) fn note(notes: &mut Arguments, finished_at: Timestamp) {
    if notes.noted(SECONDS).is_some() {
        return;
    }
    let micros = finished_at.micros();
    let seconds = u32::try_from(micros / MICROS_PER_SECOND).unwrap_or(u32::MAX);
    notes.note(SECONDS, Some(seconds));
    notes.note(MICROS, u32::try_from(micros % MICROS_PER_SECOND).ok());
}

#[cfg(test)]
mod tests {
    use crate::Checkpoint;

    #[test]
    fn the_first_time_counts() {
        let mut checkpoint = Checkpoint::new("job", None);
        assert_eq!(checkpoint.first_finished_at(), None);
        checkpoint.finish();
        let first = checkpoint.updated_at();
        assert_eq!(checkpoint.first_finished_at(), Some(first));
        checkpoint.updated_at = checkpoint.updated_at.plus_micros(7_000_000);
        checkpoint.set_arguments([("rate".to_owned(), 7)]);
        checkpoint.begin_run(None);
        checkpoint.finished = false;
        assert_eq!(checkpoint.first_finished_at(), Some(first));
        checkpoint.finish();
        assert_eq!(checkpoint.first_finished_at(), Some(first));
        let found = Checkpoint::decode(&checkpoint.encode().unwrap()).unwrap();
        assert_eq!(found.first_finished_at(), Some(first));
    }

    #[test]
    fn what_an_older_release_has_finished_counts_from_its_last_save() {
        let mut checkpoint = Checkpoint::new("job", None);
        checkpoint.finished = true;
        let saved = checkpoint.updated_at();
        assert_eq!(checkpoint.first_finished_at(), Some(saved));
        checkpoint.begin_run(None);
        checkpoint.finished = false;
        assert_eq!(checkpoint.first_finished_at(), Some(saved));
    }
}
