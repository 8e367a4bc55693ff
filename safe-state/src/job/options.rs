//! Options of a job about its runs as a whole: how many, how long, how fast, and what is kept of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use safe_state_backends::{Carry, Checkpoint, DeadLetter};

use super::Job;
use super::settings::NameOrigin;
use crate::control::rate::Rate;
use crate::observe::shows::{ProgressLines, ShowProgress};
use crate::observe::summary::RunSummary;

/// The speed and the length of runs.
impl Job {
    /// Sets how many items may begin in a time. A run waits before further items. The default is no limit.
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

    /// Limits how long a run may take. After `time`, the run ends before the next item with
    /// [`Error::Stopped`](crate::Error::Stopped), and has saved what is complete.
    pub fn max_runtime(mut self, time: Duration) -> Self {
        self.watch.max_runtime = Some(time);
        self
    }

    /// Sets the signals that let a run finish its item. The run then ends with
    /// [`Error::Stopped`](crate::Error::Stopped), and has saved what is complete. `true` stands for SIGINT and SIGTERM;
    /// a text names the signals, as in `"TERM,USR1,USR2"`. A second signal ends the process at once, unless it comes
    /// [soon after the first](Self::second_signal_after). A first signal ends the process at once while no graceful run
    /// is under way. USR1, USR2, XCPU and ALRM only warn: they never end the process at once, and the first other
    /// signal after them does not either.
    ///
    /// The run also stops one grace period before the end of its time, if the batch system tells when that is.
    ///
    /// # Panics
    ///
    /// If a text names an unknown signal.
    #[cfg(feature = "signals")]
    pub fn graceful(mut self, graceful: impl Into<crate::EndSignals>) -> Self {
        self.watch.graceful.signals = graceful.into();
        self
    }

    /// Sets how long after the first signal a second one ends the process at once, if the job is
    /// [`graceful`](Self::graceful). The default is 2 seconds, because batch systems, supervisors and `timeout` send a
    /// signal twice within milliseconds, to a process and to its group. A second signal that comes earlier is ignored.
    #[cfg(feature = "signals")]
    pub fn second_signal_after(mut self, time: Duration) -> Self {
        self.watch.graceful.second_signal_after = Some(time);
        self
    }
}

/// The number of runs, and what is kept of them.
impl Job {
    /// Sets how many runs are remembered once the job has finished and its checkpoint is removed: 32 at most, and none
    /// by default. `safe-state history` lists the runs, and the next run takes them over.
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

    /// Sets whether runs start over, whatever is stored of the job. A program can use this for a `--restart` of its
    /// own. The save with which the run begins removes the old checkpoint, under the job's lease. While another run is
    /// under way, the restart is refused, and nothing is lost.
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

    /// Limits how many runs the job may have before it has finished. A further run is refused with
    /// [`Error::TooManyRuns`](crate::Error::TooManyRuns), unless [`accept`](Self::accept) allows one more. The default
    /// is no limit.
    pub fn max_runs(mut self, runs: u32) -> Self {
        self.expected.runs.max = Some(runs);
        self
    }
}

/// Facts about the function, from its attribute.
impl Job {
    /// Sets whether the job's name is made as the program runs, or is fixed in its text.
    #[doc(hidden)]
    pub fn name_is_made(mut self, is: bool) -> Self {
        self.expected.runs.name = if is { NameOrigin::Made } else { NameOrigin::Fixed };
        self
    }

    /// Sets how many of its loops know items by key.
    #[doc(hidden)]
    pub fn keyed_loops(mut self, count: u32) -> Self {
        self.expected.runs.keyed_loops = count;
        self
    }
}

/// Encryption.
#[cfg(feature = "encrypt")]
impl Job {
    /// Sets the key that encrypts the checkpoint, wherever it is stored. `key` returns
    /// [`EncryptionKeys`](crate::backend::EncryptionKeys), 32 bytes, or a `Result` of one of these. An error is
    /// returned when the job is run or queried.
    ///
    /// ```
    /// use safe_state::backend::EncryptionKeys;
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path()).encrypt(|| EncryptionKeys::from_hex(&"4d".repeat(32)));
    /// mail.run(0..9, |item| if item < 3 { Ok(()) } else { Err(std::io::Error::other("no")) }).unwrap_err();
    /// let without = Job::new("mail").state_dir(dir.path()).peek_checkpoint().unwrap_err();
    /// assert!(without.to_string().contains("it is encrypted"), "{without}");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn encrypt<K: safe_state_backends::IntoKeys>(mut self, key: impl FnOnce() -> K) -> Self {
        self.storage.keys = Some(key().into_keys().map_err(Arc::new));
        self
    }
}

/// Migrations from older versions.
impl Job {
    /// Takes over checkpoints of version `version`. The next version is the one that is named next, or the job's own.
    #[doc(hidden)]
    pub fn migrates_from(mut self, version: Option<impl fmt::Display>) -> Self {
        self.expected.migrations.begin(version.map(|version| version.to_string()));
        self
    }

