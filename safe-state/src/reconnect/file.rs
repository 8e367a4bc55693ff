//! Files: reopened by their path, in their mode, at their position.

mod path;

#[cfg(target_os = "linux")]
use std::fs;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use safe_state_backends::reopen_named;
use serde::{Deserialize, Serialize};

use super::{Reconnect, ReconnectError};

/// How to open a file again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMeta {
    #[serde(with = "path")]
    path: PathBuf,
    mode: Mode,
    /// Where the next byte would have been read or written.
    position: u64,
    length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mode {
    read: bool,
    write: bool,
    append: bool,
}

/// On Linux, by the path and mode that `/proc` has for it. A file that is written to is cut to the
/// length it had when it was saved, so that it holds each item's output once.
impl Reconnect for File {
    type Meta = FileMeta;

    fn extract(&mut self) -> Result<FileMeta, ReconnectError> {
        let position = self.stream_position().map_err(failed("find the position in a file"))?;
        describe(self, position)
    }

    fn reconnect(meta: FileMeta) -> Result<Self, ReconnectError> {
        let FileMeta { path, mode, position, length } = &meta;
        let Mode { write, append, .. } = *mode;
        let mut file = reopen(path, *mode)?;
        let found = file.metadata().map_err(failed_on("look at", path))?.len();
        if found < *length {
            return Err(ReconnectError::new(format!(
                "`{}` has {found} bytes, but had {length} when the progress was saved; \
                 it has been changed since, or opened anew before the run",
                path.display()
            )));
        }
        if write || append {
            file.set_len(*length).map_err(failed_on("cut", path))?;
        }
        file.seek(SeekFrom::Start(*position)).map_err(failed_on("seek in", path))?;
        Ok(file)
    }

    fn files(meta: &FileMeta) -> Vec<PathBuf> {
        vec![meta.path.clone()]
    }

    fn sync(&mut self) -> Result<(), ReconnectError> {
        // A file that is only read has nothing to sync, and some systems refuse it.
        match self.sync_data() {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced.map_err(failed("sync a file")),
        }
    }
}

/// Flushed before its position is saved.
impl Reconnect for BufWriter<File> {
    type Meta = FileMeta;

    fn extract(&mut self) -> Result<FileMeta, ReconnectError> {
        self.flush().map_err(failed("flush a file"))?;
        self.get_mut().extract()
    }

    fn reconnect(meta: FileMeta) -> Result<Self, ReconnectError> {
        File::reconnect(meta).map(BufWriter::new)
    }

    fn files(meta: &FileMeta) -> Vec<PathBuf> {
        File::files(meta)
    }

    fn sync(&mut self) -> Result<(), ReconnectError> {
        self.get_mut().sync()
    }
}

/// At the position of what has been read from the buffer, not of what has been read into it.
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

/// Opens what the path names itself, and not what a link leads to that has been put there or above it.
fn reopen(path: &Path, mode: Mode) -> Result<File, ReconnectError> {
    let Mode { read, write, append } = mode;
    let mut options = OpenOptions::new();
    options.read(read).write(write).append(append);
    let file = reopen_named(path, &mut options).map_err(failed_on("open", path))?;
    #[cfg(target_os = "linux")]
    if path_of(&file)? != *path {
        return Err(ReconnectError::new(format!(
            "`{}` leads to another file by a link, which was not there when the progress was saved",
            path.display()
        )));
    }
    Ok(file)
}

fn failed(action: &'static str) -> impl FnOnce(io::Error) -> ReconnectError {
    move |error| ReconnectError::because(format!("cannot {action}"), error)
}

fn failed_on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ReconnectError {
    let text = format!("cannot {action} `{}`", path.display());
    move |error| ReconnectError::because(text, error)
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
    // The path of a file that is gone ends in a note of that, or names another file.
    let is_it = fs::metadata(&path)
        .is_ok_and(|named| (named.dev(), named.ino()) == (open.dev(), open.ino()));
    if !is_it {
        return Err(ReconnectError::new(format!(
            "`{}` has been deleted or replaced",
            path.display()
        )));
    }
    Ok(FileMeta { path, mode: mode(fd)?, position, length: open.len() })
}

#[cfg(target_os = "linux")]
fn mode(fd: i32) -> Result<Mode, ReconnectError> {
    // Fixed on all architectures that Rust's standard library knows, unlike most other flags.
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
