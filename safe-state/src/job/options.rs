//! The options of a job that are about its runs as a whole: how many, how long, how fast, and what is kept of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use safe_state_backends::{Carry, Checkpoint, DeadLetter};

use super::Job;
use crate::control::rate::Rate;
use crate::observe::shows::{ProgressLines, ShowProgress};
use crate::observe::summary::RunSummary;

/// How fast its runs are, and how long they take.
impl Job {
    /// How many items may begin in a time; a run waits before the others. By default, all that can.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.watch.rate = Some(rate);
        self
    }

    /// Sets a function that is called before each item. While it returns `true`, the run waits, and
    /// calls it again every 50 ms.
    pub fn throttle(mut self, throttle: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.watch.throttle = Some(Arc::new(throttle));
        self
    }

    /// How long a run may take. After that it ends before the next item with [`Error::Stopped`](crate::Error::Stopped), and
    /// has saved what is complete.
    pub fn max_runtime(mut self, time: Duration) -> Self {
        self.watch.max_runtime = Some(time);
        self
    }

    /// Which signals let a run finish its item: it then ends with [`Error::Stopped`](crate::Error::Stopped), and has saved
    /// what is complete. `true` stands for SIGINT and SIGTERM; a text names them, as in `"TERM,USR1,USR2"`. A second signal
    /// ends the process at once, if it does not come [soon after the first](Self::second_signal_after), as does the first
    /// while no such run is under way. USR1, USR2, XCPU and ALRM only warn: they, and what comes after them alone, do not.
    ///
    /// The run stops as well one grace period before the end of its time, if the batch system tells when that is.
    ///
    /// # Panics
    ///
    /// If a text names another signal.
    #[cfg(feature = "signals")]
    pub fn graceful(mut self, graceful: impl Into<crate::EndSignals>) -> Self {
        self.watch.graceful.signals = graceful.into();
        self
    }

    /// How long after the first signal a second one ends the process at once, if the job is
    /// [`graceful`](Self::graceful). By default 2 seconds: batch systems, supervisors and `timeout` send a signal
    /// twice within milliseconds, to a process and to its group. One that comes before is ignored.
    #[cfg(feature = "signals")]
    pub fn second_signal_after(mut self, time: Duration) -> Self {
        self.watch.graceful.second_signal_after = Some(time);
        self
    }
}

/// How many runs there are, and what is kept of them.
impl Job {
    /// How many runs are remembered once the job has finished and its checkpoint is removed: 32 at most, and by default
    /// none. `safe-state history` lists them, and the next run takes them over.
    pub fn keep_history(mut self, runs: u32) -> Self {
        self.saves.kept.history = runs;
        self
    }

    /// Sets how long a finished checkpoint that was kept, by
    /// [`keep_on_success`](Self::keep_on_success), stays valid, from when the job finished for the first time. A run that
    /// begins later starts over, unless there are dead letters.
    pub fn expire_after(mut self, time: Duration) -> Self {
        self.saves.kept.expires_after = Some(time);
        self
    }

    /// Makes runs start over, whatever is stored of the job: for a `--restart` of one's own
    /// program. The old checkpoint is removed in the save with which the run begins, under its
    /// lease: while another run is under way, it is refused, and nothing is lost.
    ///
    /// ```
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path()).keep_on_success(true);
    /// mail.run(0..3, |_| Ok::<(), Error>(()))?;
    /// let mut again = 0;
    /// let wants_restart = std::env::args().any(|it| it == "--restart") || true;
    /// mail.restart(wants_restart).run(0..3, |_| Ok::<(), Error>(again += 1))?;
    /// assert_eq!(again, 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn restart(mut self, restart: bool) -> Self {
        self.expected.runs.restart = restart;
        self
    }

    /// How many runs the job may have before it has finished; another one is refused with
    /// [`Error::TooManyRuns`](crate::Error::TooManyRuns), unless [`accept`](Self::accept) allows one more. By default, as many as it needs.
    pub fn max_runs(mut self, runs: u32) -> Self {
        self.expected.runs.max = Some(runs);
        self
    }
}

/// Older versions.
impl Job {
    /// Tells that checkpoints of that version are taken over; it leads to the one that is named next, or to that of the
    /// job.
    #[doc(hidden)]
    pub fn migrates_from(mut self, version: Option<impl fmt::Display>) -> Self {
        self.expected.migrations.begin(version.map(|version| version.to_string()));
        self
    }

    /// Tells what makes the value of the next version of what is stored under `name` in the version named last.
    #[doc(hidden)]
    pub fn migrate<Old: Carry, New: Carry>(
        mut self,
        name: &str,
        with: impl Fn(Old) -> New + Send + Sync + 'static,
    ) -> Self {
        self.expected.migrations.add(name.to_owned(), with);
        self
    }
}