    /// Sets the function that turns the value stored under `name` in the version named last into the value of the next
    /// version.
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

/// Output and hooks of runs.
impl Job {
    /// Sets whether each run writes what it does to standard error.
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

    /// Sets whether each item is timed. `safe-state peek` and the page in the browser then show the median,
    /// the tail and the slowest items, of the last run and of all runs. The times are stored with the saves that are made
    /// anyway. An item's time is from when it is handed out until it is complete, with all attempts and the pauses between
    /// them. The default is `false`.
    ///
    /// ```
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path()).timings(true).keep_on_success(true);
    /// mail.run(0..3, |_| Ok::<(), Error>(()))?;
    /// let timings = mail.status()?.details.unwrap().timings.unwrap();
    /// assert_eq!(timings.all_runs.items.unwrap().count, 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn timings(mut self, timings: bool) -> Self {
        self.saves.timings = timings;
        self
    }

    /// Sets when a line about the progress is written to standard error: after each interval, or each time that a
    /// number of percent more is complete. With `progress` alone, a run writes lines every 10 seconds where standard
    /// error is no terminal. Where bars are shown, no lines are written.
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

    /// Sets what shows the progress of runs: a bar of the program's own, for example.
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

    /// Sets a hook that is called when a run has begun, with the checkpoint that the run goes on from. All hooks are
    /// called on the run's thread, so they should not take long. If a hook panics, the run goes on, and `tracing` has
    /// an event of it. Runs that are refused call no hook.
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

    /// Sets a hook for runs that stop early: on request, or because their future was dropped.
    pub fn on_stop(mut self, hook: impl Fn(&RunSummary) + Send + Sync + 'static) -> Self {
        self.shown.hooks.stop = Some(Arc::new(hook));
        self
    }

    /// Sets a hook for the run that finishes the job.
    pub fn on_finish(mut self, hook: impl Fn(&RunSummary) + Send + Sync + 'static) -> Self {
        self.shown.hooks.finish = Some(Arc::new(hook));
        self
    }

    /// Sets a hook for runs that fail: by an error, a panic, or a failed save. A process that dies cannot call it;
    /// `safe-state list` shows the runs of dead processes.
    pub fn on_failure(mut self, hook: impl Fn(&RunSummary) + Send + Sync + 'static) -> Self {
        self.shown.hooks.failure = Some(Arc::new(hook));
        self
    }

    /// Sets a hook for items that are given up as dead letters. The hook is called for each letter, before the letter
    /// is saved.
    pub fn on_dead_letter(mut self, hook: impl Fn(&DeadLetter) + Send + Sync + 'static) -> Self {
        self.shown.hooks.dead_letter = Some(Arc::new(hook));
        self
    }
}

/// Limits on time and memory.
#[cfg(feature = "limits")]
impl Job {
    /// Limits how long the body of an item, or an attempt at it, may take: a [`Duration`](std::time::Duration), or a
    /// text such as `"30s"`. After that time the item is cancelled, and fails once it [asks](crate::limits::check) or
    /// awaits. If it does not end within the grace period either, what is complete is saved and the process is ended.
    ///
    /// # Panics
    ///
    /// If the text is not a time. The other methods that take a time panic for the same reason.
    pub fn item_timeout(mut self, timeout: impl Into<safe_state_limits::Time>) -> Self {
        self.limits.item_timeout = Some(timeout.into().into());
        self
    }

    /// Limits how long a run may take. After that time the run ends before the next item with
    /// [`Error::Stopped`](crate::Error::Stopped), and has saved what is complete. The item under way is cancelled; if
    /// it does not end within the grace period, the process is ended.
    pub fn timeout(mut self, timeout: impl Into<safe_state_limits::Time>) -> Self {
        self.limits.process.timeout = Some(timeout.into().into());
        self
    }

    /// Limits how much memory the process may use: a number of bytes, or a text such as `"2GiB"`. Above that, the run
    /// ends as after [`timeout`](Self::timeout). This option works on Linux only.
    pub fn max_memory(mut self, max_memory: impl Into<safe_state_limits::Size>) -> Self {
        self.limits.process.max_memory = Some(max_memory.into().into());
        self
    }

    /// Sets how long an item has to end once it has passed a limit, and how long before the end of its time on a batch
    /// system the run stops. The default is 15 seconds.
    ///
    /// Items [side by side](https://safe-state.github.io/safe-state/guide/side-by-side.html) may go on for so long when
    /// the run is to end.
    pub fn grace_period(mut self, grace_period: impl Into<safe_state_limits::Time>) -> Self {
        let grace_period = grace_period.into().into();
        self.limits.process.grace_period = grace_period;
        self.watch.grace = Some(grace_period);
        self
    }
}
