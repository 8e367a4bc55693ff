//! The time when a job finished for the first time.

use std::time::SystemTime;

use super::Checkpoint;
use crate::timestamp::Timestamp;

/// The name of the note with the finish time in whole seconds since the Unix epoch.
const SECONDS: &str = "finished!";
/// The name of the note with the microseconds of the finish time within its second.
const MICROS: &str = "finished!micros";

const MICROS_PER_SECOND: u64 = 1_000_000;

pub(super) fn is_note(name: &str) -> bool {
    name == SECONDS || name == MICROS
}

impl Checkpoint {
    /// Returns when the job finished for the first time; `None` if it has not. Dead letters may have been put back since, or
    /// items added to its input.
    pub fn first_finished_at(&self) -> Option<SystemTime> {
        let noted = self.noted(SECONDS).map(|seconds| {
            let micros = u64::from(self.noted(MICROS).unwrap_or_default());
            Timestamp::from_micros(u64::from(seconds) * MICROS_PER_SECOND + micros)
        });
        // An older release has noted nothing.
        noted.or(self.finished.then_some(self.updated_at)).map(SystemTime::from)
    }

    /// Notes when the job finished, if it has finished and this is not noted yet.
    pub(super) fn note_finish(&mut self) {
        if !self.finished || self.noted(SECONDS).is_some() {
            return;
        }
        let micros = self.updated_at.micros();
        let seconds = u32::try_from(micros / MICROS_PER_SECOND).unwrap_or(u32::MAX);
        self.note(SECONDS, Some(seconds));
        self.note(MICROS, u32::try_from(micros % MICROS_PER_SECOND).ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
