//! Writes a minidump of a crash. The crashed thread waits in its handler while the guard reads the process and writes
//! the dump.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{self, JoinHandle};

use crash_handler::CrashContext;
use minidump_writer::CrashContextExt;
use minidump_writer::minidump_writer::MinidumpWriterConfig;
use rustix::thread::futex;

use super::crash;
use super::layout::{CONTEXT, half};
use super::memory::Memory;
use super::sys::Pages;
use crate::GuardError;

/// The steps of a dump.
mod step {
    /// The guard will write a dump after a crash.
    pub(super) const WANTED: u32 = 1;
    /// The job has crashed, and waits.
    pub(super) const CRASHED: u32 = 2;
    /// The dump is written, or cannot be written.
    pub(super) const DONE: u32 = 3;
}

/// Waits until the guard has written a dump of this process, if it wants to. Called by the thread that has crashed.
pub(super) fn await_dump(memory: &Pages, context: &CrashContext) {
    let step = memory.half(half::DUMP);
    if step.load(SeqCst) != step::WANTED {
        return;
    }
    let bytes = context.as_bytes();
    memory.write(CONTEXT.start..CONTEXT.start + bytes.len(), |room| room.copy_from_slice(bytes));
    advance(memory, step::CRASHED);
    while step.load(SeqCst) == step::CRASHED {
        // The wait may be interrupted. If the guard never finishes, the handler's alarm ends the process.
        let _ = futex::wait(step, futex::Flags::empty(), step::CRASHED, None);
    }
}

fn advance(memory: &Pages, to: u32) {
    memory.half(half::DUMP).store(to, SeqCst);
    // Waking is harmless if nobody waits.
    let _ = futex::wake(memory.half(half::DUMP), futex::Flags::empty(), u32::MAX >> 1);
}

/// Makes the job wait for a dump if it crashes. It has to be called before the job is started.
pub(super) fn want(memory: &Pages) {
    memory.half(half::DUMP).store(step::WANTED, SeqCst);
}

/// A thread that writes a dump if the job crashes.
#[derive(Debug)]
pub(super) struct Dumping {
    memory: Arc<Pages>,
    thread: JoinHandle<Option<PathBuf>>,
}

impl Dumping {
    /// Starts the thread for the process `pid`. Creates the directory if it does not exist.
    pub(super) fn start(
        dir: &Path,
        name: &str,
        memory: Arc<Pages>,
        pid: u32,
    ) -> Result<Dumping, GuardError> {
        fs::create_dir_all(dir).map_err(GuardError::system("make the directory for minidumps"))?;
        let path = dir.join(format!("{}-{pid}.dmp", name.replace('/', "_")));
        let shared = Arc::clone(&memory);
        let thread = thread::Builder::new().name("minidump".to_owned());
        let thread = thread
            .spawn(move || await_crash(&shared, pid, path))
            .map_err(GuardError::system("start the thread that writes minidumps"))?;
        Ok(Dumping { memory, thread })
    }

    /// Returns the path of the dump, if one was written. It has to be called after the process has ended.
    pub(super) fn end(self) -> Option<PathBuf> {
        advance(&self.memory, step::DONE);
        self.thread.join().ok().flatten()
    }
}

fn await_crash(memory: &Pages, pid: u32, path: PathBuf) -> Option<PathBuf> {
    let step = memory.half(half::DUMP);
    while step.load(SeqCst) == step::WANTED {
        let _ = futex::wait(step, futex::Flags::empty(), step::WANTED, None);
    }
    if step.load(SeqCst) == step::DONE {
        return None;
    }
    let written = write(memory, pid, &path);
    advance(memory, step::DONE);
    match written {
        Ok(()) => Some(path),
        Err(error) => {
            tracing::warn!(target: "safe_state", path = %path.display(), %error, "no minidump");
            // A part of a dump is of no use.
            let _ = fs::remove_file(path);
            None
        }
    }
}

fn write(memory: &Pages, pid: u32, path: &Path) -> io::Result<()> {
    let len = size_of::<CrashContext>();
    let context = memory.read(CONTEXT.start..CONTEXT.start + len, CrashContext::from_bytes);
    let mut context = context.ok_or(io::ErrorKind::InvalidData)?;
    if let Some(crash) = crash::find(memory) {
        context.siginfo.ssi_addr = crash.address;
    }
    // Only the owner may read the file, as it contains memory of the process.
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut dump = MinidumpWriterConfig::new(pid.cast_signed(), context.tid);
    dump.set_crash_context(CrashContextExt { inner: context });
    dump.write(&mut file).map_err(io::Error::other)?;
    Ok(())
}
