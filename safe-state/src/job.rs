//! A job: its name and options, and what can be asked of it from outside.

mod control;
mod retry;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use safe_state_backends::{Backend, Checkpoint, Durability, IntoBackend, LeaseOptions};
use safe_state_base::{Place, stored};
#[cfg(feature = "limits")]
use safe_state_limits::run::JobLimits;

use crate::control::pacing::Watch;
use crate::control::rate::Rate;
use crate::effects::reconnect::ReconnectRegistry;
use crate::failure::outcome::{Asked, Failing};
use crate::items::for_each;
use crate::run::{self, Run};
use crate::{Error, OnChange, SaveEvery};

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
    pub(crate) save_every: SaveEvery,
    pub(crate) keep_on_success: bool,
    pub(crate) verbose: bool,
    pub(crate) progress: bool,
    pub(crate) version: Option<String>,
    pub(crate) code: Option<u64>,
    pub(crate) on_code_change: OnChange,
    /// The fingerprints of what belongs to the job of its function's arguments, by their names.
    pub(crate) arguments: Vec<(String, u32)>,
    /// The variables that are saved with the progress, where the code tells.
    pub(crate) carries: Option<&'static [&'static str]>,
    pub(crate) on_input_change: OnChange,
    pub(crate) registry: ReconnectRegistry,
    pub(crate) watch: Watch,
    #[cfg(feature = "limits")]
    pub(crate) limits: JobLimits,
    durability: Durability,
    pub(crate) wait: Option<Duration>,
    place: Place,
}

impl Job {
    /// The job of that name, with all options at their defaults.
    pub fn new(name: impl Into<String>) -> Self {
        Job {
            name: name.into(),
            save_every: SaveEvery::default(),
            keep_on_success: false,
            verbose: false,
            progress: false,
            version: None,
            code: None,
            on_code_change: OnChange::Continue,
            arguments: Vec::new(),
            carries: None,
            on_input_change: OnChange::Fail,
            registry: ReconnectRegistry::global().clone(),
            watch: Watch::default(),
            #[cfg(feature = "limits")]
            limits: JobLimits::default(),
            durability: Durability::Power,
            wait: None,
            place: Place::default(),
        }
    }

    /// Saves after that many completed items, or at the first item that completes after that
    /// time. The default is every item.
    pub fn save_every(mut self, every: impl Into<SaveEvery>) -> Self {
        self.save_every = every.into();
        self
    }

