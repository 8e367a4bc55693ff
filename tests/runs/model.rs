//! What must come out.

use std::collections::HashMap;

use crate::plan::{Ended, How, Kind, Outcome, Run, Stop, Way, digest};

/// A job as the promises describe it.
pub(crate) struct Model {
    kind: Kind,
    saved: State,
}

/// What a save holds.
#[derive(Clone, Default)]
struct State {
    /// By index: how many items are complete, which were not looked at again; by key: each key, as
    /// often as items with it are complete; by cursor: the last one.
    completed: Vec<u32>,
    outcome: Outcome,
}

impl Model {
    pub(crate) fn new(kind: Kind) -> Self {
        Model { kind, saved: State::default() }
    }

    /// The effects of a run in their order, and how it ends.
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

    /// A killed process has lost what it had not saved. Any other end is told, and saved, unless
    /// values are carried: those of the item before are gone, and so is the progress since the save.
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
