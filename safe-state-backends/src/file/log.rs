//! The protocol by which a checkpoint's bytes reach the disk: snapshots by an atomic rename,
//! records by appending into allocated space.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::fs::{Fs, parent_of};
use crate::format::tail_room;
use crate::{Appended, Durability, Error, name};

pub(crate) struct Log<F: Fs> {
    fs: F,
    path: PathBuf,
    durability: Durability,
    /// The file that `save` wrote last; none once an append to it has failed. A failed sync may
    /// have dropped the data it could not write, and a second one would then report success.
    open: Option<Open<F::File>>,
}

struct Open<T> {
    file: T,
    end: u64,
}

impl<F: Fs> Log<F> {
    pub(crate) fn new(fs: F, path: PathBuf, durability: Durability) -> Self {
        Log { fs, path, durability, open: None }
    }

    pub(crate) fn save(&mut self, snapshot: &[u8]) -> Result<(), Error> {
        self.open = None;
        let temporary = name::temporary(&self.path);
        let written = self.write_temporary(&temporary, snapshot).and_then(|file| {
            self.fs.rename(&temporary, &self.path).map_err(Error::io("replace", &self.path))?;
            Ok(file)
        });
        let file = written.inspect_err(|_| {
            // The error to report is why it could not be written, not that it could not be removed.
            let _ = self.fs.remove(&temporary);
        })?;
        self.sync_dir()?;
        self.open = Some(Open { file, end: snapshot.len() as u64 });
        Ok(())
    }

    fn write_temporary(&self, path: &Path, snapshot: &[u8]) -> Result<F::File, Error> {
        let room = snapshot.len() + tail_room(snapshot.len(), self.durability);
        let file = self.fs.create(path).map_err(Error::io("create", path))?;
        self.fs.allocate(&file, room as u64).map_err(Error::io("allocate space for", path))?;
        self.fs.write_at(&file, snapshot, 0).map_err(Error::io("write", path))?;
        self.sync(&file, path)?;
        Ok(file)
    }

    pub(crate) fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        let Some(Open { file, end }) = self.open.take() else { return Ok(Appended::No) };
        self.fs.write_at(&file, record, end).map_err(Error::io("append to", &self.path))?;
        self.sync(&file, &self.path)?;
        self.open = Some(Open { file, end: end + record.len() as u64 });
        Ok(Appended::Yes)
    }

    /// Whether the file that `save` wrote last still has a name; so it seems if it can't be told.
    pub(crate) fn is_in_place(&self) -> bool {
        self.open.as_ref().is_none_or(|open| self.fs.is_linked(&open.file).unwrap_or(true))
    }

    /// After an error the checkpoint is there as it was: who is told of one runs the job again.
    pub(crate) fn delete(&mut self) -> Result<(), Error> {
        self.open = None;
        let aside = name::temporary(&self.path);
        match self.fs.rename(&self.path, &aside) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(Error::io("remove", &self.path))?,
        }
        let removed = self
            .sync_dir()
            .and_then(|()| self.fs.remove(&aside).map_err(Error::io("remove", &aside)));
        removed.inspect_err(|_| {
            // The error to report is why it could not be removed, not that it could not be put back.
            let _ = self.fs.rename(&aside, &self.path);
        })
    }

    fn sync(&self, file: &F::File, path: &Path) -> Result<(), Error> {
        match self.durability {
            Durability::Power => self.fs.sync_data(file).map_err(Error::io("sync", path)),
            Durability::Process => Ok(()),
        }
    }

    fn sync_dir(&self) -> Result<(), Error> {
        let dir = parent_of(&self.path);
        match self.durability {
            Durability::Power => self.fs.sync_dir(dir).map_err(Error::io("sync", dir)),
            Durability::Process => Ok(()),
        }
    }
}
