//! A job: its name and options, and what is stored of it.

pub(crate) mod older;
mod place;
mod settings;
pub(crate) mod shared;
pub(crate) mod test_memory;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use safe_state_backends::{Backend, Checkpoint, Durability, IntoBackend, LeaseOptions};
use safe_state_base::stored;

use crate::control::limits::JobLimits;
use crate::control::pacing::Watch;
use crate::control::rate::Rate;
use crate::control::requests::Source;
use crate::effects::reconnect::ReconnectRegistry;
use crate::{Error, OnChange, SaveEvery};

use place::{JobPlace, Stored};
use settings::{Expected, Saves, Shown};
use shared::OnIdle;

/// A named piece of work and how it is to be run.
///
/// For a function under [`#[resumable]`](crate::resumable) it answers what the function's
/// companion answers, which methods have none of:
///
/// ```
/// use safe_state::Job;
///
/// # let dir = tempfile::tempdir().unwrap();
/// let import = Job::new("nightly-import").state_dir(dir.path());
/// match import.peek_checkpoint()? {
///     Some(checkpoint) => println!("{checkpoint}"),
///     None => println!("it has not begun, or has finished"),
/// }
/// # Ok::<(), safe_state::Error>(())
/// ```
///
/// And it runs a job without the attribute: see [`run`](Job::run).
#[derive(Clone)]
pub struct Job {
    name: String,
    pub(crate) saves: Saves,
    pub(crate) expected: Expected,
    pub(crate) registry: ReconnectRegistry,
    pub(crate) watch: Watch,
    pub(crate) limits: JobLimits,
    pub(crate) shown: Shown,
    storage: Storage,
}

/// Where a job is stored, and how.
#[derive(Clone)]
struct Storage {
    place: JobPlace,
    durability: Durability,
    wait: Option<Duration>,
}

impl Job {
    /// The job of that name, with all options at their defaults.
    pub fn new(name: impl Into<String>) -> Self {
        Job {
            name: name.into(),
            saves: Saves::default(),
            expected: Expected::default(),
            registry: ReconnectRegistry::global().clone(),
            watch: Watch::default(),
            limits: JobLimits::default(),
            shown: Shown::default(),
            storage: Storage {
                place: JobPlace::default(),
                durability: Durability::Power,
                wait: None,
            },
        }
    }

    /// Saves after that many completed items, or at the first item that completes after that
    /// time. The default is every item.
    pub fn save_every(mut self, every: impl Into<SaveEvery>) -> Self {
        self.saves.every = every.into();
        self
    }

