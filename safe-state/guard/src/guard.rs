//! The guard: the program runs in a child of itself, and what the job knew outlives it.

use std::env;
use std::ffi::OsString;
use std::fmt;
#[cfg(any(feature = "autosave", feature = "minidump"))]
use std::path::PathBuf;
use std::process::{ExitCode, Termination};
#[cfg(feature = "autosave")]
use std::time::Duration;

use crate::GuardError;
#[cfg(feature = "autosave")]
use crate::autosave;
use crate::cause::{Cause, Ended};
use crate::data::Data;
use crate::job;
use crate::layout::Layout;
#[cfg(feature = "minidump")]
use crate::minidump::{self, Dumping};
use crate::rescued::Rescue;
use crate::role::{self, Role};
use crate::sys::Pages;
use crate::watch::Watched;

type RescueFn<'a> = Box<dyn FnOnce(&Rescue) -> ExitCode + 'a>;

/// How much room there is for data by default.
#[cfg(target_pointer_width = "64")]
const MAX_SIZE: u64 = 1 << 30;
#[cfg(not(target_pointer_width = "64"))]
const MAX_SIZE: u64 = 1 << 26;

/// Runs the program's job in a child of itself, and rescues what that knew if it ends badly: by a segfault,
/// an abort, a panic, SIGKILL, or for want of memory.
///
/// ```no_run
/// use safe_state::guard::{Ended, Guard, GuardError};
///
/// fn main() -> Result<Ended, GuardError> {
///     Guard::new("import")
///         .rescue(|rescue| {
///             eprintln!("{}, at row {:?}", rescue.cause(), rescue.data().get::<u64>("row"));
///         })
///         .run(|data| {
///             for row in 0..1_000_000_u64 {
///                 data.insert("row", row)?;
///                 // native code that may crash
///             }
///             Ok::<_, GuardError>(())
///         })
/// }
/// ```
///
/// The program is started again, with the same arguments, and comes to the same guard, where it does the job
/// and ends. So what stands before the guard runs twice: let it be the first thing in `main`. What stands
/// behind it runs in the guard alone, after the job.
pub struct Guard<'a> {
    name: String,
    arguments: Option<Vec<OsString>>,
    max_size: u64,
    #[cfg(feature = "autosave")]
    autosave: Option<autosave::Autosave>,
    #[cfg(feature = "minidump")]
    minidump: Option<PathBuf>,
    rescue: Option<RescueFn<'a>>,
}

impl<'a> Guard<'a> {
    /// A guard of that name, by which the program finds it when it is started again.
    pub fn new(name: impl Into<String>) -> Self {
        Guard {
            name: name.into(),
            arguments: None,
            max_size: MAX_SIZE,
            #[cfg(feature = "autosave")]
            autosave: None,
            #[cfg(feature = "minidump")]
            minidump: None,
            rescue: None,
        }
    }

    /// What to do if the job ends otherwise than by success: with another exit code than 0, by a signal, or
    /// by an `exit` before its closure has returned. It is called once, in the guard, after the job's end.
    ///
    /// It returns what `main` may: nothing, or a `Result`.
    pub fn rescue<T: Termination>(mut self, rescue: impl FnOnce(&Rescue) -> T + 'a) -> Self {
        self.rescue = Some(Box::new(|of| rescue(of).report()));
        self
    }

