//! Models what runs must do, and what a job must return.

use std::collections::HashMap;

use crate::plan::{Ended, How, Kind, Outcome, Run, Stop, Way, digest};

/// A job as the promises describe it.
pub(crate) struct Model {
    kind: Kind,
    saved: State,
}

/// The contents of a save.
#[derive(Clone, Default)]
struct State {
    /// The complete items. By index, their number counts. By key, each key counts as often as items with it are
    /// complete. By cursor, the last item counts.
    completed: Vec<u32>,
    outcome: Outcome,
}

impl Model {
    pub(crate) fn new(kind: Kind) -> Self {
        Model { kind, saved: State::default() }
    }

    /// Returns the effects of a run in their order, and how the run ends.
    pub(crate) fn run(&mut self, run: &Run) -> (Vec<u32>, Ended) {
        let to_do = self.to_do(&run.input);
        let mut state = self.saved.clone();
        let mut effects = Vec::new();
        let mut unsaved = 0;
        for (at, item) in to_do.into_iter().enumerate() {
            let stop = run.stop.filter(|stop| stop.after == at);
            if stop.is_none_or(|stop| stop.has_effect) {
                effects.push(item);
            }
            if let Some(stop) = stop {
                return (effects, self.stopped(stop, state));
            }
            state.completed.push(item);
            if self.kind.carries {
                state.outcome.digest = digest(state.outcome.digest, item);
                state.outcome.items.push(item);
            }
            unsaved += 1;
            if unsaved == self.kind.save_every {
                self.saved = state.clone();
                unsaved = 0;
            }
        }
        self.saved = State::default();
        (effects, Ended::Returned(state.outcome))
    }

    /// Ends a run early. A killed process has lost what it had not saved. Any other end is saved, unless values are
    /// carried: the values of the item before are gone, and so is the progress since the last save.
    fn stopped(&mut self, stop: Stop, state: State) -> Ended {
        if stop.how != How::Kill && !self.kind.carries {
            self.saved = state;
        }
        Ended::Stopped(stop.how)
    }

    fn to_do(&self, input: &[u32]) -> Vec<u32> {
        let completed = &self.saved.completed;
        match self.kind.way {
            Way::Index => input[completed.len()..].to_vec(),
            Way::Key => {
                let mut left: HashMap<u32, usize> = HashMap::new();
                for key in completed {
                    *left.entry(*key).or_default() += 1;
                }
                let is_new = |key: &&u32| match left.get_mut(key) {
                    Some(count) if *count > 0 => {
                        *count -= 1;
                        false
                    }
                    _ => true,
                };
                input.iter().filter(is_new).copied().collect()
            }
            Way::Cursor => {
                let last = completed.last().copied().unwrap_or(0);
                input.iter().filter(|item| **item > last).copied().collect()
            }
        }
    }
}