    /// What a save survives: loss of power (the default), or only the death of the process.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.storage.durability = durability;
        self
    }

    /// Tells whether a page beside the job's file has each item of a plain loop, so that it is safe from the death of the
    /// process before it is saved: the guide says which loops those are, in "Between two saves". With
    /// [`Durability::Process`] and each item saved, the file itself is then written about once a second.
    ///
    /// On other systems than Linux, and with other backends than files, it does nothing.
    pub fn page(mut self, page: bool) -> Self {
        self.saves.page = page;
        self
    }

    /// The loops of its function are shared by all processes that run it.
    #[doc(hidden)]
    pub fn shared(mut self, is: bool) -> Self {
        self.saves.shared = is.then(|| self.saves.shared.take().unwrap_or_default());
        self
    }

    /// Into how many slices a loop is cut that many workers share: 1 to 65,536.
    #[doc(hidden)]
    pub fn slices(mut self, slices: u32) -> Self {
        self.saves.shared.get_or_insert_default().set_slices(slices);
        self
    }

    /// Of which submission of a batch system the workers are.
    #[doc(hidden)]
    pub fn submission(mut self, submission: impl fmt::Display) -> Self {
        self.saves.shared.get_or_insert_default().set_submission(submission.to_string());
        self
    }

    /// What a worker does while others have all that is left of a loop.
    #[doc(hidden)]
    pub fn on_idle(mut self, on_idle: OnIdle) -> Self {
        self.saves.shared.get_or_insert_default().on_idle = on_idle;
        self
    }

    /// Returns whether the loops of its function are shared by all processes that run it.
    pub(crate) fn is_shared(&self) -> bool {
        self.saves.shared.is_some()
    }

    /// How long to wait for another run of the job to end, instead of being refused at once.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.storage.wait = Some(wait);
        self
    }

    /// Where the file backend keeps its files. The default is `$SAFE_STATE_DIR`, else
    /// `.safe_state` in the working directory. With a [`backend`](Self::backend) as well, the job is
    /// refused.
    pub fn state_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.storage.place.named.dir = Some(dir.into());
        self
    }

    /// Where the checkpoint is stored, instead of in files: a backend, an `Arc` of one, a URL for
    /// [`from_url`](crate::backend::from_url), or a `Result` of one of these, whose error is told
    /// when the job is run or asked. The default is the URL in `$SAFE_STATE_BACKEND`, unless there is
    /// a [`state_dir`](Self::state_dir).
    ///
    /// ```
    /// use safe_state::Job;
    ///
    /// assert!(Job::new("mailer").backend("memory:").peek_checkpoint()?.is_none());
    /// let error = Job::new("mailer").backend("floppy:a").peek_checkpoint().unwrap_err();
    /// assert!(error.to_string().contains("there is no scheme `floppy`"), "{error}");
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    pub fn backend(mut self, backend: impl IntoBackend) -> Self {
        self.storage.place.named.backend = Some(backend.into_backend().map_err(Arc::new));
        self
    }

    /// Returns whether a finished job keeps its checkpoint, so that the next run has no items to do.
    pub fn keep_on_success(mut self, keep: bool) -> Self {
        self.saves.keep_on_success = keep;
        self
    }

    /// Returns whether the run tells on standard error what it does.
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.shown.verbose = verbose;
        self
    }

    /// Returns whether the run shows a bar on standard error, if that is a terminal; see
    /// [`bars`](crate::bars).
    #[cfg(feature = "progress")]
    pub fn progress(mut self, progress: bool) -> Self {
        self.shown.progress = progress;
        self
    }

    /// A version of the work; a checkpoint begun under another is refused.
    pub fn version(mut self, version: impl fmt::Display) -> Self {
        self.expected.version = Some(format!("{version}"));
        self
    }

    /// A fingerprint of the code that does the work, which `#[resumable]` makes of the function's
    /// text; and what to do if it is not the one that the checkpoint was made by. The default is to
    /// go on with a warning.
    pub fn code(mut self, fingerprint: u64, on_change: OnChange) -> Self {
        self.expected.code = Some(fingerprint);
        self.expected.on_code_change = on_change;
        self
    }

    /// An argument of its function that belongs to the job, if it can be compared.
    #[doc(hidden)]
    pub fn argument(mut self, name: &str, fingerprint: Option<u32>) -> Self {
        self.expected
            .arguments
            .extend(fingerprint.map(|fingerprint| (name.to_owned(), fingerprint)));
        self
    }

    /// Tells whether it is called by tests of the crate that it is in.
    #[doc(hidden)]
    pub fn in_test(mut self, is: bool) -> Self {
        self.storage.place.is_of_test = is;
        self
    }

    /// The variables that the code saves with the progress. That one is no longer among them is a
    /// change of the code.
    #[doc(hidden)]
    pub fn carries(mut self, variables: &'static [&'static str]) -> Self {
        self.expected.carries = Some(variables);
        self
    }

    /// What to do if an item is not the one that is complete under its index: to fail, which is the
    /// default, or to go on. [`OnChange::Restart`] fails as well: by then items are gone.
    pub fn on_input_change(mut self, on_change: OnChange) -> Self {
        self.expected.on_input_change = on_change;
        self
    }

    /// How handles of other crates' types are rebuilt, instead of by what
    /// [`register_reconnector`](crate::reconnect::register_reconnector) was told.
    pub fn registry(mut self, registry: &ReconnectRegistry) -> Self {
        self.registry = registry.clone();
        self
    }

    /// How many items may begin in a time; a run waits before the others. By default, all that can.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.watch.rate = Some(rate);
        self
    }

    /// Asked before each item; as long as it says so, the run waits, and asks again every 50 ms.
    pub fn throttle(mut self, throttle: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.watch.throttle = Some(Arc::new(throttle));
        self
    }

    /// How long a run may take. After that it ends before the next item with [`Error::Stopped`], and
    /// has saved what is complete.
    pub fn max_runtime(mut self, time: Duration) -> Self {
        self.watch.max_runtime = Some(time);
        self
    }

    /// Returns whether SIGINT and SIGTERM let a run finish its item: it then ends with [`Error::Stopped`],
    /// and has saved what is complete. A second signal ends the process at once, if it does not come
    /// [soon after the first](Self::second_signal_after), as does the first while no such run is under way.
    #[cfg(feature = "signals")]
    pub fn graceful(mut self, graceful: bool) -> Self {
        self.watch.graceful.is_on = graceful;
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

    /// The job's name.
    pub fn job_name(&self) -> &str {
        &self.name
    }

    /// What is stored of the job; `None` if it has not begun, or has finished and was not kept.
    /// Takes no lease, and works while the job runs.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of this job.
    pub fn peek_checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        stored::peek(&*self.stored_in()?, &self.name)
    }

    /// Removes the checkpoint, so that the next run starts over. Doing nothing if there is none.
    ///
    /// # Errors
    ///
    /// The job is running, or the backend cannot be written.
    pub fn clear_checkpoint(&self) -> Result<(), Error> {
        stored::clear(self.stored_in()?, &self.name, self.lease_options())
    }

    /// The file that the checkpoint is or would be in; `None` if the backend keeps no files, or
    /// cannot be used.
    pub fn checkpoint_path(&self) -> Option<PathBuf> {
        self.stored_in().ok()?.path(&self.name)
    }

    /// Returns the job for another thread: the memory of a trial or a test is known to its own alone.
    pub(crate) fn for_another_thread(&self) -> Job {
        let mut job = self.clone();
        if let Ok(Some(backend)) = self.storage.place.of_thread(&self.name) {
            job.storage.place = JobPlace::default();
            return job.backend(backend);
        }
        job
    }

    pub(crate) fn stored_in(&self) -> Result<Arc<dyn Backend>, Error> {
        Ok(self.stored()?.backend())
    }

    fn stored(&self) -> Result<Stored, Error> {
        self.storage.place.stored(&self.name)
    }

    /// Returns where requests to the job are.
    pub(crate) fn requests(&self) -> Result<Source, Error> {
        Ok(Source::new(self.stored_in()?, &self.name))
    }

    /// Returns how long to wait for another run of the job to end.
    pub(crate) fn patience(&self) -> Duration {
        self.storage.wait.unwrap_or_default()
    }

    pub(crate) fn lease_options(&self) -> LeaseOptions {
        LeaseOptions::new(self.storage.durability).wait(self.storage.wait)
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
    /// If a text is no time. So do the others.
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

    /// How much memory the process may have in use: a number of bytes, or a text such as `"2GiB"`. The same
    /// as of a timeout. Linux alone.
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

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("name", &self.name)
            .field("save_every", &self.saves.every)
            .field("durability", &self.storage.durability)
            .field("version", &self.expected.version)
            .finish_non_exhaustive()
    }
}
