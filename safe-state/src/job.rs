//! A job's name and options, and the queries of what is stored of the job.

pub(crate) mod arguments;
pub(crate) mod by_hand;
pub(crate) mod defaults;
#[cfg_attr(not(feature = "encrypt"), path = "job/encryption/none.rs")]
mod encryption;
pub(crate) mod in_array;
pub(crate) mod migrations;
pub(crate) mod names;
pub(crate) mod older;
mod options;
mod place;
mod settings;
pub(crate) mod shared;
pub(crate) mod test_memory;

use std::fmt;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use safe_state_backends::{Backend, Checkpoint, Durability, IntoBackend, LeaseOptions};
use safe_state_base::stored;
use safe_state_base::url;

use crate::control::limits::JobLimits;
use crate::control::pacing::Watch;
use crate::control::requests::Source;
use crate::effects::reconnect::ReconnectRegistry;
use crate::observe::Shown;
use crate::{Error, OnChange, SaveEvery};

use place::{JobPlace, Stored};
use settings::{Expected, Saves};
use shared::{OnIdle, Slices};

/// A named piece of work and the options of its runs.
///
/// A `Job` has the same queries as the companion type of a function under [`#[resumable]`](crate::resumable). Methods
/// have no companion, so use a `Job` for them:
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
/// A `Job` also runs a job without the attribute: see [`run`](Job::run).
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

/// A job's place, its keys, and the terms of its lease.
#[derive(Clone)]
struct Storage {
    place: JobPlace,
    keys: encryption::Keys,
    durability: Durability,
    wait: Option<Duration>,
}

impl Job {
    /// Creates a job with the name `name` and with all options at their [defaults](crate::defaults).
    pub fn new(name: impl Into<String>) -> Self {
        let defaults = defaults::defaults();
        #[allow(unused_mut)]
        let mut limits = JobLimits::default();
        #[allow(unused_mut)]
        let mut watch = Watch { max_runtime: defaults.longest_run(), ..Watch::default() };
        #[cfg(feature = "limits")]
        if let Some(grace) = defaults.grace() {
            limits.process.grace_period = grace;
            watch.grace = Some(grace);
        }
        Job {
            name: name.into(),
            saves: Saves::default(),
            expected: Expected::default(),
            registry: ReconnectRegistry::global().clone(),
            watch,
            limits,
            shown: Shown::default(),
            storage: Storage {
                place: JobPlace::default(),
                keys: encryption::Keys::default(),
                durability: Durability::Power,
                wait: None,
            },
        }
    }

    /// Sets when the run saves: after a number of completed items, or at the first item that completes after a time.
    /// The default is every item.
    pub fn save_every(mut self, every: impl Into<SaveEvery>) -> Self {
        self.saves.every = every.into();
        self
    }

    /// Limits the time spent on saving to `percent` of the run's time: see [`SaveEvery::share`]. This option replaces
    /// [`save_every`](Job::save_every).
    pub fn budget(self, percent: f64) -> Self {
        self.save_every(SaveEvery::share(percent))
    }

