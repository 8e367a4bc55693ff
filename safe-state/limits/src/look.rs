//! The watchdog's look at a run under limits, and the steps that follow.

mod passed;
mod state;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use safe_state_base::engine::EndWatch;
use safe_state_base::{Error, Memory, StopReason, tell};

use crate::escalation::{Interrupt, Step, Steps};
use crate::job_limits::JobLimits;
use crate::memory::pause;
use crate::meter::Meter;
use crate::parked::{Blame, LentTo, Parked};
use crate::pressure::Pressure;
use crate::pulse::{Beat, Pulse};
use crate::signal::{self, ThreadId};
use crate::token::Token;
use crate::units::after;
use crate::watchdog::Watch;
use passed::{Passed, What};
use state::{Seen, State};

/// The longest time for which memory may grow beyond its limit before the next step, as it may soon be used up.
const LONGEST_MEMORY_GRACE: Duration = Duration::from_secs(5);
/// The time between two looks at memory far from its limit, at the batch system's end, and at a limit that stays
/// passed.
const INTERVAL: Duration = Duration::from_millis(100);
/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(10);

/// A run under limits.
#[derive(Debug)]
pub(crate) struct RunWatch<P> {
    job: String,
    limits: JobLimits,
    began: Instant,
    outside: Outside,
    memory: MemoryWatch,
    token: Arc<Token>,
    pulse: Pulse,
    state: Mutex<State<P>>,
}

/// The reasons outside the run for which the process may end.
#[derive(Debug)]
struct Outside {
    /// When the batch system ends the program; `None` if the run does not heed it.
    ends: Option<Arc<EndWatch>>,
    /// How close the control group is to its limit of memory; `None` if it has none.
    pressure: Option<Arc<Pressure>>,
    /// Whether a signal has asked the process to end. Changed only while the state is locked.
    is_asked_to_end: AtomicBool,
}

/// The memory in use, beside the limit of the run.
#[derive(Debug)]
struct MemoryWatch {
    /// `None` if the run has no limit.
    meter: Option<Meter>,
    has_too_much: AtomicBool,
}

impl<P: Parked> RunWatch<P> {
    pub(crate) fn new(
        job: &str,
        limits: JobLimits,
        ends: Option<Arc<EndWatch>>,
        pressure: Option<Arc<Pressure>>,
        now: Instant,
    ) -> Result<Self, Error> {
        let meter = limits.process.max_memory.map(|_| Meter::of(Memory::Process)).transpose();
        let meter = meter.map_err(Error::Memory)?;
        let token = Arc::new(Token::new(true));
        token.works_here();
        Ok(RunWatch {
            job: job.to_owned(),
            limits,
            began: now,
            outside: Outside { ends, pressure, is_asked_to_end: AtomicBool::new(false) },
            memory: MemoryWatch { meter, has_too_much: AtomicBool::new(false) },
            token,
            pulse: Pulse::default(),
            state: Mutex::default(),
        })
    }

