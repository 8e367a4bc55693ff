//! Finds out whether a file was made, or emptied, since a time.

use std::fs::File;
use std::path::PathBuf;
use std::time::SystemTime;

/// Returns the path of a file that is written to, and was made since `saved`, or is empty since. A file that is appended
/// to may be a new one on purpose, as behind a rotation. On a shared file system, the clock may be another one.
#[cfg(target_os = "linux")]
pub(crate) fn made_since(file: &File, saved: SystemTime) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;

    let found = file.metadata().ok()?;
    let is_later = |time: std::io::Result<SystemTime>| time.is_ok_and(|time| time > saved);
    let is_anew = is_later(found.created()) || (found.len() == 0 && is_later(found.modified()));
    if !is_anew || !found.is_file() || safe_state_backends::is_shared(file) {
        return None;
    }
    let mode = super::mode(file.as_raw_fd()).ok()?;
    if mode.is_written() && !mode.append { super::path_of(file).ok() } else { None }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn made_since(_: &File, _: SystemTime) -> Option<PathBuf> {
    None
}
