//! The guard: runs the job in a child process, and keeps the job's data if that dies.

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

/// The room for data by default, in bytes.
#[cfg(target_pointer_width = "64")]
const MAX_SIZE: u64 = 1 << 30;
#[cfg(not(target_pointer_width = "64"))]
const MAX_SIZE: u64 = 1 << 26;

/// Runs the program's job in a child of itself, and rescues the job's data if it ends badly: by a segfault, an abort, a
/// panic, SIGKILL, or for want of memory.
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
/// The program is started again with the same arguments, and comes to the same guard, where it does the job and ends.
/// So code before the guard runs twice: let the guard be the first thing in `main`. Code after it runs only in the
/// guarding process, after the job.
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
    /// Makes a guard with this name. The program finds it by the name when it is started again.
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

    /// Sets what to do if the job does not succeed: if it ends with another exit code than 0, by a signal, or by an
    /// `exit` before its closure has returned. `rescue` is called once, in the guarding process, after the job's end.
    ///
    /// It returns what `main` may return: nothing, or a `Result`. The rescue fails if that is an `Err`.
    pub fn rescue<T: Termination>(mut self, rescue: impl FnOnce(&Rescue) -> T + 'a) -> Self {
        self.rescue = Some(Box::new(|of| rescue(of).report()));
        self
    }

    /// Sets the arguments that the program is started with, in place of those of this process.
    ///
    /// A test has to ask for itself, as the test harness runs many:
    /// `Guard::new("import").args(["--exact", "tests::survives", "--nocapture"])`.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// Sets how many bytes the data may take; 1 GiB by default (64 MiB on 32 bits). A value that is replaced takes its room
    /// twice. Unused room takes no memory.
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = bytes;
        self
    }

    /// Saves the data to a file whenever it has changed and `every` has passed since the last save, and once more
    /// before it is rescued. The file is removed when the job has succeeded or was rescued. It stays if the rescue
    /// fails, by an `Err` or a panic, and if the guard ends together with the job: see `recover`.
    ///
    /// The guard saves, so it costs the job nothing. The file is compressed, checked when it is read, and complete at
    /// any instant. Only its owner may read it.
    ///
    /// [`run`](Guard::run) fails if an autosave is already there. It has to be recovered first.
    #[cfg(feature = "autosave")]
    pub fn autosave(mut self, path: impl Into<PathBuf>, every: Duration) -> Self {
        self.autosave = Some(autosave::Autosave { path: path.into(), every });
        self
    }

    /// Writes a minidump of a crash into the directory `dir`, named `NAME-PID.dmp`, for debuggers and crash reporters.
    /// [`Cause::minidump`] returns its path. Only its owner may read it, as it contains parts of the job's memory.
    #[cfg(feature = "minidump")]
    pub fn minidump(mut self, dir: impl Into<PathBuf>) -> Self {
        self.minidump = Some(dir.into());
        self
    }

    /// Does the job in a child of this process, waits for its end, and rescues its data if it did not succeed.
    ///
    /// The closure returns what `main` may return: nothing, a `Result`, or an `ExitCode`. In the child this function
    /// does not return: the process ends with the job.
    ///
    /// # Errors
    ///
    /// The program cannot be started again, or does not come to this guard then; or this is called within the job of
    /// another guard.
    ///
    /// # Panics
    ///
    /// Panics if the rescue panics.
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

    /// Writes into the memory what the job is to find there when it starts.
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

    /// Rescues the data if the job did not succeed. Returns whether the job succeeded or was rescued.
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
