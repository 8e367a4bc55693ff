//! The role of a process: it guards, or it was started by a guard to do the job.
//!
//! Guard and job are the same program, which is started again with the same arguments and comes to the same place. It
//! learns its role from a file that it inherits: the shared memory.

use std::collections::HashMap;
use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{self, ExitStatus};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::layout::{ASSIGNMENT, Layout, MAGIC, stage, word};
use super::memory::Memory;
use super::note;
use super::sys::{self, Pages};
use crate::GuardError;

/// The name of the shared memory, as `/proc` shows it.
pub(super) const FILE: &str = "safe-state-guard";

/// The message of the guard to the process that it starts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// The name of the guard.
    pub(super) name: String,
    /// The guards that had run before, and how their jobs ended. The started process skips them.
    pub(super) before: Vec<(String, i32)>,
    /// The name of the process, as the kernel knows it.
    pub(super) process: Vec<u8>,
}

impl Assignment {
    pub(super) fn of(name: &str) -> Assignment {
        let process = fs::read("/proc/self/comm").unwrap_or_default();
        let before = before().lock().unwrap_or_else(PoisonError::into_inner).clone();
        Assignment { name: name.to_owned(), before, process: process.trim_ascii_end().to_owned() }
    }
}

fn before() -> &'static Mutex<Vec<(String, i32)>> {
    static BEFORE: Mutex<Vec<(String, i32)>> = Mutex::new(Vec::new());
    &BEFORE
}

/// Notes how the job of a guard has ended, for processes that later guards start.
pub(super) fn has_run(name: &str, ended: ExitStatus) {
    let mut before = before().lock().unwrap_or_else(PoisonError::into_inner);
    before.push((name.to_owned(), ended.into_raw()));
}

/// The role of a process at a guard.
pub(super) enum Role {
    /// The process guards.
    Guard,
    /// The process does the job of this guard.
    Job(Arc<Pages>, Layout),
    /// The process does the job of a later guard. The job of this one has ended with this status.
    Later(ExitStatus),
}

/// Returns the role of this process at the guard `name`, which it has come to.
pub(super) fn of_this_process(name: &str) -> Result<Role, GuardError> {
    match started()? {
        None => Ok(Role::Guard),
        Some(started) => started.come_to(name),
    }
}

/// A process that was started by a guard.
struct Started {
    memory: Arc<Pages>,
    layout: Layout,
    assignment: Assignment,
    /// The number of times that the process has come to each guard; `None` once it does its job.
    met: Mutex<Option<HashMap<String, usize>>>,
}

impl Started {
    fn come_to(&self, name: &str) -> Result<Role, GuardError> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let expected = &self.assignment.name;
        let Some(times) = &mut *met else {
            let (inner, outer) = (name.to_owned(), expected.clone());
            return Err(GuardError::Nested { inner, outer });
        };
        let times = times.entry(name.to_owned()).or_default();
        let before = self.assignment.before.iter().filter(|(before, _)| before == name).nth(*times);
        *times += 1;
        if let Some((_, ended)) = before {
            return Ok(Role::Later(ExitStatus::from_raw(*ended)));
        }
        if name != expected {
            let (expected, found) = (expected.clone(), name.to_owned());
            return Err(GuardError::OtherGuard { expected, found });
        }
        *met = None;
        self.memory.store(word::STAGE, stage::REACHED, SeqCst);
        take_name(&self.assignment.process);
        Ok(Role::Job(Arc::clone(&self.memory), self.layout))
    }
}

/// Restores the process's name, which is `exe` after a start by way of `/proc/self/exe`.
fn take_name(name: &[u8]) {
    let is_main = rustix::thread::gettid() == rustix::process::getpid();
    if let Some(name) = CString::new(name).ok().filter(|name| is_main && !name.is_empty()) {
        // Setting a name only fails if it is too long, and this one came from the kernel.
        let _ = rustix::thread::set_name(&name);
    }
}

/// Returns how a guard has started this process; `None` if none has.
fn started() -> Result<Option<&'static Started>, GuardError> {
    static STARTED: OnceLock<Option<Started>> = OnceLock::new();
    static LOOKING: Mutex<()> = Mutex::new(());
    let _looking = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
    if STARTED.get().is_none() {
        let found = find().map_err(GuardError::system("look at the files of this process"))?;
        let _ = STARTED.set(found);
    }
    Ok(STARTED.get().and_then(Option::as_ref))
}

fn find() -> io::Result<Option<Started>> {
    let link = format!("/memfd:{FILE} (deleted)");
    for open in fs::read_dir("/proc/self/fd")? {
        let path = open?.path();
        if fs::read_link(&path).is_ok_and(|file| file == Path::new(&link))
            && let Some(started) = open_memory(&path)?
        {
            let number = path.file_name().and_then(|number| number.to_str()?.parse::<RawFd>().ok());
            // Closed here, so that no process that the job starts inherits it.
            drop(number.map(sys::adopt));
            return Ok(Some(started));
        }
    }
    Ok(None)
}

/// Opens the memory in an inherited file; `None` if it was meant for another process.
fn open_memory(path: &Path) -> io::Result<Option<Started>> {
    let file = File::options().read(true).write(true).open(path)?;
    let len = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    let memory = Arc::new(Pages::map(&file, len)?);
    if memory.load(word::MAGIC, SeqCst) != MAGIC
        || memory.load(word::JOB, SeqCst) != u64::from(process::id())
    {
        return Ok(None);
    }
    let layout = Layout::of(memory.load(word::CAPACITY, Relaxed));
    let assignment = note::find(&memory, ASSIGNMENT);
    let found = layout.filter(|layout| layout.len() == len).zip(assignment);
    Ok(found.map(|(layout, assignment)| {
        let met = Mutex::new(Some(HashMap::new()));
        Started { memory, layout, assignment, met }
    }))
}

/// Returns whether a guard has started this process, whatever it has inherited: it dies with its parent, and that is
/// the same program. If it became a guard itself, so would the process that it starts, and so on.
pub(super) fn is_started_without_memory() -> bool {
    let dies = rustix::process::parent_process_death_signal().ok().flatten() == Some(Signal::KILL);
    let parent =
        rustix::process::getppid().map(|parent| format!("/proc/{}/exe", parent.as_raw_pid()));
    let program = |exe: &str| fs::metadata(exe).ok().map(|file| (file.dev(), file.ino()));
    dies && parent.is_some_and(|parent| {
        program(&parent).is_some_and(|of| Some(of) == program("/proc/self/exe"))
    })
}