    /// Sets what a save survives: loss of power (the default), or only the death of the process.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.storage.durability = durability;
        self
    }

    /// Sets whether each completed item is noted in a page of mapped memory beside the job's file. The note survives
    /// the death of the process before the next save. The guide tells the cost in "Between two saves". With
    /// [`Durability::Process`] and each item saved, the file itself is written about once a second.
    ///
    /// Backends other than files need a [`page_dir`](Self::page_dir) for the page. The option does nothing on systems
    /// other than Linux.
    pub fn page(mut self, page: bool) -> Self {
        self.saves.page = page;
        self
    }

    /// Keeps the [`page`](Self::page) in a folder of this machine, which a run creates if needed. This is for
    /// checkpoints in a database, an object store, or files on a network. A run that begins on the same machine goes on
    /// exactly where the run before was killed. On another machine, or without the folder, a run goes on at the last
    /// save. A job with [`page`](Self::page) but without this option takes the folder of
    /// [`defaults`](crate::Defaults::page_dir), else that of `$SAFE_STATE_PAGE_DIR`, else keeps the page beside its
    /// file.
    pub fn page_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.storage.place.named.page_dir = Some(dir.into());
        self.page(true)
    }

    /// Sets whether all processes that run the job's function share its loops.
    #[doc(hidden)]
    pub fn shared(mut self, is: bool) -> Self {
        self.saves.shared = is.then(|| self.saves.shared.take().unwrap_or_default());
        self
    }

    /// Sets how a loop is cut into slices that many workers share: into 1 to 65,536 of them, or into the given ranges
    /// of indices.
    #[doc(hidden)]
    pub fn slices(mut self, slices: impl Slices) -> Self {
        self.saves.shared.get_or_insert_default().set_slices(slices);
        self
    }

    /// Sets the submission of a batch system that the workers belong to.
    #[doc(hidden)]
    pub fn submission(mut self, submission: impl fmt::Display) -> Self {
        self.saves.shared.get_or_insert_default().set_submission(submission.to_string());
        self
    }

    /// Sets what a worker does while other workers have all that is left of a loop.
    #[doc(hidden)]
    pub fn on_idle(mut self, on_idle: OnIdle) -> Self {
        self.saves.shared.get_or_insert_default().on_idle = on_idle;
        self
    }

    /// Returns whether all processes that run the job's function share its loops.
    pub(crate) fn is_shared(&self) -> bool {
        self.saves.shared.is_some()
    }

    /// Sets how long to wait for another run of the job to end. By default, a second run is refused at once.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.storage.wait = Some(wait);
        self
    }

    /// Sets the directory where the file backend keeps its files. The default is `$SAFE_STATE_DIR`, else `.safe_state`
    /// in the working directory. A job with a [`backend`](Self::backend) as well is refused.
    pub fn state_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.storage.place.named.dir = Some(dir.into());
        self
    }

    /// Sets where the checkpoint is stored, instead of in files: a backend, an `Arc` of one, a URL for
    /// [`from_url`](crate::backend::from_url), or a `Result` of one of these. An error in it is returned when the job
    /// is run or queried. The default is the URL in `$SAFE_STATE_BACKEND`, unless the job has a
    /// [`state_dir`](Self::state_dir).
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
        self.storage.place.named.backend = Some(url::open(backend).map_err(Arc::new));
        self
    }

    /// Sets whether the checkpoint of a finished job is kept, so that the next run has no items to do.
    pub fn keep_on_success(mut self, keep: bool) -> Self {
        self.saves.keep_on_success = keep;
        self
    }

    /// Sets the version of the work. A checkpoint that was begun under another version is refused.
    pub fn version(mut self, version: impl fmt::Display) -> Self {
        self.expected.version = Some(format!("{version}"));
        self
    }

    /// Sets a fingerprint of the code that does the work, and what to do if another fingerprint made the checkpoint.
    /// `#[resumable]` makes the fingerprint from the function's text. The default is to go on with a warning.
    pub fn code(mut self, fingerprint: u64, on_change: OnChange) -> Self {
        self.expected.code.fingerprint = Some(fingerprint);
        self.expected.code.on_change = on_change;
        self
    }

    /// Sets the path of the function that does the work. The job does not go on if another function began it.
    #[doc(hidden)]
    pub fn function(mut self, path: impl Into<String>) -> Self {
        self.expected.code.function = Some(path.into());
        self
    }

    /// Sets the place of the function from which the job has its name.
    pub(crate) fn stands_at(mut self, place: &'static Location<'static>) -> Self {
        self.expected.code.place = Some(place);
        self
    }

    /// Adds an argument of the job's function whose value belongs to the job. An argument without a fingerprint is not
    /// compared.
    #[doc(hidden)]
    pub fn argument(mut self, name: &str, fingerprint: Option<u32>) -> Self {
        self.expected.arguments.add(name, fingerprint);
        self
    }

    /// Adds what a carried `&mut` argument refers to, and its address.
    #[doc(hidden)]
    pub fn lent_argument(mut self, name: &str, fingerprint: Option<u32>, address: usize) -> Self {
        self.expected.arguments.add_lent(name, fingerprint, address);
        self
    }

    /// Adds a field of an argument, if the argument `whole` is not compared itself.
    #[doc(hidden)]
    pub fn part_of_argument(mut self, whole: &str, name: &str, fingerprint: Option<u32>) -> Self {
        self.expected.arguments.add_part(whole, name, fingerprint);
        self
    }

    /// Sets whether tests of the crate that has the function call the job.
    #[doc(hidden)]
    pub fn in_test(mut self, is: bool) -> Self {
        self.storage.place.is_of_test = is;
        self
    }

    /// Sets the variables that the code saves with the progress. A stored variable that is no longer among them is a
    /// change of the code.
    #[doc(hidden)]
    pub fn carries(mut self, variables: &'static [&'static str]) -> Self {
        self.expected.carries = Some(variables);
        self
    }

    /// Sets what happens if an item differs from the one that was completed under the same index: the run fails, which
    /// is the default, or goes on. [`OnChange::Restart`] also fails, because earlier items have already been consumed
    /// by then.
    pub fn on_input_change(mut self, on_change: OnChange) -> Self {
        self.expected.on_input_change = on_change;
        self
    }

    /// Sets the registry that rebuilds handles of other crates' types, in place of the functions
    /// that were passed to [`register_reconnector`](crate::reconnect::register_reconnector).
    pub fn registry(mut self, registry: &ReconnectRegistry) -> Self {
        self.registry = registry.clone();
        self
    }

    /// Returns the job's name.
    pub fn job_name(&self) -> &str {
        &self.name
    }

    /// Loads the job's checkpoint. Returns `None` if the job has not begun, or has finished without keeping its
    /// checkpoint. The method takes no lease and works while the job runs.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of this job.
    pub fn peek_checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        stored::peek(&*self.stored_in()?, &self.name)
    }

    /// Removes the checkpoint, so that the next run starts over. Does nothing if the job has no checkpoint.
    ///
    /// # Errors
    ///
    /// The job is running, or the backend cannot be written.
    pub fn clear_checkpoint(&self) -> Result<(), Error> {
        stored::clear(self.stored_in()?, &self.name, self.lease_options())
    }

    /// Returns the file that holds the checkpoint or would hold it. Returns `None` if the backend keeps no files, or
    /// cannot be used.
    pub fn checkpoint_path(&self) -> Option<PathBuf> {
        self.stored_in().ok()?.path(&self.name)
    }

    /// Returns the job for use on another thread. A checkpoint in the memory of a trial or a test is known to its own
    /// thread alone, so the returned job names that memory.
    pub(crate) fn for_another_thread(&self) -> Job {
        let mut job = self.clone();
        if let Ok(Some(backend)) = self.storage.place.of_thread(&self.name) {
            job.storage.place = JobPlace::default();
            return job.backend(backend);
        }
        job
    }

    pub(crate) fn stored_in(&self) -> Result<Arc<dyn Backend>, Error> {
        // An encrypted backend gets no page of its own: the page would hold the same values unencrypted.
        let stored = self.storage.place.with_pages(self.stored()?.backend());
        encryption::encrypted(&self.storage.keys, stored)
    }

    fn stored(&self) -> Result<Stored, Error> {
        self.storage.place.stored(&self.name)
    }

    /// Returns the place where requests to the job are stored.
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
