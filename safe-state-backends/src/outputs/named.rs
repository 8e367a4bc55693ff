//! Access to files that the user of a command names. Their paths may lead to anything.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

#[cfg(unix)]
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::dir::{Dir, read_within};
use crate::outputs::publish::{publish, publish_once};
use crate::size::{SizeLimit, too_large};

/// Reads a file up to the largest size of a checkpoint, even from a pipe or a source without end.
///
/// # Errors
///
/// The file cannot be read, or is larger.
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    read_within(&File::open(path)?, limit()?)
}

/// Reads standard input, up to the largest size of a checkpoint.
///
/// # Errors
///
/// The same errors as [`read_named`].
pub fn read_stdin() -> io::Result<Vec<u8>> {
    let (mut bytes, limit) = (Vec::new(), limit()?);
    io::stdin().lock().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_large(bytes.len() as u64, limit)) } else { Ok(bytes) }
}

/// Reads a file that this crate has written, up to the largest size of a checkpoint. Accepts only a regular file, and follows
/// no link.
///
/// # Errors
///
/// The file cannot be read, is no regular file, or is larger.
pub fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let (dir, name) = Dir::of(path)?;
    read_within(&dir.file(&name)?, limit()?)
}

fn limit() -> io::Result<u64> {
    SizeLimit::default().bytes().map_err(io::Error::other)
}

/// Opens a file with `options`. Accepts only a regular file, and follows no link.
///
/// # Errors
///
/// The file cannot be opened, or is no regular file.
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

/// Makes reads and writes on the opened file wait, as usual.
#[cfg(unix)]
fn unguard(file: &File) -> io::Result<()> {
    Ok(fcntl_setfl(file, fcntl_getfl(file)? - OFlags::NONBLOCK)?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn unguard(_: &File) -> io::Result<()> {
    Ok(())
}

/// Writes a file that only its owner can read, whole or not at all, and replaces an existing one. If the path leads to
/// something else, such as a pipe or a terminal, writes into it.
///
/// # Errors
///
/// The file cannot be written; or nobody reads from the pipe.
pub fn write_named(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match stream(path)? {
        Some(stream) => (&stream).write_all(bytes),
        None => publish(path, |file| fill(file.get_ref(), bytes)),
    }
}

/// Writes a file like [`write_named`], unless there is one already. Returns whether it wrote.
///
/// # Errors
///
/// The same errors as [`write_named`].
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

/// Opens what the path leads to for writing, if it is neither a file nor a directory.
fn stream(path: &Path) -> io::Result<Option<File>> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => open_stream(path).map(Some),
        // Creating the file gives the error that says why there is none.
        _ => Ok(None),
    }
}

/// Opens a stream for writing. If nobody reads from a pipe, fails instead of waiting for a reader.
#[cfg(unix)]
fn open_stream(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, open};
    use rustix::io::{Errno, retry_on_intr};

    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match retry_on_intr(|| open(path, flags, Mode::empty())) {
        Ok(opened) => {
            let stream = File::from(opened);
            // Writes wait for a slow reader.
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
        // The bytes are more than a pipe holds.
        let bytes = vec![7; 1 << 20];
        for path in [&pipe, &link] {
            thread::scope(|scope| {
                let reader = scope.spawn(|| read_named(&pipe).unwrap());
                // Before the reader opens the pipe, a write is an error.
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

    /// The test makes a device, for which it has to be root.
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
