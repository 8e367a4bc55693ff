//! Models two loops, one in the other, of which the inner one has a policy.

use safe_state::Action;

/// The items of the inner loops.
pub(crate) const ROWS: [&[u32]; 3] = [&[1, 2, 3], &[4, 5], &[6]];
pub(crate) const MAX_ATTEMPTS: u32 = 3;

/// The way out of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Exit {
    End,
    Continue,
    ContinueByLabel,
    ContinueOuter,
    Break,
    BreakByLabel,
    BreakOuter,
    ReturnOk,
    ReturnErr,
    QuestionMark,
    Bail,
    Panic,
}

pub(crate) const EXITS: [Exit; 12] = [
    Exit::End,
    Exit::Continue,
    Exit::ContinueByLabel,
    Exit::ContinueOuter,
    Exit::Break,
    Exit::BreakByLabel,
    Exit::BreakOuter,
    Exit::ReturnOk,
    Exit::ReturnErr,
    Exit::QuestionMark,
    Exit::Bail,
    Exit::Panic,
];

impl Exit {
    fn fails(self) -> bool {
        matches!(self, Exit::ReturnErr | Exit::QuestionMark | Exit::Bail | Exit::Panic)
    }
}

/// The ways that the item `item` leaves its body in its attempts, one after another. Further attempts leave by the
/// last.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) item: u32,
    pub(crate) exits: Vec<Exit>,
    pub(crate) action: Action,
}

impl Script {
    pub(crate) fn exit(&self, item: u32, attempt: usize) -> Exit {
        let exits = if self.item == item { self.exits.as_slice() } else { &[Exit::End] };
        exits.get(attempt - 1).or(exits.last()).copied().unwrap_or(Exit::End)
    }
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ended {
    Returned(u32),
    Failed,
    Panicked,
}

/// The state of a job between its runs.
#[derive(Default)]
pub(crate) struct Model {
    row: usize,
    column: usize,
    sum: u32,
    /// The number of attempts at the item in this row and column.
    attempts: u32,
    given_up: u64,
    pub(crate) has_dead_letters: bool,
}

/// The outcome of an item.
enum Became {
    Complete,
    LeftTheRow { completes: bool },
    Ended(Ended),
}

impl Model {
    /// Returns the items that a run tries, in their order, and how the run ends.
    pub(crate) fn run(&mut self, script: &Script) -> (Vec<u32>, Ended) {
        let mut tried = Vec::new();
        while let Some(row) = ROWS.get(self.row) {
            let Some(item) = row.get(self.column) else {
                self.next_row();
                continue;
            };
            match self.item(*item, script, &mut tried) {
                Became::Complete => {
                    self.column += 1;
                    self.attempts = 0;
                }
                Became::LeftTheRow { completes: true } => self.next_row(),
                Became::LeftTheRow { completes: false } => break,
                Became::Ended(ended) => return (tried, ended),
            }
        }
        (tried, Ended::Returned(self.sum))
    }

    fn next_row(&mut self) {
        *self = Model { row: self.row + 1, column: 0, attempts: 0, ..*self };
    }

    fn item(&mut self, item: u32, script: &Script, tried: &mut Vec<u32>) -> Became {
        loop {
            tried.push(item);
            self.attempts += 1;
            let exit = script.exit(item, self.attempts as usize);
            if !exit.fails() {
                self.sum += item;
            }
            let failed = match exit {
                Exit::End | Exit::Continue | Exit::ContinueByLabel => return Became::Complete,
                Exit::ContinueOuter | Exit::Break | Exit::BreakByLabel => {
                    return Became::LeftTheRow { completes: true };
                }
                Exit::BreakOuter => return Became::LeftTheRow { completes: false },
                Exit::ReturnOk => return Became::Ended(Ended::Returned(self.sum)),
                Exit::Panic => Ended::Panicked,
                Exit::ReturnErr | Exit::QuestionMark | Exit::Bail => Ended::Failed,
            };
            match script.action {
                Action::Retry | Action::RetryAfter(_) if self.attempts < MAX_ATTEMPTS => {}
                Action::Skip | Action::DeadLetter if self.given_up < 1 => {
                    self.has_dead_letters |= script.action == Action::DeadLetter;
                    self.given_up += 1;
                    return Became::Complete;
                }
                _ => return Became::Ended(failed),
            }
        }
    }
}
