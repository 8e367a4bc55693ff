//! What the last run of this process came to, if it was to stop; a supervisor is told as well.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Error, StopReason};

/// `PID:PATH`: the process that started this one and wants to know, and the file in which it is told.
const VARIABLE: &str = "SAFE_STATE_STOPPED";

/// What it means that a run was to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was asked to end, or its time was over: run it again, later.
    Later,
    /// It has passed a limit of its own, or items that were put back: run it again.
    Limit,
    /// Other workers have what is left.
    Idle,
    /// It was cancelled or abandoned, or has ended itself.
    OnPurpose,
}

/// The last run of a job, which was to stop.
struct Stopped {
    job: String,
    ending: Ending,
    /// How its error reads.
    message: String,
}

/// Of each job, if it was to stop and has not begun since.
static STOPPED: Mutex<Vec<Stopped>> = Mutex::new(Vec::new());

/// Of how many jobs it is kept: a program may run any number, one after the other.
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

/// A run of that job begins: the program has gone on behind what stopped before.
pub fn begins(job: &str) {
    let mut all = all();
    if !all.is_empty() {
        forget();
    }
    all.retain(|it| it.job != job);
}

/// A run ends with that error, because it was to stop.
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
            // Whoever is not told starts the program again, as after any failure.
            let _ = fs::write(path, ending.text());
        }
    }
    error
}

/// Returns what a run of this process was to stop for, if that is what a message tells.
pub fn ends(message: &str) -> Option<Ending> {
    let message = bare(message);
    all().iter().rev().find(|it| message.contains(&it.message)).map(|it| it.ending)
}

/// The program ends by another failure than that of a run that was to stop, so that is not what its end means.
pub(super) fn forget() {
    if let Some(path) = told_to() {
        // Nobody may have been told.
        let _ = fs::remove_file(path);
    }
}

/// A message without white space: it may be folded where it is shown.
fn bare(message: &str) -> String {
    message.split_whitespace().collect()
}

/// The file in which who started this process is told. A program that this one starts inherits the variable, and does not
/// take it for its own.
fn told_to() -> Option<PathBuf> {
    let told = std::env::var(VARIABLE).ok()?;
    let (pid, path) = told.split_once(':')?;
    is_parent(pid).then(|| PathBuf::from(path))
}

#[cfg(unix)]
fn is_parent(pid: &str) -> bool {
    pid.parse() == Ok(std::os::unix::process::parent_id())
}

/// There are no supervisors there.
#[cfg(not(unix))]
fn is_parent(_: &str) -> bool {
    false
}

/// Where a supervisor is told by the program that it starts.
#[cfg(unix)]
#[derive(Debug)]
pub struct Notes {
    folder: PathBuf,
}

#[cfg(unix)]
impl Notes {
    /// Makes a folder that nobody else may look into.
    ///
    /// # Errors
    ///
    /// It can't be made.
    pub fn new() -> std::io::Result<Notes> {
        use std::os::unix::fs::DirBuilderExt;
        use std::time::SystemTime;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name = format!("safe-state-run-{}-{}", std::process::id(), now.as_nanos());
        let make = |within: PathBuf| {
            let folder = within.join(&name);
            fs::DirBuilder::new().mode(0o700).create(&folder).map(|()| Notes { folder })
        };
        // The root of a container may be read-only, and its shared memory is not.
        make(std::env::temp_dir()).or_else(|error| make("/dev/shm".into()).map_err(|_| error))
    }

    /// Has a program tell that is started by this process.
    pub fn ask(&self, command: &mut std::process::Command) {
        let path = self.path();
        let mut told = std::ffi::OsString::from(format!("{}:", std::process::id()));
        told.push(path);
        command.env(VARIABLE, told);
    }

    /// Returns what it has told, and forgets it.
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
        // What is left is small, and nobody's.
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