    pub(crate) fn token(&self) -> &Arc<Token> {
        &self.token
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    pub(crate) fn begin_item(&self, parked: Box<P>, now: Instant) {
        let mut state = self.state();
        state.begin_item(0, now);
        state.parked = LentTo::Here(parked);
        self.pulse.set(Beat::Running(0));
        if self.outside.is_asked_to_end.load(Ordering::Relaxed) {
            state.parked.save(Blame::Nobody, &self.job);
        }
    }

    pub(crate) fn unpark(&self) -> Option<Box<P>> {
        let mut state = self.state();
        self.notice(&mut state, Instant::now);
        self.pulse.set(Beat::Own);
        state.parked.take()
    }

    pub(crate) fn end_item(&self) {
        self.state().end_item();
        self.token.take_back();
    }

    /// Saves progress after a signal has asked the process to end. If the process is killed before the item ends, the
    /// item is not to blame.
    pub(crate) fn is_asked_to_end(&self) {
        let mut state = self.state();
        if !state.has_ended {
            self.outside.is_asked_to_end.store(true, Ordering::Relaxed);
            // The signal may come from a limit that this watch enforces.
            let is_its_fault = state.escalation.has_begun();
            let blame = if is_its_fault { Blame::AsBefore } else { Blame::Nobody };
            self.pulse.ask(true);
            if self.holds(&mut state) {
                state.parked.save(blame, &self.job);
            }
        }
    }

    /// Takes in which item's body runs by now.
    fn notice(&self, state: &mut State<P>, now: impl FnOnce() -> Instant) {
        match self.pulse.beat() {
            Beat::Running(completed) if completed != state.seen_item => {
                state.begin_item(completed, now());
            }
            Beat::Between(_) => state.end_item(),
            Beat::Own | Beat::Running(_) | Beat::Held(_) => {}
        }
    }

    /// Holds the item that was noticed, if its body still runs, so that what was lent can be saved. Returns whether it can.
    fn holds(&self, state: &mut State<P>) -> bool {
        match self.pulse.beat() {
            Beat::Running(completed) => {
                let is_held = self.pulse.hold(completed);
                if is_held {
                    state.parked.settle(completed);
                }
                is_held
            }
            Beat::Own | Beat::Held(_) => true,
            Beat::Between(_) => false,
        }
    }

    /// Returns why the run is to end before its next item; `None` if it goes on.
    pub(crate) fn stop(&self, now: Instant) -> Option<StopReason> {
        if self.is_over(now) {
            return Some(StopReason::Timeout);
        }
        if self.memory.has_too_much.load(Ordering::Relaxed) {
            return Some(StopReason::MaxMemory);
        }
        self.is_near_its_end(now).then_some(StopReason::WallTime)
    }

    /// Returns whether the run's time is over.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.limits.process.timeout.is_some_and(|timeout| now >= after(self.began, timeout))
    }

    /// Returns whether no more time than the grace period is left until the batch system ends the program.
    fn is_near_its_end(&self, now: Instant) -> bool {
        self.outside.ends.as_ref().is_some_and(|ends| ends.is_near(now))
    }

    fn sees(&self, now: Instant) -> Seen {
        if self.is_near_its_end(now) {
            Seen::End
        } else if self.outside.pressure.as_ref().is_some_and(|it| it.is_tight()) {
            Seen::Tight
        } else {
            Seen::Nothing
        }
    }

    /// Returns the passed limit that can wait the least, if one is passed.
    fn passed(&self, state: &State<P>, used: u64, now: Instant) -> Option<Passed> {
        let grace = self.limits.process.grace_period;
        let of_time = |began: Instant, limit: Option<Duration>, what: fn(Duration) -> What| {
            let limit = limit?;
            let passed = |at| Passed { at, what: what(limit), grace, is_urgent: false };
            Some(after(began, limit)).filter(|at| *at <= now).map(passed)
        };
        let memory = state.memory.zip(self.limits.process.max_memory);
        let memory = memory.map(|((at, then), limit)| Passed {
            // If the limit was passed before the item began, the item's grace period starts with the item.
            at: state.item.map_or(at, |item| at.max(item.began)),
            what: What::Memory { limit, used },
            grace: grace.min(LONGEST_MEMORY_GRACE),
            is_urgent: used > then.saturating_add(limit / 2),
        });
        memory
            .or_else(|| of_time(state.item?.progress, self.limits.item_timeout, What::Item))
            .or_else(|| of_time(self.began, self.limits.process.timeout, What::Run))
    }

    fn escalate(&self, state: &mut State<P>, passed: Passed, now: Instant) -> Option<Instant> {
        let (interrupt, grace) = (Interrupt::CancellationThenSignal, passed.grace);
        let steps = Steps { interrupt, send_kill: true, grace };
        if passed.is_urgent {
            self.take(state, Step::Cancel, passed, now);
            self.take(state, Step::Kill, passed, now);
        }
        // The run's time may have been over for long when an item begins nevertheless.
        let at = state.item.map_or(passed.at, |item| passed.at.max(item.began));
        if state.escalation.has_begun() && !self.token.is_cancelled() {
            // Progress takes a cancellation back, but it does not count for this limit, so the item is cancelled again.
            self.take(state, Step::Cancel, passed, now);
        }
        let (step, next) = state.escalation.next_step(steps, at, now);
        if let Some(step) = step {
            self.take(state, step, passed, now);
        }
        next
    }