/// What its runs show, and what is called.
impl Job {
    /// Makes each run write to standard error what it does.
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.shown.verbose = verbose;
        self
    }

    /// Shows a progress bar on standard error, if that is a terminal; see [`bars`](crate::bars).
    #[cfg(feature = "progress")]
    pub fn progress(mut self, progress: bool) -> Self {
        self.shown.progress = progress;
        self
    }

    /// Writes one line to standard error when a run ends: items, time, rate, retries, items given
    /// up, and the time spent on saving.
    pub fn summary(mut self, summary: bool) -> Self {
        self.shown.sums_up = summary;
        self
    }

    /// When a line about the progress is written to standard error: every so often, or each time that so many percent
    /// more are complete. With `progress` alone there are lines where standard error is no terminal, every 10 seconds;
    /// where there are bars, there are none.
    ///
    /// ```
    /// use std::time::Duration;
    /// use safe_state::{Job, ProgressLines};
    ///
    /// let hourly = Job::new("mail").progress_lines(Duration::from_secs(3600));
    /// let by_percent = Job::new("mail").progress_lines(ProgressLines::Percent(1));
    /// # drop((hourly, by_percent));
    /// ```
    pub fn progress_lines(mut self, when: impl Into<ProgressLines>) -> Self {
        self.shown.lines = Some(when.into());
        self
    }

    /// What shows the progress of runs: a bar of one's own, for example.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use safe_state::{Error, Job, ShowProgress};
    ///
    /// static SHOWN: AtomicU64 = AtomicU64::new(0);
    ///
    /// struct Gauge;
    ///
    /// impl ShowProgress for Gauge {
    ///     fn begin(&self, _job: &str, _depth: usize, position: u64, _total: Option<u64>) {
    ///         SHOWN.store(position, Ordering::Relaxed);
    ///     }
    ///     fn reach(&self, _depth: usize, position: u64) {
    ///         SHOWN.store(position, Ordering::Relaxed);
    ///     }
    /// }
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// Job::new("mail").state_dir(dir.path()).show_progress(Gauge).run(0..3, |_| Ok::<(), Error>(()))?;
    /// assert_eq!(SHOWN.load(Ordering::Relaxed), 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn show_progress(mut self, with: impl ShowProgress + 'static) -> Self {
        self.shown.program = Some(Arc::new(with));
        self
    }

    /// Called when a run has begun, with what it goes on from. As all hooks it is called on the run's thread, so it should
    /// not take long; where it panics, that is an event of `tracing`, and the run goes on. Runs that are refused call
    /// none.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let said = Arc::new(Mutex::new(Vec::new()));
    /// let say = |what: &'static str| {
    ///     let said = Arc::clone(&said);
    ///     move || said.lock().unwrap().push(what)
    /// };
    /// let (started, finished) = (say("started"), say("finished"));
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// let mail = mail.on_start(move |_| started()).on_finish(move |_| finished());
    /// mail.run(0..3, |_| Ok::<(), Error>(()))?;
    /// assert_eq!(*said.lock().unwrap(), ["started", "finished"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on_start(mut self, hook: impl Fn(&Checkpoint) + Send + Sync + 'static) -> Self {
        self.shown.hooks.start = Some(Arc::new(hook));
        self
    }

    /// Sets a hook for runs that stopped early: on request, or because their future was dropped.
    pub fn on_stop(mut self, hook: impl Fn(&RunSummary) + Send + Sync + 'static) -> Self {
        self.shown.hooks.stop = Some(Arc::new(hook));
        self
    }

    /// Sets a hook for the run that finishes the job.
    pub fn on_finish(mut self, hook: impl Fn(&RunSummary) + Send + Sync + 'static) -> Self {
        self.shown.hooks.finish = Some(Arc::new(hook));
        self
    }

    /// Sets a hook for runs that failed: by an error, a panic, or a failed save. A process that
    /// dies can't call it; `safe-state list` shows those runs.
    pub fn on_failure(mut self, hook: impl Fn(&RunSummary) + Send + Sync + 'static) -> Self {
        self.shown.hooks.failure = Some(Arc::new(hook));
        self
    }

    /// Sets a hook for items that are given up as dead letters. It is called for each, before that
    /// is saved.
    pub fn on_dead_letter(mut self, hook: impl Fn(&DeadLetter) + Send + Sync + 'static) -> Self {
        self.shown.hooks.dead_letter = Some(Arc::new(hook));
        self
    }
}

/// Limits.
#[cfg(feature = "limits")]
impl Job {
    /// How long the body of an item may take, or an attempt at it: a [`Duration`](std::time::Duration), or a text such as
    /// `"30s"`. Then it is cancelled, and fails if it [asks](crate::limits::check) or awaits; if it does not
    /// end within the grace period either, what is complete is saved, and the process is ended.
    ///
    /// # Panics
    ///
    /// If the text is not a time. The other methods that take one panic in the same way.
    pub fn item_timeout(mut self, timeout: impl Into<safe_state_limits::Time>) -> Self {
        self.limits.item_timeout = Some(timeout.into().into());
        self
    }

    /// How long a run may take. Then it ends before the next item with
    /// [`Error::Stopped`](crate::Error::Stopped), and has saved what is complete. The item under way is
    /// cancelled, and if it does not end within the grace period, the process is ended.
    pub fn timeout(mut self, timeout: impl Into<safe_state_limits::Time>) -> Self {
        self.limits.process.timeout = Some(timeout.into().into());
        self
    }

    /// How much memory the process may have in use: a number of bytes, or a text such as `"2GiB"`.
    /// Beyond that, the run ends as after [`timeout`](Self::timeout). Linux only.
    pub fn max_memory(mut self, max_memory: impl Into<safe_state_limits::Size>) -> Self {
        self.limits.process.max_memory = Some(max_memory.into().into());
        self
    }

    /// How long an item has to end once a limit was passed; and how long before the end of its time on a batch
    /// system the run stops. By default 15 seconds.
    pub fn grace_period(mut self, grace_period: impl Into<safe_state_limits::Time>) -> Self {
        self.limits.process.grace_period = grace_period.into().into();
        self
    }
}
