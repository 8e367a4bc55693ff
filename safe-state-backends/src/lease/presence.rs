//! A file that shows other processes on this machine that a process was here, and whether it still runs.
//!
//! The boot id and the process namespace of a virtual machine are also those of its copies, and of a machine that was set back
//! to a snapshot. So the absence of a process with some id here says nothing of the process with this id elsewhere. A process
//! that holds a lease has a file in memory, which it locks while it lives. If the file is here and its lock is free, the
//! process was here, and has ended.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fs2::FileExt;
use rustix::fs::OFlags;

use crate::lease::process::Process;

/// The folder of the files. It is in memory, so that no file of an earlier boot is there; each container has its own.
const FOLDER: &str = "/dev/shm";
const PREFIX: &str = "safe-state-";
/// The time for which the file of an ended process is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps this process's file. The file exists as long as any part of the process holds such a value.
#[derive(Debug)]
pub struct Presence(());

/// This process's file, and the number of parts of the process that keep it.
struct Told {
    /// The open file, which holds the lock.
    _file: File,
    path: PathBuf,
    keepers: usize,
}

/// Whoever begins or ceases to keep the file holds this lock: a file that another thread is about to remove must not be taken
/// for one that is kept.
static TOLD: Mutex<Option<Told>> = Mutex::new(None);

impl Presence {
    /// Keeps this process's file, and creates it if needed. `None` where that is not possible.
    pub fn tell() -> Option<Self> {
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = told.as_mut() {
            told.keepers += 1;
            return Some(Presence(()));
        }
        sweep(Path::new(FOLDER));
        let path = path_of(&Process::this()?, std::process::id());
        // A file of another process with the same id and start is not ours to use.
        let file = open(OpenOptions::new().write(true).create_new(true).mode(0o600), &path)?;
        file.try_lock_exclusive().ok()?;
        *told = Some(Told { _file: file, path, keepers: 1 });
        Some(Presence(()))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(now) = told.as_mut() else { return };
        now.keepers -= 1;
        if now.keepers == 0 {
            // A file that can't be removed is empty, and gone with the next boot.
            let _ = fs::remove_file(&now.path);
            *told = None;
        }
    }
}

/// Returns whether the process was here, as this user, and has ended. Its file stays: the process may have held other leases,
/// and the caller may end before it has taken this one.
pub(crate) fn has_left(process: &Process, pid: u32) -> bool {
    is_left(&path_of(process, pid))
}

/// Returns whether a file belongs to this user, and its process has ended.
fn is_left(path: &Path) -> bool {
    let Some(file) = open(OpenOptions::new().read(true), path) else { return false };
    let is_ours = file
        .metadata()
        .is_ok_and(|found| found.is_file() && found.uid() == rustix::process::geteuid().as_raw());
    // The lock is shared, as several processes may look at a time.
    is_ours && FileExt::try_lock_shared(&file).is_ok()
}

/// Removes the files of processes that ended long ago: their leases have expired.
fn sweep(folder: &Path) {
    let is_old = |path: &Path| {
        let modified = fs::symlink_metadata(path).and_then(|found| found.modified());
        modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > KEPT))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_one = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_one && is_old(&path) && is_left(&path) {
            // Another process may have removed it already.
            let _ = fs::remove_file(&path);
        }
    }
}

fn path_of(process: &Process, pid: u32) -> PathBuf {
    Path::new(FOLDER).join(format!("{PREFIX}{}-{pid}", process.place()))
}

fn open(options: &mut OpenOptions, path: &Path) -> Option<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed()).open(path).ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_presence_is_told_while_any_part_of_the_process_has_it() {
        let (this, pid) = (Process::this().unwrap(), std::process::id());
        let (first, second) = (Presence::tell().unwrap(), Presence::tell().unwrap());
        assert!(!has_left(&this, pid), "it is here");
        drop(first);
        assert!(path_of(&this, pid).exists());
        drop(second);
        assert!(!path_of(&this, pid).exists());
        assert!(!has_left(&this, pid), "nothing tells of it");
        // The file stays if one thread ceases to keep it while another begins to.
        let keep = || {
            for _ in 0..2_000 {
                let presence = Presence::tell().expect("nothing stands in its way");
                assert!(path_of(&this, pid).exists());
                drop(presence);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(keep);
            scope.spawn(keep);
        });
    }

    #[test]
    fn the_file_of_an_ended_process_tells_of_it_until_it_is_old() {
        let (this, pid) = (Process::this().unwrap(), u32::MAX);
        let path = path_of(&this, pid);
        fs::write(&path, b"").unwrap();
        assert!(has_left(&this, pid) && has_left(&this, pid));
        sweep(Path::new(FOLDER));
        assert!(has_left(&this, pid), "it is not old");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::now() - 2 * KEPT).unwrap();
        file.lock_exclusive().unwrap();
        sweep(Path::new(FOLDER));
        assert!(path.exists() && !has_left(&this, pid), "its process lives");
        drop(file);
        sweep(Path::new(FOLDER));
        assert!(!path.exists() && !has_left(&this, pid));
        // A link that another user puts there is not followed.
        std::os::unix::fs::symlink("/proc/self/status", &path).unwrap();
        assert!(!has_left(&this, pid));
        fs::remove_file(&path).unwrap();
    }
}
