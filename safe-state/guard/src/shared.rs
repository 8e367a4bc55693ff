//! The memory that a guard shares with its job: creates it within this process's limits, and writes the assignment into
//! it.

use std::fs::File;
use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::process::{Resource, getrlimit};

use super::layout::{ASSIGNMENT, Layout, MAGIC, word};
use super::memory::Memory;
use super::note;
use super::role::{self, Assignment};
use super::sys::Pages;
use crate::GuardError;

/// Makes a file of memory that has no name, and whose size can't change.
pub(super) fn file(layout: Layout) -> Result<File, GuardError> {
    const MAKE: &str = "make shared memory";
    // A file beyond this limit gives no error, but the signal SIGXFSZ.
    if let Some(most) = limit(Resource::Fsize).filter(|most| *most < layout.len() as u64) {
        let limit = Some(format!("`ulimit -f` allows files of {most} bytes, and it is a file"));
        return Err(no_memory(MAKE, layout, limit, rustix::io::Errno::FBIG.into()));
    }
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let make = || -> io::Result<File> {
        let file = File::from(rustix::fs::memfd_create(role::FILE, flags)?);
        file.set_len(layout.len() as u64)?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok(file)
    };
    make().map_err(|error| no_memory(MAKE, layout, None, error))
}

pub(super) fn map(file: &File, layout: Layout) -> Result<Arc<Pages>, GuardError> {
    Pages::map(file, layout.len()).map(Arc::new).map_err(|error| {
        let most = limit(Resource::As);
        let limit = most.map(|most| format!("`ulimit -v` allows {most} bytes in all"));
        no_memory("map shared memory", layout, limit, error)
    })
}

/// Writes the assignment into the memory, for the process that will do the job.
pub(super) fn address(memory: &Pages, name: &str, layout: Layout) -> io::Result<()> {
    if !note::leave(memory, ASSIGNMENT, &Assignment::of(name)) {
        return Err(io::Error::other("too many guards have run before"));
    }
    memory.store(word::CAPACITY, layout.data().len() as u64, SeqCst);
    memory.store(word::GUARD, process::id().into(), SeqCst);
    memory.store(word::MAGIC, MAGIC, SeqCst);
    Ok(())
}

fn limit(of: Resource) -> Option<u64> {
    getrlimit(of).current
}

fn no_memory(
    action: &'static str,
    layout: Layout,
    limit: Option<String>,
    source: io::Error,
) -> GuardError {
    let (bytes, max_size) = (layout.len() as u64, layout.data().len() as u64);
    GuardError::NoMemory { action, bytes, max_size, limit, source }
}
