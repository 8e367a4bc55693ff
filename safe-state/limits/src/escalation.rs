//! What is done about work that goes on beyond its limit, step by step.

use std::time::{Duration, Instant};

use super::units::after;

/// A grace that no work could use would be none.
pub(crate) const SHORTEST_GRACE: Duration = Duration::from_millis(10);
/// The watchdog is to cost nothing that can be measured.
pub(crate) const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

/// How work that has passed its limit is interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interrupt {
    /// It is cancelled: `check` and guarded futures return an error, until there is progress. What does
    /// not ask goes on.
    Cancellation,
    /// It gets SIGINT, then SIGTERM, then SIGTERM again, or SIGKILL where `send_kill` says so.
    Signal,
    /// It is cancelled, then gets SIGINT, then SIGTERM, or SIGKILL where `send_kill` says so.
    #[default]
    CancellationThenSignal,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Cancel,
    Interrupt,
    Terminate,
    Kill,
}

/// The steps of a guard, and the time between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escalation {
    pub(crate) interrupt: Interrupt,
    pub(crate) send_kill: bool,
    pub(crate) grace: Duration,
}

/// How far a guard has come in its steps.
#[derive(Debug, Default)]
pub(crate) struct Stairs {
    level: usize,
}

impl Escalation {
    fn steps(self) -> [Option<Step>; 3] {
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

impl Stairs {
    /// Back to the bottom: the work is within its limit.
    pub(crate) fn descend(&mut self) {
        self.level = 0;
    }

    /// Whether the first step has been taken.
    pub(crate) fn is_above(&self) -> bool {
        self.level > 0
    }

    /// The step that is due, of work that passed its limit at `passed`; and when the next one is.
    pub(crate) fn climb(
        &mut self,
        escalation: Escalation,
        passed: Instant,
        now: Instant,
    ) -> (Option<Step>, Option<Instant>) {
        let due = |level: usize| {
            let graces = u32::try_from(level).unwrap_or(u32::MAX);
            after(passed, escalation.grace.saturating_mul(graces))
        };
        let steps = escalation.steps();
        let at = |level: usize| steps.get(level).copied().flatten();
        let step = at(self.level).filter(|_| due(self.level) <= now);
        self.level += usize::from(step.is_some());
        (step, at(self.level).map(|_| due(self.level)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(15);

    fn steps(interrupt: Interrupt, send_kill: bool) -> Vec<(u64, Step)> {
        let escalation = Escalation { interrupt, send_kill, grace: GRACE };
        let (mut stairs, passed) = (Stairs::default(), Instant::now());
        let mut taken = Vec::new();
        let mut next = Some(passed);
        while let Some(now) = next {
            let (step, due) = stairs.climb(escalation, passed, now);
            taken.extend(step.map(|step| ((now - passed).as_secs(), step)));
            next = due;
        }
        taken
    }

    #[test]
    fn each_kind_has_its_steps() {
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
        let escalation =
            Escalation { interrupt: Interrupt::Signal, send_kill: false, grace: GRACE };
        let (mut stairs, passed) = (Stairs::default(), Instant::now());
        let next = Some(passed + GRACE);
        assert_eq!(stairs.climb(escalation, passed, passed), (Some(Step::Interrupt), next));
        let soon = passed + GRACE / 2;
        assert_eq!(stairs.climb(escalation, passed, soon), (None, next));
        stairs.descend();
        assert_eq!(stairs.climb(escalation, soon, soon).0, Some(Step::Interrupt));
    }
}
