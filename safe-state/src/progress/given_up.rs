//! The items that were given up since the last save.

use safe_state_backends::{Checkpoint, DeadLetter, DeadLetters};

/// The items that count as complete without being done.
#[derive(Clone, Debug, Default)]
pub(super) struct GivenUp {
    skipped: u64,
    dead_letters: DeadLetters,
}

impl GivenUp {
    pub(super) fn skip(&mut self) {
        self.skipped += 1;
    }

    /// Adds an item that was given up as a dead letter. Returns whether the job has room for one more.
    pub(super) fn add(&mut self, letter: &DeadLetter, stored: Option<&Checkpoint>) -> bool {
        let unsaved = self.dead_letters.len();
        let has_room = stored.is_none_or(|stored| stored.dead_letters().has_room_for(unsaved + 1));
        has_room && self.dead_letters.push(letter)
    }

    /// Returns how many items the job has given up, in all runs.
    pub(super) fn count(&self, stored: Option<&Checkpoint>) -> u64 {
        let unsaved = self.skipped + self.dead_letters.len() as u64;
        let Some(stored) = stored else { return unsaved };
        stored.skipped().saturating_add(stored.dead_letters().len() as u64 + unsaved)
    }

    pub(super) fn is_none(&self) -> bool {
        self.skipped == 0 && self.dead_letters.is_empty()
    }

    pub(super) fn has_dead_letters(&self) -> bool {
        !self.dead_letters.is_empty()
    }

    pub(super) fn dead_letters(&self) -> &DeadLetters {
        &self.dead_letters
    }

    pub(super) fn set_dead_letters(&mut self, letters: DeadLetters) {
        self.dead_letters = letters;
    }

    pub(super) fn take(&mut self) -> (u64, Option<Box<DeadLetters>>) {
        let GivenUp { skipped, dead_letters } = std::mem::take(self);
        (skipped, (!dead_letters.is_empty()).then(|| Box::new(dead_letters)))
    }
}

#[cfg(test)]
mod tests {
    use safe_state_backends::{Failure, FailureKind};

    use super::*;

    #[test]
    fn skipped_items_and_dead_letters_count_until_they_are_saved() {
        let mut given_up = GivenUp::default();
        assert!(given_up.is_none());
        given_up.skip();
        let failure = Failure::new(FailureKind::Error, "E", "lost");
        assert!(given_up.add(&DeadLetter::new(0, Vec::new(), None, failure), None));
        assert_eq!(given_up.count(None), 2);
        let (skipped, letters) = given_up.take();
        assert_eq!((skipped, letters.map(|letters| letters.len())), (1, Some(1)));
        assert!(given_up.is_none() && !given_up.has_dead_letters());
    }
}
