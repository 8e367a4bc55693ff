//! What the watchdog has seen of a run.

use std::time::Instant;

use crate::escalation::Escalation;
use crate::parked::LentTo;

/// What was seen of a run, and what was done about it.
#[derive(Debug)]
pub(super) struct State<P> {
    pub(super) has_ended: bool,
    /// The item that was seen last, by how many have completed since the progress was lent.
    pub(super) seen_item: u64,
    /// The item in flight; none between items.
    pub(super) item: Option<InFlight>,
    pub(super) parked: LentTo<P>,
    /// When memory use passed the limit, and how much was in use then.
    pub(super) memory: Option<(Instant, u64)>,
    pub(super) escalation: Escalation,
    /// Whether the end of the process has been announced.
    pub(super) has_told_the_end: bool,
    /// The last reason for which progress was saved because the process may be ended soon.
    pub(super) seen: Seen,
}

/// The times of the item in flight, as far as they were seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    /// When its body began, or was first seen.
    pub(super) began: Instant,
    /// When it last made progress.
    pub(super) progress: Instant,
}

/// A reason why the process may soon be ended from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    #[default]
    Nothing,
    /// Memory is tight: the item in flight may be to blame.
    Tight,
    /// The time of the batch system is nearly over: no item is to blame.
    End,
}

impl<P> Default for State<P> {
    fn default() -> Self {
        State {
            has_ended: false,
            seen_item: 0,
            item: None,
            parked: LentTo::default(),
            memory: None,
            escalation: Escalation::default(),
            has_told_the_end: false,
            seen: Seen::default(),
        }
    }
}

impl<P> State<P> {
    /// Notes that the body of an item begins, behind `completed` others since the progress was lent.
    pub(super) fn begin_item(&mut self, completed: u64, now: Instant) {
        self.seen_item = completed;
        self.item = Some(InFlight { began: now, progress: now });
        self.escalation.reset();
        self.has_told_the_end = false;
    }

    pub(super) fn end_item(&mut self) {
        self.item = None;
    }
}
