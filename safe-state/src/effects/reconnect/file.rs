//! Files, reopened by their path, in their mode, at their position.

pub(crate) mod anew;
mod known;
mod mode;
mod path;
mod tail;

#[cfg(target_os = "linux")]
use std::fs;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, LineWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use safe_state_backends::is_shared;
use safe_state_backends::{FileId, reopen_named};
use safe_state_base::ReconnectError;
use serde::{Deserialize, Serialize};

use self::known::FileIdentity;
use self::mode::{Mode, failed_on};
use super::handle::Reconnect;
use super::outputs;

/// The description of an open file, from which it is opened again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMeta {
    #[serde(with = "path")]
    path: PathBuf,
    mode: Mode,
    /// The offset of the next byte that would have been read or written.
    position: u64,
    length: u64,
    #[serde(deserialize_with = "known::if_any")]
    known: Option<FileIdentity>,
}

/// Finds the path and the mode of the file in `/proc`, so it works on Linux only.
///
/// The reopened file has to be the file that was saved, by its device, its inode number and its time of birth; or else
/// a copy of it, such as a restored backup. In either case the last KiB before the position (for a file that is
/// appended to, before its end) has to hold the same bytes. Other changes are not noticed. A copy that is written to,
/// with less than a KiB before that place, may not be longer than the file was.
///
/// A file that is written to is cut to the length it had when it was saved, so that it holds each item's output
/// once: also of what others have appended meanwhile. So one variable of one job writes it: two handles of a job,
/// another job of the same store that is not finished, and a run of any store that is under way are refused. For the
/// last it is locked (`F_OFD_SETLK` of one byte far behind the end; not on network file systems), which a program
/// that locks its output by `flock` does not meet, and one that takes a POSIX lock on all bytes there are, by another
/// process than its own, does. A job that has finished, and goes on as its checkpoint was kept, is refused a file that is
/// longer if another job of the same store has written it since.
///
/// The first save makes the file's name durable. On a file system that may report errors late (NFS, FUSE and the like)
/// the file is synced with each save, whatever the job's durability.
impl Reconnect for File {
    type Meta = FileMeta;

    fn extract(&mut self) -> Result<FileMeta, ReconnectError> {
        let position = self.stream_position().map_err(failed("find the position in a file"))?;
        describe(self, position)
    }

    fn reconnect(meta: FileMeta) -> Result<Self, ReconnectError> {
        let FileMeta { path, mode, mut position, mut length, known } = meta;
        let (mut file, path) = found(&path, mode, known.as_ref())?;
        let found = file.metadata().map_err(failed_on("look at", &path))?;
        let checked = match known {
            Some(known) => known.check(&file, (&path, mode), length),
            None if found.len() < length => Err(ReconnectError::absent(format!(
                "`{}` has {} bytes, but had {length} when the progress was saved; \
                 it has been changed since, or opened anew before the run",
                path.display(),
                found.len()
            ))),
            None => Ok(()),
        };
        if let Err(error) = checked {
            if !outputs::accepts(|| format!("`{}` as it is", path.display())) {
                return Err(error);
            }
            // Where the last complete item ends in it, nobody knows. So nothing is cut.
            position = if position == length { found.len() } else { position.min(found.len()) };
            length = found.len();
        }
        if mode.is_written() {
            let cut_to = (found.len() > length).then_some(length);
            outputs::hold(&file, (&path, FileId::of(&found)), cut_to)?;
            file.set_len(length).map_err(failed_on("cut", &path))?;
        }
        file.seek(SeekFrom::Start(position)).map_err(failed_on("seek in", &path))?;
        Ok(file)
    }

    fn files(meta: &FileMeta) -> Vec<PathBuf> {
        vec![meta.path.clone()]
    }

    fn sync(&mut self) -> Result<(), ReconnectError> {
        sync(self)?;
        let found = self.metadata().map_err(failed("look at a file"))?;
        outputs::sync_name(&FileId::of(&found)).map_err(failed("sync the directory of a file"))
    }
}

fn sync(file: &File) -> Result<(), ReconnectError> {
    // A file that is only read has nothing to sync, and some systems return `EINVAL` for it.
    match file.sync_data() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced.map_err(failed("sync a file")),
    }
}

macro_rules! buffered_writer {
    ($Writer:ident) => {
        /// Flushes the buffer before the position is saved.
        impl Reconnect for $Writer<File> {
            type Meta = FileMeta;

            fn extract(&mut self) -> Result<FileMeta, ReconnectError> {
                self.flush().map_err(failed("flush a file"))?;
                self.get_mut().extract()
            }

            fn reconnect(meta: FileMeta) -> Result<Self, ReconnectError> {
                File::reconnect(meta).map($Writer::new)
            }

            fn files(meta: &FileMeta) -> Vec<PathBuf> {
                File::files(meta)
            }

            fn sync(&mut self) -> Result<(), ReconnectError> {
                self.get_mut().sync()
            }
        }
    };
}

buffered_writer!(BufWriter);
buffered_writer!(LineWriter);

/// Saves the position up to which the buffer has been consumed, not the one up to which the file has been read.
impl Reconnect for BufReader<File> {
    type Meta = FileMeta;

    fn extract(&mut self) -> Result<FileMeta, ReconnectError> {
        let position = self.stream_position().map_err(failed("find the position in a file"))?;
        describe(self.get_ref(), position)
    }

    fn reconnect(meta: FileMeta) -> Result<Self, ReconnectError> {
        File::reconnect(meta).map(BufReader::new)
    }

    fn files(meta: &FileMeta) -> Vec<PathBuf> {
        File::files(meta)
    }
}

