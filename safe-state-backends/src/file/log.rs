//! The protocol by which a checkpoint's bytes reach the disk: snapshots by an atomic rename, records by appends into allocated
//! space.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::fs::Fs;
use crate::format::tail_room;
#[cfg(unix)]
use crate::size::rlimit;
use crate::size::{SizeLimit, too_large};
use crate::{Appended, Durability, Error, name};

pub(crate) struct Log<F: Fs> {
    fs: F,
    file: LogFile,
    /// The file that `save` wrote last; `None` once an append to it has failed. A failed sync may drop the data it could not
    /// write, and a second sync then reports success.
    open: Option<Open<F::File>>,
}

/// The file's name, and options for writing it.
pub(crate) struct LogFile {
    /// The path of the directory, for messages.
    pub(crate) dir: PathBuf,
    pub(crate) name: PathBuf,
    pub(crate) durability: Durability,
    pub(crate) limit: SizeLimit,
}

struct Open<T> {
    file: T,
    end: u64,
}

impl<F: Fs> Log<F> {
    pub(crate) fn new(fs: F, file: LogFile) -> Self {
        Log { fs, file, open: None }
    }

    /// Continues in a directory that was made anew. The next write has to be a save.
    pub(crate) fn move_to(&mut self, fs: F) {
        self.open = None;
        self.fs = fs;
    }

    /// Writes a snapshot, and replaces the old file unless `fence` returns an error: the lease may have been lost during the
    /// write.
    pub(crate) fn save(
        &mut self,
        snapshot: &[&[u8]],
        fence: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.open = None;
        let len = snapshot.iter().map(|piece| piece.len()).sum();
        let room = self.room(len)?;
        let name = &self.file.name;
        let temporary = name::temporary(name);
        let written = self.write_temporary(&temporary, snapshot, room).and_then(|file| {
            fence()?;
            self.fs.rename(&temporary, name).map_err(self.failed("replace", name))?;
            Ok(file)
        });
        let file = written.inspect_err(|_| {
            // The error to report is the one of the write, not one of the cleanup.
            let _ = self.fs.remove(&temporary);
        })?;
        self.sync_dir()?;
        self.open = Some(Open { file, end: len as u64 });
        Ok(())
    }

    /// Returns the length that the file gets, in bytes. Refuses a length beyond the limit, as the file could not be read back.
    fn room(&self, snapshot: usize) -> Result<u64, Error> {
        let room = (snapshot + tail_room(snapshot, self.file.durability)) as u64;
        let limit = self.file.limit.bytes()?;
        if room > limit {
            return Err(self.failed("write", &self.file.name)(too_large(room, limit)));
        }
        // A file larger than the process's limit would not cause an error, but SIGXFSZ.
        #[cfg(unix)]
        if rlimit().is_some_and(|limit| room > limit) {
            let error = rustix::io::Errno::FBIG.into();
            return Err(self.failed("write", &self.file.name)(error));
        }
        Ok(room)
    }

    fn write_temporary(
        &self,
        name: &Path,
        snapshot: &[&[u8]],
        room: u64,
    ) -> Result<F::File, Error> {
        let file = self.fs.create(name).map_err(self.failed("create", name))?;
        self.fs.allocate(&file, room).map_err(self.failed("allocate space for", name))?;
        self.write_pieces(&file, snapshot, 0).map_err(self.failed("write", name))?;
        self.sync(&file, name)?;
        Ok(file)
    }

    /// Returns a closure that makes an error. The path is built only for an error, not by each save that succeeds.
    fn failed(&self, action: &'static str, name: &Path) -> impl FnOnce(io::Error) -> Error {
        move |error| Error::io(action, self.file.dir.join(name))(error)
    }

    pub(crate) fn append(&mut self, record: &[&[u8]]) -> Result<Appended, Error> {
        let Some(Open { file, end }) = self.open.take() else { return Ok(Appended::No) };
        let written = self.write_pieces(&file, record, end);
        let end = written.map_err(self.failed("append to", &self.file.name))?;
        self.sync(&file, &self.file.name)?;
        self.open = Some(Open { file, end });
        Ok(Appended::Yes)
    }

    /// Returns the file that `save` wrote last.
    pub(crate) fn file(&self) -> Option<&F::File> {
        self.open.as_ref().map(|open| &open.file)
    }

    /// Writes the pieces one behind the other from `offset` on. Returns the offset behind them.
    fn write_pieces(&self, file: &F::File, pieces: &[&[u8]], offset: u64) -> io::Result<u64> {
        pieces.iter().filter(|piece| !piece.is_empty()).try_fold(offset, |offset, piece| {
            self.fs.write_at(file, piece, offset)?;
            Ok(offset + piece.len() as u64)
        })
    }

    /// Returns whether the file that `save` wrote last still has its name; `true` if that is unknown.
    pub(crate) fn is_in_place(&self) -> bool {
        let is_named = |open: &Open<_>| self.fs.names(&self.file.name, &open.file).unwrap_or(true);
        self.open.as_ref().is_none_or(is_named)
    }

    /// Removes the checkpoint. After an error the checkpoint is there as before, because whoever sees the error runs the job
    /// again.
    pub(crate) fn delete(
        &mut self,
        fence: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.open = None;
        fence()?;
        let name = &self.file.name;
        let aside = name::temporary(name);
        match self.fs.rename(name, &aside) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(self.failed("remove", name))?,
        }
        let removed = self
            .sync_dir()
            .and_then(|()| self.fs.remove(&aside).map_err(self.failed("remove", &aside)));
        removed.inspect_err(|_| {
            // The error to report is the one of the removal, not one of putting the file back.
            let _ = self.fs.rename(&aside, name);
        })
    }

    fn sync(&self, file: &F::File, name: &Path) -> Result<(), Error> {
        match self.file.durability {
            Durability::Power => self.fs.sync_data(file).map_err(self.failed("sync", name)),
            Durability::Process => Ok(()),
        }
    }

    fn sync_dir(&self) -> Result<(), Error> {
        let dir = &self.file.dir;
        match self.file.durability {
            Durability::Power => self.fs.sync_dir().map_err(Error::io("sync", dir)),
            Durability::Process => Ok(()),
        }
    }
}
