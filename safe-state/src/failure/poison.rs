//! After a run that died: which item it died in is found out by saving before each.

use std::time::{Duration, Instant};

use safe_state_backends::{CrashCause, Failure, FailureKind};

use super::policy::Policy;
use crate::SaveEvery;
use crate::run::Run;

/// How long a run looks out for an item that kills the process: until it is past the place where the
/// run before can have died.
#[derive(Debug)]
pub(crate) struct Caution {
    items: u64,
    until: Instant,
    is_over: bool,
}

impl Caution {
    /// That of a run that begins now.
    pub(crate) fn new(has_crashed: bool, save_every: SaveEvery, now: Instant) -> Self {
        let (items, time) = if has_crashed { save_every.at_risk() } else { (0, Duration::ZERO) };
        // Saving before each item, a run takes longer for the same items.
        Caution { items, until: now + 2 * time, is_over: !has_crashed }
    }
}

impl Caution {
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }
}

impl<F> Policy<F> {
    /// Gives up the item in flight inside `depth` loops, if it has killed the process that often;
    /// else takes it for the one that may. Says whether it is given up.
    #[cold]
    pub fn gives_up(&self, run: &mut Run, depth: usize) -> bool {
        let Some(open) = run.position.open.get(depth) else { return false };
        let (crashes, cause) = (open.crashes(), open.crash_cause());
        if crashes >= self.max_crashes && run.given_up() < self.skip_limit {
            return run.bury_killer(depth, crashes, cause);
        }
        run.suspect(depth);
        false
    }
}

impl Run {
    /// Whether the run is to save before each item.
    pub fn is_cautious(&self) -> bool {
        self.owner.is_some() && !self.caution.is_over
    }

    /// Takes the item for a suspect; past the place where the run before died, no item any more.
    fn suspect(&mut self, depth: usize) {
        let Some(open) = self.position.open.get_mut(depth) else { return };
        if self.caution.items == 0 && self.caution.until <= Instant::now() {
            self.caution.is_over = true;
            open.suspect_none();
        } else {
            self.caution.items = self.caution.items.saturating_sub(1);
            open.suspect();
        }
    }

    fn bury_killer(&mut self, depth: usize, crashes: u32, cause: Option<CrashCause>) -> bool {
        let times = if crashes == 1 { "once".to_owned() } else { format!("{crashes} times") };
        let message = format!("the process died {times} in this item");
        let failure = Failure::new(FailureKind::Crash, "crash", message)
            .with_causes(cause.map(|cause| cause.to_string()))
            .with_index(self.position.in_flight())
            .with_location(self.position.location.clone());
        let letter = self.letter(depth, failure);
        letter.is_some_and(|letter| self.bury(&letter.with_attempts(crashes)))
    }
}
