//! Rescue: the program runs in a child of itself, and what the job knew outlives it.

mod cause;
mod crash;
mod data;
mod entry;
mod errand;
mod job;
mod layout;
mod memory;
#[cfg(test)]
mod model;
mod note;
mod panic;
mod reader;
mod rescued;
mod signals;
mod stack;
mod sys;
mod watch;
mod writer;

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::process::{ExitCode, Termination};

use super::GuardError;
use errand::Role;
use layout::Layout;
use watch::Watched;

pub use cause::{Cause, Ended, Usage};
pub use data::{Data, Update};
pub use panic::Panic;
pub use rescued::{Rescue, Rescued, Value};
pub use stack::Frame;

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
    rescue: Option<Box<dyn FnOnce(&Rescue) -> ExitCode + 'a>>,
}

impl<'a> Guard<'a> {
    /// A guard of that name, by which the program finds it when it is started again.
    pub fn new(name: impl Into<String>) -> Self {
        Guard { name: name.into(), arguments: None, max_size: MAX_SIZE, rescue: None }
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
        match errand::role(&self.name)? {
            Role::Job(memory, layout) => job::run(memory, layout, job),
            Role::Later(ended) => Ok(Ended::new(Cause::of_status(ended))),
            Role::Guard if errand::is_started_without_memory() => {
                Err(GuardError::Lost { name: self.name })
            }
            Role::Guard => self.guard(),
        }
    }

    fn guard(self) -> Result<Ended, GuardError> {
        let layout =
            Layout::of(self.max_size).ok_or(GuardError::TooLarge { max_size: self.max_size })?;
        let arguments = self.arguments.unwrap_or_else(|| env::args_os().skip(1).collect());
        let mut watched = Watched::start(&self.name, layout, &arguments)?;
        let cause = watched.wait()?;
        if !cause.has_reached() {
            let arguments = arguments.iter().map(|of| of.to_string_lossy().into_owned()).collect();
            return Err(GuardError::NotReached {
                name: self.name,
                ending: cause.to_string(),
                arguments,
            });
        }
        if let Some(rescue) = self.rescue.filter(|_| !cause.is_success()) {
            rescue(&Rescue::new(self.name, watched.data(), cause.clone()));
        }
        Ok(Ended::new(cause))
    }
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("name", &self.name).finish_non_exhaustive()
    }
}