    /// What to start the program with, instead of the arguments that this process was started with.
    ///
    /// A test asks for itself, as the harness runs many:
    /// `Guard::new("import").args(["--exact", "tests::survives", "--nocapture"])`.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// How many bytes the data may take; 1 GiB by default. A value that is replaced takes its room twice.
    /// What is not used is no memory.
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = bytes;
        self
    }

    /// Saves the data to a file, each time so long after the last, if it has changed; and once more before
    /// it is rescued. The file is removed when the job has succeeded, or was rescued. It stays if the rescue
    /// fails, by an `Err` or a panic, and if the guard ends together with the job: see `recover`.
    ///
    /// The guard saves, so it costs the job nothing. The file is compressed, checked when it is read, and
    /// whole at any instant; only its owner may read it.
    ///
    /// [`run`](Guard::run) fails if there is such a file, which is to be recovered first.
    #[cfg(feature = "autosave")]
    pub fn autosave(mut self, path: impl Into<PathBuf>, every: Duration) -> Self {
        self.autosave = Some(autosave::Autosave { path: path.into(), every });
        self
    }

    /// Writes a minidump of a crash into that directory, `NAME-PID.dmp`, for debuggers and crash reporters;
    /// [`Cause::minidump`] has its path. Only its owner may read it, as parts of the job's memory are in it.
    #[cfg(feature = "minidump")]
    pub fn minidump(mut self, dir: impl Into<PathBuf>) -> Self {
        self.minidump = Some(dir.into());
        self
    }

    /// Does the job in a child of this process, waits for its end, and rescues its data if it did not
    /// succeed.
    ///
    /// The job's closure returns what `main` may: nothing, a `Result`, or an `ExitCode`. It does not return
    /// from here: the process that does the job ends with it.
    ///
    /// # Errors
    ///
    /// The program cannot be started again, or does not come to this guard then; or this is called within
    /// the job of another guard.
    ///
    /// # Panics
    ///
    /// If the rescue does.
    pub fn run<T: Termination>(self, job: impl FnOnce(&Data) -> T) -> Result<Ended, GuardError> {
        if !(1..=255).contains(&self.name.len()) {
            return Err(GuardError::Name { name: self.name });
        }
        match role::of_this_process(&self.name)? {
            Role::Job(memory, layout) => job::run(&memory, layout, job),
            Role::Later(ended) => Ok(Ended::new(Cause::of_status(ended))),
            Role::Guard if role::is_started_without_memory() => {
                Err(GuardError::Lost { name: self.name })
            }
            Role::Guard => self.guard(),
        }
    }

    fn guard(mut self) -> Result<Ended, GuardError> {
        let layout =
            Layout::of(self.max_size).ok_or(GuardError::TooLarge { max_size: self.max_size })?;
        #[cfg(feature = "autosave")]
        let reserved = self.autosave.take().map(|save| save.reserve(&self.name)).transpose()?;
        let arguments = self.arguments.take();
        let arguments = arguments.unwrap_or_else(|| env::args_os().skip(1).collect());
        let prepare = |memory: &Pages| self.prepare(memory);
        let mut watched = Watched::start(&self.name, layout, &arguments, prepare)?;
        #[cfg(feature = "autosave")]
        let saving = reserved.map(|file| file.start(watched.memory(), layout)).transpose()?;
        #[cfg(feature = "minidump")]
        let dumping = self
            .minidump
            .take()
            .map(|dir| Dumping::start(&dir, &self.name, watched.memory(), watched.pid()))
            .transpose()?;
        let cause = watched.wait()?;
        #[cfg(feature = "minidump")]
        let cause = cause.with_minidump(dumping.and_then(Dumping::end));
        #[cfg(feature = "autosave")]
        if let Some(saving) = saving {
            return saving.around(&cause, || self.conclude(&watched, &cause, &arguments));
        }
        self.conclude(&watched, &cause, &arguments).map(|(ended, _)| ended)
    }

    /// What the job is to find in its memory.
    #[cfg_attr(
        not(feature = "minidump"),
        expect(clippy::unused_self, reason = "nothing is asked for")
    )]
    fn prepare(&self, memory: &Pages) {
        #[cfg(feature = "minidump")]
        if self.minidump.is_some() {
            minidump::want(memory);
        }
        #[cfg(not(feature = "minidump"))]
        let _ = memory;
    }

    /// What there is to do after the job, and whether that was done.
    fn conclude(
        self,
        watched: &Watched,
        cause: &Cause,
        arguments: &[OsString],
    ) -> Result<(Ended, bool), GuardError> {
        if !cause.has_reached() {
            let arguments = arguments.iter().map(|of| of.to_string_lossy().into_owned()).collect();
            let ending = cause.to_string();
            return Err(GuardError::NotReached { name: self.name, ending, arguments });
        }
        let is_rescued = cause.is_success()
            || self.rescue.is_some_and(|rescue| {
                let of = Rescue::new(self.name, watched.data(), cause.clone());
                rescue(&of) == ExitCode::SUCCESS
            });
        Ok((Ended::new(cause.clone()), is_rescued))
    }
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("name", &self.name).finish_non_exhaustive()
    }
}
