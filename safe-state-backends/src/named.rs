//! Files that the user of a command names, and which may be anything that a path leads to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

#[cfg(unix)]
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::dir::{Dir, read_within};
use crate::publish::{publish, publish_once};
use crate::size::{SizeLimit, too_large};

/// Reads it up to the size that a checkpoint may have: also what comes by a pipe, or has no end.
///
/// # Errors
///
/// It cannot be read, or is larger.
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    read_within(&File::open(path)?, limit()?)
}

/// Reads standard input, up to the same size.
///
/// # Errors
///
/// As [`read_named`].
pub fn read_stdin() -> io::Result<Vec<u8>> {
    let (mut bytes, limit) = (Vec::new(), limit()?);
    io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_large(bytes.len() as u64, limit)) } else { Ok(bytes) }
}

/// Reads one that this crate has written, up to the same size: a regular file alone, by no link.
///
/// # Errors
///
/// It cannot be read, is something else, or is larger.
pub fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let (dir, name) = Dir::of(path)?;
    read_within(&dir.file(&name)?, limit()?)
}

fn limit() -> io::Result<u64> {
    SizeLimit::default().bytes().map_err(io::Error::other)
}

/// Opens a file again as the options say: a regular file alone, and by no link.
///
/// # Errors
///
/// It cannot be opened, or is something else.
pub fn reopen_named(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    guard(options);
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    unguard(&file)?;
    Ok(file)
}

#[cfg(unix)]
fn guard(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
fn guard(_: &mut OpenOptions) {}

/// From here on it is as any file that was opened.
#[cfg(unix)]
fn unguard(file: &File) -> io::Result<()> {
    Ok(fcntl_setfl(file, fcntl_getfl(file)? - OFlags::NONBLOCK)?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn unguard(_: &File) -> io::Result<()> {
    Ok(())
}

/// Writes a file that its owner alone can read, whole or not at all, in place of one that is there. What is
/// no file, such as a pipe or a terminal, is written into.
///
/// # Errors
///
/// It cannot be written; or nobody reads from the pipe.
pub fn write_named(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match stream(path)? {
        Some(stream) => (&stream).write_all(bytes),
        None => publish(path, |file| fill(file.get_ref(), bytes)),
    }
}

/// The same, unless there is a file already; and says whether there was none.
///
/// # Errors
///
/// As [`write_named`].
pub fn write_named_once(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match stream(path)? {
        Some(stream) => (&stream).write_all(bytes).map(|()| true),
        None => Ok(publish_once(path, |file| fill(file.get_ref(), bytes))?.is_some()),
    }
}

fn fill(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(bytes)
}

/// What the path leads to, open for writing, if it is neither a file nor a directory.
fn stream(path: &Path) -> io::Result<Option<File>> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => open_stream(path).map(Some),
        // The attempt to make a file tells why there is none.
        _ => Ok(None),
    }
}

/// A pipe from which nobody reads is an error, and not waited for.
#[cfg(unix)]
fn open_stream(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, open};
    use rustix::io::{Errno, retry_on_intr};

    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match retry_on_intr(|| open(path, flags, Mode::empty())) {
        Ok(opened) => {
            let stream = File::from(opened);
            // A slow reader is waited for.
            unguard(&stream)?;
            Ok(stream)
        }
        Err(error @ Errno::NXIO) => {
            let text = "it is a socket, or a pipe from which nobody reads";
            Err(io::Error::new(io::Error::from(error).kind(), text))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn open_stream(path: &Path) -> io::Result<File> {
    File::options().write(true).open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{FileTypeExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;
    use std::thread;

    use super::*;

    fn fifo(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_pipe_takes_what_is_written_and_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, link) = (dir.path().join("pipe"), dir.path().join("link"));
        fifo(&pipe);
        symlink("pipe", &link).unwrap();
        // More than a pipe holds.
        let bytes = vec![7; 1 << 20];
        for path in [&pipe, &link] {
            thread::scope(|scope| {
                let reader = scope.spawn(|| read_named(&pipe).unwrap());
                // Until it reads, that is an error.
                while let Err(error) = write_named(path, &bytes) {
                    assert!(error.to_string().contains("nobody reads"), "{error}");
                    thread::yield_now();
                }
                assert_eq!(reader.join().unwrap(), bytes);
            });
        }
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    /// It takes root to make one.
    #[test]
    fn a_device_takes_what_is_written_and_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        let null = dir.path().join("null");
        let made = Command::new("mknod").arg(&null).args(["c", "1", "3"]).output().unwrap();
        assert!(made.status.success(), "this test makes a device, which takes root: {made:?}");
        write_named(&null, b"lost").unwrap();
        assert!(write_named_once(&null, b"lost").unwrap());
        publish(&null, |file| file.write_all(b"no")).unwrap_err();
        assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_socket_is_refused_and_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let _listening = UnixListener::bind(&path).unwrap();
        write_named(&path, b"no").unwrap_err();
        publish(&path, |file| file.write_all(b"no")).unwrap_err();
        assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    }

    #[test]
    fn what_has_no_end_is_read_up_to_the_limit() {
        let error = read_within(&File::open("/dev/zero").unwrap(), 1000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge, "{error}");
    }
}
