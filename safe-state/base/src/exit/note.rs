//! The record of runs of this process that stopped on purpose, and the note to a supervisor.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Error, StopReason};

/// The variable with `PID:PATH`: the process that started this one and waits for a note, and the file for the note.
const VARIABLE: &str = "SAFE_STATE_STOPPED";

/// The meaning of a run that stopped on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The run was asked to end, or its time was over: run it again later.
    Later,
    /// The run passed a limit of its own, or the loop of dead letters that were put back: run it again.
    Limit,
    /// Other workers have what is left.
    Idle,
    /// The run was cancelled or abandoned, or ended itself.
    OnPurpose,
}

/// The last run of a job, which stopped on purpose.
struct Stopped {
    job: String,
    ending: Ending,
    /// The message of its error, without white space.
    message: String,
}

/// The last run of each job, if it stopped on purpose and no run has begun since.
static STOPPED: Mutex<Vec<Stopped>> = Mutex::new(Vec::new());

/// The most jobs that are remembered: a program may run any number, one after the other.
const MOST: usize = 64;

fn all() -> MutexGuard<'static, Vec<Stopped>> {
    STOPPED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ending {
    const ALL: [(Ending, &'static str); 4] = [
        (Ending::Later, "later"),
        (Ending::Limit, "limit"),
        (Ending::Idle, "idle"),
        (Ending::OnPurpose, "on purpose"),
    ];

    fn of(error: &Error) -> Option<Ending> {
        match error {
            Error::StoppedItself { .. } => Some(Ending::OnPurpose),
            Error::Stopped { reason, .. } => Some(match reason {
                StopReason::Signal | StopReason::MaxRuntime | StopReason::WallTime => Ending::Later,
                StopReason::Timeout | StopReason::MaxMemory | StopReason::PutBack => Ending::Limit,
                StopReason::Idle => Ending::Idle,
                StopReason::Cancelled | StopReason::Abandoned | StopReason::Replay => {
                    Ending::OnPurpose
                }
            }),
            _ => None,
        }
    }

    fn text(self) -> &'static str {
        Ending::ALL.iter().find(|(ending, _)| *ending == self).map_or("", |(_, text)| text)
    }
}

/// Notes that a run of the job begins, so that what stopped before no longer matters.
pub fn begins(job: &str) {
    let mut all = all();
    if !all.is_empty() {
        forget();
    }
    all.retain(|it| it.job != job);
}

/// Notes that a run ends with this error, if it stopped on purpose. Returns the error.
pub fn stopped(error: Error) -> Error {
    if let Some(ending) = Ending::of(&error) {
        let job = if let Error::Stopped { job, .. } = &error { job.as_str() } else { "" };
        let mut all = all();
        all.retain(|it| it.job != job);
        if all.len() == MOST {
            all.remove(0);
        }
        all.push(Stopped { job: job.to_owned(), ending, message: bare(&error.to_string()) });
        if let Some(path) = told_to() {
            // A supervisor that gets no note starts the program again, as after any failure.
            let _ = fs::write(path, ending.text());
        }
    }
    error
}

/// Returns the ending of the stopped run of this process whose message `message` contains.
pub fn ends(message: &str) -> Option<Ending> {
    let message = bare(message);
    all().iter().rev().find(|it| message.contains(&it.message)).map(|it| it.ending)
}

/// Removes the note to the supervisor, as the program ends by another failure, or goes on.
pub(super) fn forget() {
    if let Some(path) = told_to() {
        // The note may not exist.
        let _ = fs::remove_file(path);
    }
}

/// Removes white space from a message, as it may be wrapped where it is shown.
fn bare(message: &str) -> String {
    message.split_whitespace().collect()
}

/// Returns the file for the note to the process that started this one. A program that this one starts inherits the variable,
/// but is not a child of that process, and so ignores it.
fn told_to() -> Option<PathBuf> {
    let told = std::env::var(VARIABLE).ok()?;
    let (pid, path) = told.split_once(':')?;
    is_parent(pid).then(|| PathBuf::from(path))
}

#[cfg(unix)]
fn is_parent(pid: &str) -> bool {
    pid.parse() == Ok(std::os::unix::process::parent_id())
}

/// Returns `false`: this system has no supervisors.
#[cfg(not(unix))]
fn is_parent(_: &str) -> bool {
    false
}

/// The folder in which a supervisor gets notes from the program that it starts.
#[cfg(unix)]
#[derive(Debug)]
pub struct Notes {
    folder: PathBuf,
}

#[cfg(unix)]
impl Notes {
    /// Creates a folder that nobody else can read.
    ///
    /// # Errors
    ///
    /// The folder can't be created.
    pub fn new() -> std::io::Result<Notes> {
        use std::os::unix::fs::DirBuilderExt;
        use std::time::SystemTime;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name = format!("safe-state-run-{}-{}", std::process::id(), now.as_nanos());
        let make = |within: PathBuf| {
            let folder = within.join(&name);
            fs::DirBuilder::new().mode(0o700).create(&folder).map(|()| Notes { folder })
        };
        // The root of a container may be read-only, but its shared memory is writable.
        make(std::env::temp_dir()).or_else(|error| make("/dev/shm".into()).map_err(|_| error))
    }

    /// Makes a program that this process starts write its note here.
    pub fn ask(&self, command: &mut std::process::Command) {
        let path = self.path();
        let mut told = std::ffi::OsString::from(format!("{}:", std::process::id()));
        told.push(path);
        command.env(VARIABLE, told);
    }

    /// Returns the note, and removes it.
    pub fn take(&self) -> Option<Ending> {
        let path = self.path();
        let told = fs::read_to_string(&path).ok()?;
        let _ = fs::remove_file(path);
        Ending::ALL.iter().find(|(_, text)| *text == told).map(|(ending, _)| *ending)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("stopped")
    }
}

#[cfg(unix)]
impl Drop for Notes {
    fn drop(&mut self) {
        // A folder that is left behind is small, and harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(job: &str) -> String {
        let reason = StopReason::Signal;
        stopped(Error::Stopped { job: job.to_owned(), reason }).to_string()
    }

    #[test]
    fn each_job_that_stopped_is_known_until_it_begins_again() {
        let (one, other) = (stop("of-two-one"), stop("of-two-other"));
        assert_eq!([ends(&one), ends(&other)], [Some(Ending::Later); 2]);
        begins("of-two-other");
        assert_eq!([ends(&one), ends(&other)], [Some(Ending::Later), None]);
    }

    #[test]
    fn a_message_that_was_folded_is_known() {
        let message = stop("folded");
        assert_eq!(
            ends(&format!("Error: {}", message.replace(' ', "\n    "))),
            Some(Ending::Later)
        );
        assert_eq!(ends("another error"), None);
    }
}
