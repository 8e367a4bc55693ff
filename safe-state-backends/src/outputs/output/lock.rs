//! A lock on one byte of a file, far behind any end, which only runs of jobs use. The lock belongs to the open file
//! description, so it conflicts neither with `flock` nor with the program's other descriptors.

use std::fs::File;
use std::io;

/// A lock on a file that a run writes, held until it is dropped.
#[derive(Debug)]
pub struct OutputLock {
    /// A copy of the handle, which shares the locked file description with the program's handle.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no such lock"))]
    file: File,
}

/// The result of trying to take the lock.
#[derive(Debug)]
pub enum Taken {
    /// The lock is taken.
    Lock(OutputLock),
    /// Another run has the lock.
    ByAnother,
    /// An unknown state: the file system has no such locks, or the program uses them itself.
    Unknown,
}

impl OutputLock {
    /// Tries to take the lock on a file that is open for writing. Does not wait.
    ///
    /// # Errors
    ///
    /// The handle can't be copied.
    #[cfg(target_os = "linux")]
    pub fn take(file: &File) -> io::Result<Taken> {
        use nix::errno::Errno;
        use nix::fcntl::{FcntlArg, fcntl};

        // On such a file system, `flock` itself takes a lock of this kind on the whole file.
        if crate::dir::is_shared(file) {
            return Ok(Taken::Unknown);
        }
        let file = file.try_clone()?;
        let wanted = linux::far_byte(nix::libc::F_WRLCK);
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&wanted)) {
            Ok(_) => Ok(Taken::Lock(OutputLock { file })),
            Err(Errno::EAGAIN | Errno::EACCES) if linux::is_of_a_run(&file) => Ok(Taken::ByAnother),
            Err(_) => Ok(Taken::Unknown),
        }
    }

    /// Returns [`Taken::Unknown`]: this system has no such locks.
    ///
    /// # Errors
    ///
    /// None.
    #[cfg(not(target_os = "linux"))]
    pub fn take(_: &File) -> io::Result<Taken> {
        Ok(Taken::Unknown)
    }
}

#[cfg(target_os = "linux")]
impl Drop for OutputLock {
    /// Releases the lock explicitly, as the program's handle may stay open.
    fn drop(&mut self) {
        use nix::fcntl::{FcntlArg, fcntl};
        let unlocked = linux::far_byte(nix::libc::F_UNLCK);
        let _ = fcntl(&self.file, FcntlArg::F_OFD_SETLK(&unlocked));
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;

    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc::{F_UNLCK, F_WRLCK, SEEK_SET, c_int, flock, off_t};

    const FAR: off_t = off_t::MAX / 2 + 1;
    /// The process id of a lock that belongs to a file description.
    const NOBODY: nix::libc::pid_t = -1;

    // The types of the constants and the fields differ.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn far_byte(kind: c_int) -> flock {
        flock { l_type: kind as _, l_whence: SEEK_SET as _, l_start: FAR, l_len: 1, l_pid: 0 }
    }

    /// Returns whether a run has the lock. A program would lock more than this one byte.
    pub(super) fn is_of_a_run(file: &File) -> bool {
        let mut found = far_byte(F_WRLCK);
        let asked = fcntl(file, FcntlArg::F_OFD_GETLK(&mut found));
        asked.is_ok()
            && c_int::from(found.l_type) != F_UNLCK
            && (found.l_start, found.l_len, found.l_pid) == (FAR, 1, NOBODY)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn open(path: &std::path::Path) -> File {
        File::options().append(true).create(true).open(path).unwrap()
    }

    #[test]
    fn one_run_locks_an_output_and_its_program_locks_as_it_likes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let (first, second) = (open(&path), open(&path));
        fs2::FileExt::try_lock_exclusive(&first).unwrap();
        let Taken::Lock(lock) = OutputLock::take(&first).unwrap() else { panic!("not taken") };
        let again = OutputLock::take(&first).unwrap();
        assert!(matches!(again, Taken::Lock(_)), "it is the same description");
        drop(again);
        let Taken::Lock(_) = OutputLock::take(&first).unwrap() else { panic!("not taken") };
        drop(lock);
        let Taken::Lock(lock) = OutputLock::take(&second).unwrap() else { panic!("not freed") };
        assert!(matches!(OutputLock::take(&first).unwrap(), Taken::ByAnother));
        fs2::FileExt::unlock(&first).unwrap();
        fs2::FileExt::try_lock_exclusive(&second).unwrap();
        drop((second, lock));
        assert!(matches!(OutputLock::take(&first).unwrap(), Taken::Lock(_)));
    }

    #[test]
    fn a_lock_of_the_programs_is_not_taken_for_a_runs() {
        use nix::fcntl::{FcntlArg, fcntl};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let (first, second) = (open(&path), open(&path));
        let mut whole = linux::far_byte(nix::libc::F_WRLCK);
        (whole.l_start, whole.l_len) = (0, 0);
        fcntl(&first, FcntlArg::F_OFD_SETLK(&whole)).unwrap();
        assert!(matches!(OutputLock::take(&second).unwrap(), Taken::Unknown));
    }
}
