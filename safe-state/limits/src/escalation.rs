//! The steps that are taken, one after another, against work that goes on beyond its limit.

use std::time::{Duration, Instant};

use super::units::after;

/// The shortest time between two steps. Work could not use a shorter one.
pub(crate) const SHORTEST_GRACE: Duration = Duration::from_millis(10);
/// The shortest time between two looks, so that the watchdog's cost can't be measured.
pub(crate) const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

/// The way in which work that has passed its limit is interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interrupt {
    /// The work is cancelled: `check` and futures under the limit return an error, until there is progress. Work that
    /// does not check goes on.
    Cancellation,
    /// The work gets SIGINT, then SIGTERM, and then SIGTERM again, or SIGKILL if `send_kill` is set.
    Signal,
    /// The work is cancelled, then gets SIGINT, and then SIGTERM, or SIGKILL if `send_kill` is set.
    #[default]
    CancellationThenSignal,
}

/// A step of an escalation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Cancel,
    Interrupt,
    Terminate,
    Kill,
}

/// The steps of a limit, and the time between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) interrupt: Interrupt,
    pub(crate) send_kill: bool,
    pub(crate) grace: Duration,
}

/// The number of steps that a limit has taken.
#[derive(Debug, Default)]
pub(crate) struct Escalation {
    taken: usize,
}

impl Steps {
    fn in_order(self) -> [Option<Step>; 3] {
        let last = if self.send_kill { Step::Kill } else { Step::Terminate };
        match self.interrupt {
            Interrupt::Cancellation => [Some(Step::Cancel), None, None],
            Interrupt::Signal => [Some(Step::Interrupt), Some(Step::Terminate), Some(last)],
            Interrupt::CancellationThenSignal => {
                [Some(Step::Cancel), Some(Step::Interrupt), Some(last)]
            }
        }
    }
}

impl Escalation {
    /// Starts anew, as the work is within its limit.
    pub(crate) fn reset(&mut self) {
        self.taken = 0;
    }

    /// Returns whether the first step has been taken.
    pub(crate) fn has_begun(&self) -> bool {
        self.taken > 0
    }

    /// Takes the step that is due for work that passed its limit at `passed`. Returns the step, if one is due, and when
    /// the next one is due.
    pub(crate) fn next_step(
        &mut self,
        steps: Steps,
        passed: Instant,
        now: Instant,
    ) -> (Option<Step>, Option<Instant>) {
        let due = |number: usize| {
            let graces = u32::try_from(number).unwrap_or(u32::MAX);
            after(passed, steps.grace.saturating_mul(graces))
        };
        let all = steps.in_order();
        let at = |number: usize| all.get(number).copied().flatten();
        let step = at(self.taken).filter(|_| due(self.taken) <= now);
        self.taken += usize::from(step.is_some());
        (step, at(self.taken).map(|_| due(self.taken)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(15);

    fn steps(interrupt: Interrupt, send_kill: bool) -> Vec<(u64, Step)> {
        let steps = Steps { interrupt, send_kill, grace: GRACE };
        let (mut escalation, passed) = (Escalation::default(), Instant::now());
        let mut taken = Vec::new();
        let mut next = Some(passed);
        while let Some(now) = next {
            let (step, due) = escalation.next_step(steps, passed, now);
            taken.extend(step.map(|step| ((now - passed).as_secs(), step)));
            next = due;
        }
        taken
    }

    #[test]
    fn each_kind_of_interrupt_has_its_steps() {
        use Step::{Cancel, Interrupt as Int, Kill, Terminate};
        assert_eq!(steps(Interrupt::Cancellation, true), [(0, Cancel)]);
        let signals = [(0, Int), (15, Terminate), (30, Terminate)];
        assert_eq!(steps(Interrupt::Signal, false), signals);
        assert_eq!(steps(Interrupt::Signal, true), [(0, Int), (15, Terminate), (30, Kill)]);
        let both = [(0, Cancel), (15, Int), (30, Terminate)];
        assert_eq!(steps(Interrupt::default(), false), both);
        assert_eq!(steps(Interrupt::default(), true), [(0, Cancel), (15, Int), (30, Kill)]);
    }

    #[test]
    fn a_step_waits_for_its_time_and_progress_begins_anew() {
        let steps = Steps { interrupt: Interrupt::Signal, send_kill: false, grace: GRACE };
        let (mut escalation, passed) = (Escalation::default(), Instant::now());
        let next = Some(passed + GRACE);
        assert_eq!(escalation.next_step(steps, passed, passed), (Some(Step::Interrupt), next));
        let soon = passed + GRACE / 2;
        assert_eq!(escalation.next_step(steps, passed, soon), (None, next));
        escalation.reset();
        assert_eq!(escalation.next_step(steps, soon, soon).0, Some(Step::Interrupt));
    }
}
