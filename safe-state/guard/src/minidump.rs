//! A minidump of a crash. The crashed thread waits in its handler, while the guard looks at the process and
//! writes it.

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

/// How far a dump has come.
mod step {
    /// The guard would write one.
    pub(super) const WANTED: u32 = 1;
    /// The job has crashed, and waits.
    pub(super) const CRASHED: u32 = 2;
    /// It is written, or cannot be.
    pub(super) const DONE: u32 = 3;
}

/// Waits for the guard to write a dump of this process, if it would; called by the thread that has crashed.
pub(super) fn await_dump(memory: &Pages, context: &CrashContext) {
    let step = memory.half(half::DUMP);
    if step.load(SeqCst) != step::WANTED {
        return;
    }
    let bytes = context.as_bytes();
    memory.write(CONTEXT.start..CONTEXT.start + bytes.len(), |room| room.copy_from_slice(bytes));
    advance(memory, step::CRASHED);
    while step.load(SeqCst) == step::CRASHED {
        // It may be interrupted. If the guard does not come to it, the handler's alarm ends this.
        let _ = futex::wait(step, futex::Flags::empty(), step::CRASHED, None);
    }
}

fn advance(memory: &Pages, to: u32) {
    memory.half(half::DUMP).store(to, SeqCst);
    // There may be nobody to wake.
    let _ = futex::wake(memory.half(half::DUMP), futex::Flags::empty(), u32::MAX >> 1);
}

/// Has the job wait for a dump if it crashes; said before it is started.
pub(super) fn want(memory: &Pages) {
    memory.half(half::DUMP).store(step::WANTED, SeqCst);
}

/// A thread that writes a dump if there is a crash.
#[derive(Debug)]
pub(super) struct Dumping {
    memory: Arc<Pages>,
    thread: JoinHandle<Option<PathBuf>>,
}

impl Dumping {
    /// Of that process, into that directory, which is made if there is none.
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

    /// The dump, if there was a crash; called once the process is no more.
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
            // A part of one is of no use.
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
    // Memory of the process is in it.
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut dump = MinidumpWriterConfig::new(pid.cast_signed(), context.tid);
    dump.set_crash_context(CrashContextExt { inner: context });
    dump.write(&mut file).map_err(io::Error::other)?;
    Ok(())
}
