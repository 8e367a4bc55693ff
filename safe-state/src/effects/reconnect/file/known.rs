//! Recognises a file as the one that was saved, by its identity and by the bytes before the saved place.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use safe_state_backends::FileId;
use safe_state_base::ReconnectError;
use serde::{Deserialize, Deserializer, Serialize};

use super::mode::{Mode, failed_on};
use crate::effects::reconnect::outputs;

/// The number of bytes before the place that are compared.
const COMPARED: u64 = 1024;
/// The number of directory entries that are searched, to say what has become of a file.
const MOST_NAMES: usize = 10_000;

/// The facts by which a file is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileIdentity {
    id: FileId,
    /// The offset at which the compared bytes end.
    end: u64,
    /// The number of compared bytes and their checksum; none if the file can't be read.
    compared: Option<(u16, u32)>,
}

/// Reads the field if it is there: descriptions that older releases saved end before it.
#[expect(clippy::unnecessary_wraps, reason = "what reads a field may fail")]
pub(super) fn if_any<'de, D: Deserializer<'de>>(
    known: D,
) -> Result<Option<FileIdentity>, D::Error> {
    Ok(Option::deserialize(known).unwrap_or_default())
}

impl FileIdentity {
    /// Takes the facts of an open file, with the bytes that end at `end`.
    pub(super) fn of(file: &File, mode: Mode, end: u64) -> io::Result<Self> {
        let id = FileId::of(&file.metadata()?);
        let count = end.min(COMPARED);
        let compared = match checksum(file, &id, mode, (end - count, count)) {
            Ok(Some(checksum)) => Some((count.try_into().unwrap_or(u16::MAX), checksum)),
            // The file is too short. The caller reports it, as it knows the length that the file should have.
            Ok(None) => None,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
            Err(error) => return Err(error),
        };
        Ok(FileIdentity { id, end, compared })
    }

    /// Returns whether it is the same file.
    pub(super) fn is(&self, file: &File) -> bool {
        file.metadata().is_ok_and(|found| self.id.is(&FileId::of(&found)))
    }

    /// Checks that the file at `path`, opened again, is the one that was `length` bytes long: that file itself, or a
    /// copy of it.
    pub(super) fn check(
        &self,
        file: &File,
        (path, mode): (&Path, Mode),
        length: u64,
    ) -> Result<(), ReconnectError> {
        let found = file.metadata().map_err(failed_on("look at", path))?;
        let is_same_file = self.id.is(&FileId::of(&found));
        let shown = path.display();
        if found.len() < length {
            let reason = if is_same_file {
                "it has been changed since, or opened anew before the run".to_owned()
            } else {
                format!("it is another file{}", self.called_now(path))
            };
            return Err(ReconnectError::absent(format!(
                "`{shown}` has {} bytes, but had {length} when the progress was saved; {reason}",
                found.len()
            )));
        }
        let now = FileIdentity::of(file, mode, self.end).map_err(failed_on("read", path))?;
        let has_same_bytes = now.compared == self.compared && self.compared.is_some();
        let count = self.compared.map_or(0, |(count, _)| u64::from(count));
        match (is_same_file, has_same_bytes) {
            (true, false) if self.compared.is_some() => Err(ReconnectError::new(format!(
                "`{shown}` has other bytes before byte {} than those that were there when the progress was saved: \
                 something else has written to it since, or it was emptied and filled again",
                self.end
            ))),
            (false, true) if mode.write && found.len() > length && count < COMPARED => {
                Err(ReconnectError::absent(format!(
                    "`{shown}` is another file{}: it begins with the same {count} bytes and goes on with {} that nothing is \
                     known of; if it is a copy, cut it to {length} bytes",
                    self.called_now(path),
                    found.len() - length
                )))
            }
            (false, false) => Err(ReconnectError::absent(format!(
                "`{shown}` is another file than the one that the progress was saved with{}",
                self.called_now(path)
            ))),
            (true, _) | (false, true) => Ok(()),
        }
    }

    /// Returns the name that the file has now in the directory of `path`, as text for a message; empty if it is not
    /// found.
    pub(super) fn called_now(&self, path: &Path) -> String {
        let dir = path.parent().unwrap_or(Path::new("/"));
        let entries = fs::read_dir(dir).into_iter().flatten().take(MOST_NAMES).flatten();
        let mut others = entries.filter(|entry| entry.path() != path);
        let is_it = |entry: &fs::DirEntry| {
            entry.metadata().is_ok_and(|found| found.is_file() && self.id.is(&FileId::of(&found)))
        };
        others
            .find(is_it)
            .map(|entry| format!(", which is `{}` now", entry.path().display()))
            .unwrap_or_default()
    }
}

/// Returns the checksum of `count` bytes from the offset `from` on; none if the file ends before them.
fn checksum(
    file: &File,
    id: &FileId,
    mode: Mode,
    (from, count): (u64, u64),
) -> io::Result<Option<u32>> {
    let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
    match read(file, id, mode, (&mut bytes, from)) {
        Ok(()) => Ok(Some(crc32fast::hash(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Fills `bytes` from the offset `from` of the file on.
pub(super) fn read(
    file: &File,
    id: &FileId,
    mode: Mode,
    (bytes, from): (&mut [u8], u64),
) -> io::Result<()> {
    let mut read = |file: &File| read_at(file, bytes, from);
    if mode.read { read(file) } else { outputs::read_by(id, || reader(file), read) }
}

/// Opens the same file again, for reading.
#[cfg(target_os = "linux")]
fn reader(file: &File) -> io::Result<File> {
    use std::os::fd::AsRawFd;
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(not(target_os = "linux"))]
fn reader(_: &File) -> io::Result<File> {
    Err(io::ErrorKind::PermissionDenied.into())
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], from: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, from)
}

/// Refuses to read, as reading would move the handle's own position.
#[cfg(not(unix))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::PermissionDenied.into())
}