    /// What a save survives: loss of power (the default), or only the death of the process.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long to wait for another run of the job to end, instead of being refused at once.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Where the file backend keeps its files. The default is `$SAFE_STATE_DIR`, else
    /// `.safe_state` in the working directory. With a [`backend`](Self::backend) as well, the job is
    /// refused.
    pub fn state_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.place.dir = Some(dir.into());
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
        self.place.backend = Some(backend.into_backend().map_err(Arc::new));
        self
    }

    /// Whether a finished job keeps its checkpoint, so that the next run has no items to do.
    pub fn keep_on_success(mut self, keep: bool) -> Self {
        self.keep_on_success = keep;
        self
    }

    /// Whether the run tells on standard error what it does.
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Whether the run shows a bar on standard error, if that is a terminal; see
    /// [`bars`](crate::bars).
    #[cfg(feature = "progress")]
    pub fn progress(mut self, progress: bool) -> Self {
        self.progress = progress;
        self
    }

    /// A version of the work; a checkpoint begun under another is refused.
    pub fn version(mut self, version: impl fmt::Display) -> Self {
        self.version = Some(format!("{version}"));
        self
    }

    /// A fingerprint of the code that does the work, which `#[resumable]` makes of the function's
    /// text; and what to do if it is not the one that the checkpoint was made by. The default is to
    /// go on with a warning.
    pub fn code(mut self, fingerprint: u64, on_change: OnChange) -> Self {
        self.code = Some(fingerprint);
        self.on_code_change = on_change;
        self
    }

    /// An argument of its function that belongs to the job, if it can be compared.
    #[doc(hidden)]
    pub fn argument(mut self, name: &str, fingerprint: Option<u32>) -> Self {
        self.arguments.extend(fingerprint.map(|fingerprint| (name.to_owned(), fingerprint)));
        self
    }

    /// The variables that the code saves with the progress. That one is no longer among them is a
    /// change of the code.
    #[doc(hidden)]
    pub fn carries(mut self, variables: &'static [&'static str]) -> Self {
        self.carries = Some(variables);
        self
    }

    /// What to do if an item is not the one that is complete under its index: to fail, which is the
    /// default, or to go on. [`OnChange::Restart`] fails as well: by then items are gone.
    pub fn on_input_change(mut self, on_change: OnChange) -> Self {
        self.on_input_change = on_change;
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

    /// Whether SIGINT and SIGTERM let a run finish its item: it then ends with [`Error::Stopped`],
    /// and has saved what is complete. A second signal ends the process at once, if it does not come
    /// [soon after the first](Self::second_signal_after), as does the first while no such run is under way.
    #[cfg(feature = "signals")]
    pub fn graceful(mut self, graceful: bool) -> Self {
        self.watch.graceful = graceful;
        self
    }

    /// How long after the first signal a second one ends the process at once, if the job is
    /// [`graceful`](Self::graceful). By default 2 seconds: batch systems, supervisors and `timeout` send a signal
    /// twice within milliseconds, to a process and to its group. One that comes before is ignored.
    #[cfg(feature = "signals")]
    pub fn second_signal_after(mut self, time: Duration) -> Self {
        self.watch.second_signal_after = Some(time);
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
        Ok(Checkpoint::load(&*self.stored_in()?, &self.name)?)
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

    /// Runs `body` on each of `items`, as a function under [`#[resumable]`](crate::resumable)
    /// does with its loop: items that an earlier run completed are skipped, and an error or a
    /// panic leaves the checkpoint for the next run.
    ///
    /// ```
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let mailer = Job::new("mailer").state_dir(dir.path());
    /// # fn send(_: &str) {}
    /// # let recipients = ["a@example.org", "b@example.org"];
    /// mailer.save_every(10).run(recipients, |recipient| {
    ///     send(recipient);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The body's own, unchanged; or an [`Error`] if the run cannot begin, save or finish.
    ///
    /// # Panics
    ///
    /// If the body does.
    #[track_caller]
    pub fn run<I, E>(&self, items: I, body: impl FnMut(I::Item) -> Result<(), E>) -> Result<(), E>
    where
        I: IntoIterator,
        E: From<Error> + fmt::Display,
    {
        let location = std::panic::Location::caller().to_string();
        let mut run = Run::open(self)?;
        let spans = run.spans();
        let outcome = run::call_in(&spans, || for_each(&mut run, location, items, body));
        let failing = outcome.as_ref().map_or_else(
            |panic| Failing::of_panic(&**panic),
            |returned| {
                returned
                    .as_ref()
                    .err()
                    .map_or(Failing::No, |error| Failing::of_displayed(error, Asked::Fully))
            },
        );
        run.finish(outcome, failing, |error| Err(error.into()))
    }

    /// The same for another thread: a trial is known to its own alone.
    pub(crate) fn for_another_thread(&self) -> Job {
        #[cfg(feature = "testing")]
        if let Some(backend) = crate::testing::backend() {
            return Job { place: Place::default(), ..self.clone() }.backend(backend);
        }
        self.clone()
    }

    pub(crate) fn stored_in(&self) -> Result<Arc<dyn Backend>, Error> {
        #[cfg(feature = "testing")]
        if let Some(backend) = crate::testing::backend() {
            return Ok(backend);
        }
        self.place.backend(&self.name)
    }

    pub(crate) fn lease_options(&self) -> LeaseOptions {
        LeaseOptions::new(self.durability).wait(self.wait)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("name", &self.name)
            .field("save_every", &self.save_every)
            .field("durability", &self.durability)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
