//! The time at which the batch system ends this process.
//!
//! What the environment says is known at once. A thread also asks Slurm repeatedly: a limit may be raised or lowered, and older
//! releases put nothing into the environment.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::environment::{engine, own};
use super::squeue::{Answer, Squeue, time};
use crate::tell;

/// The variable with the end in seconds since 1970, which a script on any system can set.
const SAID: &str = "SAFE_STATE_END_TIME";
/// The variable with the end in seconds since 1970, which Slurm sets since 23.02.
const SLURM: &str = "SLURM_JOB_END_TIME";
/// The variable with a length of time, in seconds or as `hours:minutes:seconds`. Its start is unknown and taken to be that of
/// the first run, so the computed end may be too late.
const LENGTH: &str = "PBS_WALLTIME";
const SQUEUE: &str = "squeue";
/// The time within which an end counts as soon. Such an end may have been put off since the script began.
const SOON: Duration = Duration::from_secs(60);
/// The largest difference between two answers that may come from rounding.
const ROUNDING: Duration = Duration::from_secs(5);

/// An end of the time, and what says so.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    at: Instant,
    source: &'static str,
}

/// The knowledge about the end.
#[derive(Clone, Debug, PartialEq)]
enum KnownEnd {
    /// No batch system ends the process.
    Free,
    Ends(End),
    /// The time has no end, as the named source says.
    Never(&'static str),
    /// The answer is still awaited.
    Asking,
    /// The batch system with this name does not tell the end. The second value is the reason, if known.
    Unknown(&'static str, Option<String>),
}

/// The knowledge of this process about the end, and the runs that observe it.
struct Ends {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    known: KnownEnd,
    /// The way to ask Slurm. The thread that asks takes it when the first run begins.
    squeue: Option<Squeue>,
    last: u64,
    runs: Vec<Run>,
}

#[derive(Clone, Debug)]
struct Run {
    number: u64,
    job: String,
    grace: Duration,
    is_verbose: bool,
    /// Whether the run was warned of an end that is near.
    was_warned: bool,
}

/// The registration of a run that stops before the end. Dropping it ends the registration.
pub struct EndWatch {
    number: u64,
    grace: Duration,
    ends: &'static Ends,
}

/// Registers a run that stops before the end, by one grace period. The run is warned at once if the end is nearer, and if it is
/// verbose, told what is known.
pub fn heed(job: &str, grace: Duration, is_verbose: bool) -> EndWatch {
    static ENDS: OnceLock<Ends> = OnceLock::new();
    let ends = ENDS.get_or_init(|| Ends::new(&own));
    ends.heed(job, grace, is_verbose)
}

/// Returns what a run that began now would know of its end, in words; `None` if no batch system has started this process. Asks
/// Slurm, if that may know, and waits for the answer.
pub fn told() -> Option<String> {
    let mut state = State::of(&own);
    if let Some(squeue) = state.squeue.take().filter(|_| state.known == KnownEnd::Asking) {
        state.take_in(&squeue, squeue.ask().map(|(answer, _)| answer));
    }
    state.known.told(Instant::now())
}

/// Returns the end that the environment says.
fn of_environment(variable: &impl Fn(&str) -> Option<String>) -> Option<End> {
    let (now, today) = (Instant::now(), SystemTime::now());
    let until =
        |end: Duration| end.saturating_sub(today.duration_since(UNIX_EPOCH).unwrap_or_default());
    let left = |name| time(variable(name)?.trim());
    let end = |source, left| Some(End { at: now.checked_add(left)?, source });
    // The user's setting goes before the batch system's.
    if let Some(said) = left(SAID) {
        return end(SAID, until(said));
    }
    let slurm = left(SLURM).and_then(|at| end(SLURM, until(at)));
    let length = left(LENGTH).and_then(|left| end(LENGTH, left));
    slurm.into_iter().chain(length).min_by_key(|end| end.at)
}

impl State {
    fn of(variable: &impl Fn(&str) -> Option<String>) -> State {
        let end = of_environment(variable);
        let is_said = variable(SAID).is_some_and(|said| time(said.trim()).is_some());
        // The user's setting goes before the batch system's.
        let squeue = Squeue::of(variable).filter(|_| !is_said);
        // A limit may have been raised since the script began, so an end that has passed, or nearly so, is asked for first.
        let is_soon = |end: &End| end.at <= Instant::now() + SOON;
        let end = end.filter(|end| squeue.is_none() || !is_soon(end));
        let known = match (end, engine(variable)) {
            (Some(end), _) => KnownEnd::Ends(end),
            (None, _) if squeue.is_some() => KnownEnd::Asking,
            (None, Some(engine)) => KnownEnd::Unknown(engine, None),
            (None, None) => KnownEnd::Free,
        };
        State { known, squeue, last: 0, runs: Vec::new() }
    }

    /// Applies an answer, and tells the runs what is new.
    fn take_in(&mut self, squeue: &Squeue, answer: Result<Answer, String>) {
        let (now, today) = (Instant::now(), SystemTime::now());
        let known = match answer {
            Ok(Answer::Ends(at)) => {
                let left = at.duration_since(today).unwrap_or_default();
                now.checked_add(left).map_or(KnownEnd::Never(SQUEUE), |at| {
                    KnownEnd::Ends(End { at, source: SQUEUE })
                })
            }
            Ok(Answer::Never) => KnownEnd::Never(SQUEUE),
            Ok(Answer::Early) => return,
            Ok(Answer::Silent) => self.not_told(None),
            Err(reason) => self.not_told(Some(reason)),
        };
        tracing::debug!(target: "safe_state", ?squeue, ?known, "asked for the end");
        let is_new = !known.is_as(&self.known);
        self.known = known;
        for run in &mut self.runs {
            run.tell(&self.known, is_new, now);
        }
    }

    /// Returns the knowledge after an answer without an end: what was known before still counts.
    fn not_told(&self, reason: Option<String>) -> KnownEnd {
        match &self.known {
            KnownEnd::Asking | KnownEnd::Unknown(..) => KnownEnd::Unknown("Slurm", reason),
            known => known.clone(),
        }
    }
}

impl Run {
    fn tell(&mut self, known: &KnownEnd, is_new: bool, now: Instant) {
        if !is_new {
            return;
        }
        if let KnownEnd::Ends(end) = known
            && end.at.saturating_duration_since(now) <= self.grace
            && !std::mem::replace(&mut self.was_warned, true)
        {
            let text = format!(
                "{}, which is within the grace period of {:?}: no run can get on; ask the batch system for more time, or \
                 say a shorter `grace_period`",
                known.told(now).unwrap_or_default(),
                self.grace
            );
            tracing::warn!(target: "safe_state", job = %self.job, "{text}");
            tell(&self.job, &text);
        } else if let Some(text) = known.told(now) {
            tracing::info!(target: "safe_state", job = %self.job, "{text}");
            if self.is_verbose {
                tell(&self.job, &text);
            }
        }
    }
}

impl KnownEnd {
    /// Returns whether both are equal, except for rounding.
    fn is_as(&self, other: &KnownEnd) -> bool {
        match (self, other) {
            (KnownEnd::Ends(one), KnownEnd::Ends(other)) => {
                let (early, late) = (one.at.min(other.at), one.at.max(other.at));
                late - early < ROUNDING
            }
            _ => self == other,
        }
    }

    fn told(&self, now: Instant) -> Option<String> {
        match self {
            KnownEnd::Free | KnownEnd::Asking => None,
            KnownEnd::Ends(End { at, source }) => {
                let left = Duration::from_secs(at.saturating_duration_since(now).as_secs());
                Some(format!(
                    "its time ends in {}, as `{source}` says",
                    humantime::format_duration(left)
                ))
            }
            KnownEnd::Never(source) => Some(format!("its time has no end, as `{source}` says")),
            KnownEnd::Unknown(engine, reason) => {
                let reason = reason.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
                Some(format!(
                    "{engine} does not tell when its time ends{reason}, so nothing is saved ahead of that; \
                     `{SAID}` can say it, in seconds since 1970"
                ))
            }
        }
    }
}

impl Ends {
    fn new(variable: &impl Fn(&str) -> Option<String>) -> Ends {
        Ends { state: Mutex::new(State::of(variable)), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heed(&'static self, job: &str, grace: Duration, is_verbose: bool) -> EndWatch {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        let job = job.to_owned();
        let mut run = Run { number, job, grace, is_verbose, was_warned: false };
        run.tell(&state.known, true, Instant::now());
        state.runs.push(run);
        if let Some(squeue) = state.squeue.take() {
            let first = if state.known == KnownEnd::Asking { Duration::ZERO } else { squeue.every };
            let name = "safe-state-end".to_owned();
            let asking = thread::Builder::new().name(name).spawn(move || self.ask(&squeue, first));
            if let Err(error) = asking {
                state.known = state.not_told(Some(error.to_string()));
            }
        }
        drop(state);
        self.changed.notify_all();
        EndWatch { number, grace, ends: self }
    }

    /// Runs the thread that asks.
    fn ask(&self, squeue: &Squeue, first: Duration) {
        thread::sleep(first);
        loop {
            let mut state = self.state();
            // While no run is registered, nothing is asked.
            while state.runs.is_empty() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            let answer = squeue.ask();
            // Another task of the array may have asked a while ago.
            let asked = answer.as_ref().ok().and_then(|(_, asked)| asked.elapsed().ok());
            self.state().take_in(squeue, answer.map(|(answer, _)| answer));
            thread::sleep(squeue.every.saturating_sub(asked.unwrap_or_default()));
        }
    }
}

impl EndWatch {
    /// Returns whether at most the grace period is left.
    pub fn is_near(&self, now: Instant) -> bool {
        let KnownEnd::Ends(end) = self.ends.state().known else { return false };
        now.checked_add(self.grace).is_none_or(|until| until >= end.at)
    }
}

impl Drop for EndWatch {
    fn drop(&mut self) {
        self.ends.state().runs.retain(|run| run.number != self.number);
    }
}

impl fmt::Debug for EndWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EndWatch").field(&self.number).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::environment::testing::environment;
    use super::*;

    fn known(variables: &[(&str, &str)]) -> (KnownEnd, bool) {
        let state = State::of(&environment(variables));
        (state.known, state.squeue.is_some())
    }

    fn left(variables: &[(&str, &str)]) -> Option<(u64, &'static str)> {
        let KnownEnd::Ends(end) = known(variables).0 else { return None };
        let left = end.at.saturating_duration_since(Instant::now());
        Some(((left + Duration::from_millis(500)).as_secs(), end.source))
    }

    fn in_seconds(seconds: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        now.checked_add_signed(seconds).unwrap().to_string()
    }

    #[test]
    fn the_end_that_is_said_counts_before_the_first_known_one() {
        let (soon, late) = (in_seconds(600), in_seconds(3600));
        let of_slurm = left(&[(SLURM, &soon)]).unwrap();
        assert!((598..=600).contains(&of_slurm.0) && of_slurm.1 == SLURM, "{of_slurm:?}");
        assert_eq!(left(&[(LENGTH, "0:01:30")]).unwrap(), (90, LENGTH));
        assert_eq!(left(&[(SLURM, &soon), (LENGTH, "0:01:30")]).unwrap().1, LENGTH);
        assert_eq!(left(&[(SLURM, &soon), (SAID, &late)]).unwrap().1, SAID);
        assert_eq!(left(&[(SAID, &in_seconds(-100))]).unwrap(), (0, SAID));
    }

    #[test]
    fn slurm_is_asked_unless_the_end_is_said() {
        let job = ("SLURM_JOB_ID", "78");
        assert_eq!(known(&[job]), (KnownEnd::Asking, true));
        assert!(known(&[job, (SLURM, &in_seconds(600))]).1);
        assert!(!known(&[job, (SAID, &in_seconds(600))]).1);
        // The end may have been put off.
        assert_eq!(known(&[job, (SLURM, &in_seconds(-100))]), (KnownEnd::Asking, true));
        assert!(known(&[job, (SAID, "soon")]).1);
        assert_eq!(known(&[("SLURM_JOB_ID", "78; rm")]), (KnownEnd::Unknown("Slurm", None), false));
    }

    #[test]
    fn a_system_that_tells_no_end_is_told() {
        assert_eq!(known(&[]).0, KnownEnd::Free);
        assert_eq!(known(&[(SLURM, "soon"), (LENGTH, "")]).0, KnownEnd::Free);
        let unknown = known(&[("SGE_TASK_ID", "undefined"), ("JOB_ID", "9")]).0;
        let told = unknown.told(Instant::now()).unwrap();
        assert!(told.starts_with("Grid Engine does not tell when its time ends"), "{told}");
        assert!(told.contains(SAID), "{told}");
    }

    #[cfg(unix)]
    fn until(what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(60), "{what}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_limit_that_is_raised_or_lowered_is_seen() {
        use super::super::squeue::tests::{calls, fake};
        let dir = tempfile::tempdir().unwrap();
        let variables = [("SLURM_JOB_ID", "78")];
        let squeue = fake(dir.path(), &variables, Duration::from_millis(1));
        let ends: &'static Ends = Box::leak(Box::new(Ends::new(&environment(&variables))));
        ends.state().squeue = Some(squeue);
        let says = |text: &str| {
            let new = dir.path().join("new");
            std::fs::write(&new, text).unwrap();
            std::fs::rename(new, dir.path().join("says")).unwrap();
        };
        says("78 10:00 0\n");
        let minute = Duration::from_secs(60);
        let heeded = ends.heed("job", minute, false);
        assert!(!heeded.is_near(Instant::now()), "nothing waits for the answer");
        until("it is asked", || matches!(ends.state().known, KnownEnd::Ends(_)));
        assert!(!heeded.is_near(Instant::now()));
        says("78 0:50 0\n");
        until("it is lowered", || heeded.is_near(Instant::now()));
        says("78 1-00:00:00 0\n");
        until("it is raised", || !heeded.is_near(Instant::now()));
        says("78 UNLIMITED 0\n");
        until("it is taken away", || ends.state().known == KnownEnd::Never(SQUEUE));
        drop(heeded);
        thread::sleep(Duration::from_millis(200));
        let before = calls(dir.path());
        thread::sleep(Duration::from_millis(200));
        assert_eq!(calls(dir.path()), before, "nobody heeds it, so nobody asks");
    }
}
