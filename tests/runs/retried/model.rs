//! Models what runs must do where items fail.

use std::collections::{BTreeSet, HashMap};

use safe_state::Action;

use super::job::{Ended, Kind, Run};
use crate::plan::{Outcome, Way, digest};

/// The identity of an item: its index, or its value and how many items with the same value come before it.
type Id = (u32, u32);

/// A dead letter: the index of the item when it was given up, and the number of its attempts.
struct Letter {
    id: Id,
    index: u64,
    attempts: u32,
}

/// A job as the promises describe it.
pub(crate) struct Model {
    kind: Kind,
    saved: State,
    /// Whether a checkpoint is stored.
    is_kept: bool,
}

/// The contents of a save.
#[derive(Default)]
struct State {
    completed: BTreeSet<Id>,
    outcome: Outcome,
    /// The item that failed last, and the number of its attempts.
    attempts: Option<(Id, u32)>,
    skipped: u64,
    letters: Vec<Letter>,
}

/// The outcome of an item.
enum Became {
    Complete,
    GivenUp,
    Failed,
    Killed,
}

/// A run under way.
struct Running<'a> {
    run: &'a Run,
    state: State,
    tried: Vec<u32>,
    unsaved: u64,
}

impl Clone for State {
    fn clone(&self) -> Self {
        let letter = |Letter { id, index, attempts }: &Letter| Letter {
            id: *id,
            index: *index,
            attempts: *attempts,
        };
        State {
            completed: self.completed.clone(),
            outcome: self.outcome.clone(),
            letters: self.letters.iter().map(letter).collect(),
            ..*self
        }
    }
}

impl Model {
    pub(crate) fn new(kind: Kind) -> Self {
        Model { kind, saved: State::default(), is_kept: false }
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    pub(crate) fn letters(&self) -> Vec<(u64, u32)> {
        self.saved.letters.iter().map(|letter| (letter.index, letter.attempts)).collect()
    }

    pub(crate) fn skipped(&self) -> u64 {
        self.saved.skipped
    }

    /// Puts the dead letters back, and returns their number.
    pub(crate) fn put_back(&mut self) -> usize {
        let letters = std::mem::take(&mut self.saved.letters);
        for Letter { id, .. } in &letters {
            self.saved.completed.remove(id);
            self.saved.attempts = self.saved.attempts.filter(|(item, _)| item != id);
        }
        letters.len()
    }

    /// Returns the items that a run tries, in their order, and how the run ends.
    pub(crate) fn run(&mut self, run: &Run) -> (Vec<u32>, Ended) {
        let mut running = Running { run, state: self.saved.clone(), tried: Vec::new(), unsaved: 0 };
        self.is_kept = true;
        for (index, id, item) in self.to_do(&run.input) {
            match self.item(&mut running, (index, id, item)) {
                Became::Complete if self.kind.carries => {
                    let outcome = &mut running.state.outcome;
                    outcome.digest = digest(outcome.digest, item);
                    outcome.items.push(item);
                }
                Became::Complete | Became::GivenUp => {}
                Became::Failed => return (running.tried, Ended::Failed),
                Became::Killed => return (running.tried, Ended::Killed),
            }
            running.state.completed.insert(id);
            running.unsaved += 1;
            if running.unsaved == self.kind.save_every {
                self.save(&mut running);
            }
        }
        let outcome = running.state.outcome.clone();
        self.is_kept = !running.state.letters.is_empty();
        self.saved = if self.is_kept { running.state } else { State::default() };
        (running.tried, Ended::Returned(outcome))
    }

    fn save(&mut self, running: &mut Running<'_>) {
        self.saved = running.state.clone();
        running.unsaved = 0;
    }

    fn to_do(&self, input: &[u32]) -> Vec<(u64, Id, u32)> {
        let mut met: HashMap<u32, u32> = HashMap::new();
        let known = |(index, item): (u64, &u32)| match self.kind.way {
            Way::Index => (index, (u32::try_from(index).unwrap(), 0), *item),
            Way::Key | Way::Cursor => {
                let nth = met.entry(*item).or_default();
                *nth += 1;
                (index, (*item, *nth - 1), *item)
            }
        };
        let all: Vec<_> = (0..).zip(input).map(known).collect();
        all.into_iter().filter(|(_, id, _)| !self.saved.completed.contains(id)).collect()
    }

    fn item(&mut self, running: &mut Running<'_>, (index, id, item): (u64, Id, u32)) -> Became {
        let mut failed = 0;
        loop {
            running.tried.push(item);
            if running.run.killed == Some(running.tried.len() - 1) {
                return Became::Killed;
            }
            let Some(bad) = running.run.bad(item).filter(|bad| failed < bad.fails) else {
                return Became::Complete;
            };
            failed += 1;
            let before = running.state.attempts.filter(|(item, _)| *item == id);
            let attempts = before.map_or(0, |(_, count)| count) + 1;
            running.state.attempts = Some((id, attempts));
            let is_last = attempts >= self.kind.max_attempts;
            let given_up = running.state.skipped + running.state.letters.len() as u64;
            let has_room = given_up < self.kind.skip_limit;
            match bad.answer.action(is_last) {
                Action::Skip if has_room => {
                    running.state.skipped += 1;
                    return Became::GivenUp;
                }
                Action::DeadLetter if has_room => {
                    running.state.letters.push(Letter { id, index, attempts });
                    return Became::GivenUp;
                }
                Action::Retry if !is_last => self.save(running),
                _ => {
                    self.save(running);
                    return Became::Failed;
                }
            }
        }
    }
}