    fn take(&self, state: &mut State<P>, step: Step, passed: Passed, now: Instant) {
        let Passed { what, .. } = passed;
        tracing::warn!(target: "safe_state", job = %self.job, ?step, ?what, "a limit was passed");
        if step == Step::Cancel {
            // Nothing is cancelled between items, as the saving code must not be dropped.
            let Some(item) = state.item else { return };
            self.token.cancel(what.told(&self.job, now - item.progress, now - self.began));
            return;
        }
        let is_held = self.holds(state);
        let item = if is_held { state.parked.item() } else { None };
        if is_held {
            state.parked.save(what.blame(), &self.job);
        }
        if !std::mem::replace(&mut state.has_told_the_end, true) {
            tell(&self.job, &what.ending(item));
        }
        signal::send(step, ThreadId::default());
    }

    fn state(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when the next limit can be passed, and a look is due.
    fn next_look(&self, state: &State<P>, used: u64, now: Instant) -> Instant {
        let limits = &self.limits;
        let item = limits.item_timeout.map(|limit| {
            let due = after(state.item.map_or(now, |item| item.progress), limit);
            // Progress, and the next item, are only noticed by a look.
            due.min(after(now, (limit / 10).clamp(SHORTEST, INTERVAL)))
        });
        let run = limits.process.timeout.map(|limit| after(self.began, limit));
        let memory = limits
            .process
            .max_memory
            .map(|limit| now + pause(limit.saturating_sub(used), INTERVAL));
        let pressure = self.outside.pressure.as_ref().map(|it| now + it.pause().min(INTERVAL));
        let outside =
            self.outside.ends.as_ref().map(|_| now + INTERVAL).into_iter().chain(pressure).min();
        let next = [item, run, memory, outside].into_iter().flatten().min();
        // A passed limit may stay so between two items.
        let soonest = memory.unwrap_or(now + SHORTEST);
        next.unwrap_or(now + INTERVAL).max(soonest)
    }
}

impl<P: Parked> Watch for RunWatch<P> {
    fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        if state.has_ended {
            return None;
        }
        self.notice(&mut state, || now);
        let used = self.memory.meter.as_ref().and_then(Meter::read).unwrap_or(0);
        if let Some(item) = &mut state.item
            && self.token.takes_progress()
        {
            item.progress = now;
        }
        let has_too_much = self.limits.process.max_memory.is_some_and(|limit| used > limit);
        self.memory.has_too_much.store(has_too_much, Ordering::Relaxed);
        state.memory = if has_too_much { state.memory.or(Some((now, used))) } else { None };
        let escalating = if let Some(passed) = self.passed(&state, used, now) {
            // The item may end meanwhile. Then nothing is cancelled, and the next look finds what has passed by then.
            let is_over = state.item.is_some() && !self.holds(&mut state);
            if is_over { Some(now + SHORTEST) } else { self.escalate(&mut state, passed, now) }
        } else {
            state.escalation.reset();
            self.token.take_back();
            None
        };
        let seen = self.sees(now);
        let is_new = seen > state.seen;
        // If no item's body can be held now, the next look tries again.
        let can_save = !is_new || self.holds(&mut state);
        if is_new && can_save {
            let blame = if seen == Seen::End { Blame::Nobody } else { Blame::AsBefore };
            state.parked.save(blame, &self.job);
        }
        if can_save {
            // The end may be postponed, and come near again.
            state.seen = seen.max(state.seen.min(Seen::Tight));
        }
        let is_asked = self.outside.is_asked_to_end.load(Ordering::Relaxed) || seen > Seen::Nothing;
        self.pulse.ask(is_asked || self.stop(now).is_some());
        let next = self.next_look(&state, used, now);
        Some(escalating.map_or(next, |due| due.min(next)))
    }

    fn end(&self) {
        self.state().has_ended = true;
    }
}

#[cfg(test)]
mod tests;