/// Opens the file that was at `path`, and returns it with its path. It may have moved together with the store; then it is
/// the same file, or the run accepts another one.
fn found(
    path: &Path,
    mode: Mode,
    known: Option<&FileIdentity>,
) -> Result<(File, PathBuf), ReconnectError> {
    let error = match reopen(path, mode) {
        Err(error) if error.is_absence() => error,
        opened => return Ok((opened?, path.to_owned())),
    };
    let Some(known) = known else { return Err(error) };
    let moved = outputs::moved(path).and_then(|moved| Some((reopen(&moved, mode).ok()?, moved)));
    if let Some((file, moved)) = moved {
        let told = || format!("`{}` in place of `{}`", moved.display(), path.display());
        if known.is(&file) || outputs::accepts(told) {
            return Ok((file, moved));
        }
    }
    Err(error.with(&known.called_now(path)))
}

/// Opens the file at `path` itself. Refuses a link that has been put in its place or above it since.
fn reopen(path: &Path, mode: Mode) -> Result<File, ReconnectError> {
    let Mode { read, write, append } = mode;
    let mut options = OpenOptions::new();
    options.read(read).write(write).append(append);
    let file = reopen_named(path, &mut options).map_err(failed_on("open", path))?;
    #[cfg(target_os = "linux")]
    if path_of(&file)? != *path {
        return Err(ReconnectError::absent(format!(
            "`{}` leads to another file by a link, which was not there when the progress was saved",
            path.display()
        )));
    }
    Ok(file)
}

fn failed(action: &'static str) -> impl FnOnce(io::Error) -> ReconnectError {
    move |error| ReconnectError::because(format!("cannot {action}"), error)
}

#[cfg(target_os = "linux")]
fn path_of(file: &File) -> Result<PathBuf, ReconnectError> {
    use std::os::fd::AsRawFd;
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    fs::read_link(link).map_err(failed("find the path of a file"))
}

#[cfg(target_os = "linux")]
fn describe(file: &File, position: u64) -> Result<FileMeta, ReconnectError> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;

    let fd = file.as_raw_fd();
    let path = path_of(file)?;
    let open = file.metadata().map_err(failed_on("look at", &path))?;
    if !open.is_file() {
        return Err(ReconnectError::new(format!("`{}` is no regular file", path.display())));
    }
    // For a deleted file, `/proc` appends a note to the path, or the path names another file.
    let is_it = fs::metadata(&path)
        .is_ok_and(|named| (named.dev(), named.ino()) == (open.dev(), open.ino()));
    if !is_it {
        return Err(ReconnectError::new(format!(
            "`{}` has been deleted or replaced",
            path.display()
        )));
    }
    let mode = mode(fd)?;
    if mode.is_written() {
        outputs::hold(file, (&path, FileId::of(&open)), None)?;
    }
    written(file, (path, mode), position)
}

/// Returns the description of the file, after data written to it has reached the file system.
#[cfg(target_os = "linux")]
fn written(
    file: &File,
    (path, mode): (PathBuf, Mode),
    position: u64,
) -> Result<FileMeta, ReconnectError> {
    if mode.is_written() && is_shared(file) {
        sync(file)?;
    }
    let length = file.metadata().map_err(failed_on("look at", &path))?.len();
    if mode.is_written() && position > length {
        return Err(ReconnectError::new(format!(
            "`{}` has {length} bytes, but was written up to byte {position}: the file system has lost what was written, or \
             the program has left a gap at its end",
            path.display()
        )));
    }
    let end = if mode.append { length } else { position.min(length) };
    if mode.is_written() {
        let id = FileId::of(&file.metadata().map_err(failed_on("look at", &path))?);
        tail::check(file, (&path, mode), id, end)?;
    }
    let known = FileIdentity::of(file, mode, end).map_err(failed_on("read", &path))?;
    Ok(FileMeta { path, mode, position, length, known: Some(known) })
}

#[cfg(target_os = "linux")]
fn mode(fd: i32) -> Result<Mode, ReconnectError> {
    // These values are the same on all architectures that Rust's standard library knows, unlike most other flags.
    const ACCESS_MODE: u32 = 0o3;
    const WRITE_ONLY: u32 = 0o1;
    const READ_WRITE: u32 = 0o2;
    let append_flag =
        if cfg!(any(target_arch = "mips", target_arch = "mips64")) { 0o10 } else { 0o2000 };
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{fd}"))
        .map_err(failed("find the mode of a file"))?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or_default();
    let flags = u32::from_str_radix(flags.trim(), 8)
        .map_err(|error| ReconnectError::because("cannot read the mode of a file", error))?;
    let access = flags & ACCESS_MODE;
    Ok(Mode {
        read: access != WRITE_ONLY,
        write: access == WRITE_ONLY || access == READ_WRITE,
        append: flags & append_flag != 0,
    })
}

#[cfg(not(target_os = "linux"))]
fn describe(_: &File, _: u64) -> Result<FileMeta, ReconnectError> {
    Err(ReconnectError::new(
        "the path of an open file can only be found on Linux; implement `Reconnect` for a type that knows it",
    ))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// The description that version 1 saved ends with the length.
    #[test]
    fn what_an_older_release_saved_is_read_and_checked_by_its_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("out");
        fs::write(&path, "one\ntwo\n").unwrap();
        let path_bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
        let old = postcard::to_stdvec(&(path_bytes, (false, true, true), 4_u64, 4_u64)).unwrap();
        let meta: FileMeta = postcard::from_bytes(&old).unwrap();
        assert_eq!((&meta.path, meta.position, meta.length, meta.known), (&path, 4, 4, None));
        drop(File::reconnect(meta.clone()).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        fs::write(&path, "one").unwrap();
        let error = File::reconnect(meta).unwrap_err();
        assert!(error.to_string().contains("has 3 bytes, but had 4"), "{error}");
    }
}
