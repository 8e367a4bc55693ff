//! The reaction to a signal that asks the process to end: a thread waits for it, does what the runs have registered, and ends
//! the process at a later one.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::iterator::{Handle, Signals};

use super::chosen::{EndSignals, SECOND_SIGNAL_AFTER, only_warns};
use crate::signals::Heard;
use crate::signals::dying;

/// The registration of a run that signals ask to end.
pub(super) struct Listener {
    number: u64,
    /// The claim on the signals, which is taken out on drop.
    heard: Option<Heard>,
    process: &'static Process,
}

/// All runs of the process that listen to signals.
struct Process {
    runs: Mutex<Runs>,
    fewer: Condvar,
    /// The handle of the thread that waits for the signals, if it was started.
    thread: Option<Handle>,
}

#[derive(Default)]
struct Runs {
    last: u64,
    listening: Vec<Listening>,
    /// Whether the thread waits for the time from which a second signal counts.
    is_waiting: bool,
    /// The claims of runs that were asked to end and have ended before that time, so that the second signal of a pair does not
    /// end what the program does next; each with the longest time for which it is kept.
    kept: Vec<(Heard, Duration)>,
}

struct Listening {
    number: u64,
    came: Arc<AtomicBool>,
    signals: EndSignals,
    second_after: Duration,
    /// Whether the thread has seen that the run was asked to end.
    is_asked: bool,
    /// Whether the run was asked by a signal that does more than warn.
    is_to_end: bool,
    then: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Listener {
    /// Registers a run. Signals set `came`; one that comes `second_after` after the first, or later, ends the process.
    pub(super) fn begin(
        came: &Arc<AtomicBool>,
        signals: EndSignals,
        second_after: Duration,
    ) -> Listener {
        let numbers = signals.numbers();
        let heard = Heard::begin(&numbers);
        let process = Process::get();
        for signal in numbers {
            // These signals can be caught. Adding one that is waited for already changes nothing.
            let _ = process.thread.as_ref().map(|thread| thread.add_signal(signal));
        }
        let mut runs = process.runs();
        runs.last += 1;
        let (number, came) = (runs.last, Arc::clone(came));
        runs.listening.push(Listening {
            number,
            came,
            signals,
            second_after,
            is_asked: false,
            is_to_end: false,
            then: None,
        });
        Listener { number, heard: Some(heard), process }
    }

    pub(super) fn then(&self, done: Arc<dyn Fn() + Send + Sync>) {
        let mut runs = self.process.runs();
        let mine = runs.listening.iter_mut().find(|run| run.number == self.number);
        // The signal may have come already.
        let missed = mine.and_then(|run| {
            run.then = Some(Arc::clone(&done));
            run.is_asked.then_some(done)
        });
        drop(runs);
        if let Some(done) = missed {
            done();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut runs = self.process.runs();
        let mine = runs.listening.iter().position(|run| run.number == self.number);
        if let Some(run) = mine.map(|at| runs.listening.swap_remove(at)) {
            // The thread has not seen the signal yet, or is waiting.
            let lets_go = runs.is_waiting || !run.is_asked;
            if self.process.thread.is_some() && lets_go && run.came.load(Ordering::SeqCst) {
                let longest = run.second_after.min(SECOND_SIGNAL_AFTER);
                runs.kept.extend(self.heard.take().map(|heard| (heard, longest)));
            }
        }
        drop(runs);
        self.process.fewer.notify_all();
    }
}

/// The runs of the process. It is created when the first run listens: from then on the signals have a handler.
static PROCESS: OnceLock<Process> = OnceLock::new();

impl Process {
    fn get() -> &'static Process {
        PROCESS.get_or_init(|| {
            let watching = Signals::new([] as [i32; 0]).and_then(|signals| {
                let (name, handle) = ("safe-state-asked".to_owned(), signals.handle());
                thread::Builder::new().name(name).spawn(|| watch(signals)).map(|_| handle)
            });
            let thread = watching.inspect_err(tell_deaf).ok();
            Process { runs: Mutex::default(), fewer: Condvar::new(), thread }
        })
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_deaf(error: &io::Error) {
    tracing::warn!(target: "safe_state", %error, "a second signal will not end the process");
}

/// Runs the thread that waits for signals.
fn watch(mut signals: Signals) {
    loop {
        let Some(signal) = signals.forever().next() else { return };
        // The thread may have been called before the process was set up.
        let process = Process::get();
        end_if_asked(signal);
        if !process.ask(signal) {
            continue;
        }
        process.wait_until_a_second_counts();
        // However late this thread runs, the signals that have come until now do not count as second ones.
        for signal in signals.pending() {
            process.ask(signal);
        }
        process.let_go();
    }
}

impl Process {
    /// Asks the runs to end that listen to the signal, and calls what they have registered. Returns whether any run listens or
    /// has a claim.
    fn ask(&self, signal: i32) -> bool {
        let mut runs = self.runs();
        let new: Vec<_> = runs.listening.iter_mut().filter(|run| run.signals.has(signal)).collect();
        let then: Vec<_> = new
            .into_iter()
            .filter_map(|run| {
                run.is_to_end |= !only_warns(signal);
                if run.is_asked {
                    return None;
                }
                run.is_asked = true;
                // A run that began between the signal and now is asked as well.
                run.came.store(true, Ordering::SeqCst);
                run.then.clone()
            })
            .collect();
        runs.is_waiting = !runs.listening.is_empty() || !runs.kept.is_empty();
        let is_asked = runs.is_waiting;
        drop(runs);
        for then in then {
            then();
        }
        is_asked
    }

    /// Waits until the longest time of the runs is over. A run that has ended counts with the default time at most.
    fn wait_until_a_second_counts(&self) {
        let began = Instant::now();
        let mut runs = self.runs();
        loop {
            let asked = runs.listening.iter().filter(|run| run.is_asked);
            let kept = runs.kept.iter().map(|(_, longest)| *longest);
            let patience = asked.map(|run| run.second_after).chain(kept).max();
            let left = patience.map(|patience| patience.saturating_sub(began.elapsed()));
            let Some(left) = left.filter(|left| !left.is_zero()) else { return };
            let waited = self.fewer.wait_timeout(runs, left);
            runs = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Process {
    /// Releases the claims of ended runs, so that a signal has its default action again if no run listens.
    fn let_go(&self) {
        let mut runs = self.runs();
        runs.is_waiting = false;
        let kept = std::mem::take(&mut runs.kept);
        drop(runs);
        drop(kept);
    }
}

/// Ends the process if a run of it was asked to end long enough ago, and goes on.
pub(super) fn end_if_asked(signal: i32) {
    let is_to_end = |process: &Process| process.runs().listening.iter().any(|run| run.is_to_end);
    if !only_warns(signal) && PROCESS.get().is_some_and(is_to_end) {
        tracing::warn!(target: "safe_state", signal, "asked to end once more, the process ends at once");
        dying::die_of(signal);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.number).finish()
    }
}
