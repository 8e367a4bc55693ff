//! The lease on a job in a database: a lock on a file beside it, and an epoch in the job's row.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::database::{Database, LeaseToken, Trouble};
use super::statements;
use crate::lease::lock::{self, Lock};
use crate::statements::Outstanding;
use crate::{Appended, Dialect, Ended, Error, Holder, Lease, LeaseOptions, Save, Statements, name};

/// A lease on a job in the database. Fields drop in order: the database is closed before the lock is released.
pub(super) struct SqliteLease {
    database: Database,
    job: String,
    place: String,
    key: String,
    epoch: i64,
    /// The number of records that this lease has added behind its snapshot; `None` if it has saved no snapshot, or the number
    /// is unknown.
    records: Option<i64>,
    outstanding: Option<Outstanding>,
    /// The lock on a file; `None` for a database in memory, where only the row keeps other runs out.
    lock: Option<Lock>,
}

impl SqliteLease {
    pub(super) fn take(
        database: Database,
        job: &str,
        options: LeaseOptions,
        place: String,
    ) -> Result<Self, Error> {
        let lock = match database.path() {
            Some(path) => Some(Lock::take(job, &lock_beside(&path, job)?)?),
            None => None,
        };
        let key = name::encode(job);
        let holder = Holder::this_process().to_line();
        let acquired = database
            .set_durability(options.durability)
            .and_then(|()| database.make_tables())
            .and_then(|()| database.acquire(&key, &holder, lock.is_none()));
        match acquired {
            Ok(epoch) => {
                let job = job.to_owned();
                let (records, outstanding) = (None, None);
                Ok(SqliteLease { database, job, place, key, epoch, records, outstanding, lock })
            }
            Err(trouble) => Err(trouble.at("taking the lease", job, place)),
        }
    }

    fn token(&self) -> LeaseToken<'_> {
        LeaseToken { key: &self.key, epoch: self.epoch }
    }

    #[cfg(test)]
    pub(super) fn synchronous(&self) -> i64 {
        self.database.synchronous()
    }

    fn told<T>(&self, action: &'static str, done: Result<T, Trouble>) -> Result<T, Error> {
        done.map_err(|trouble| trouble.at(action, &self.job, self.place.clone()))
    }
}

impl Lease for SqliteLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.records = None;
        self.told("saving", self.database.replace(self.token(), Some(checkpoint)))?;
        self.records = Some(0);
        Ok(())
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        let Some(number) = self.records.take() else { return Ok(Appended::No) };
        self.told("saving", self.database.append(self.token(), number, record))?;
        self.records = Some(number + 1);
        Ok(Appended::Yes)
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.records = None;
        self.told("deleting", self.database.replace(self.token(), None))
    }

    fn statements(
        &mut self,
        save: Save<'_>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        if dialect != Dialect::Sqlite {
            return Ok(None);
        }
        let (tables, token) = (self.database.tables(), self.token());
        let (number, list) = match (save, self.records) {
            (Save::Whole(snapshot), _) => (None, statements::whole(tables, token, snapshot)),
            (Save::Record(_), None) => return Ok(None),
            (Save::Record(record), Some(number)) => {
                (Some(number), statements::record(tables, token, number, record))
            }
        };
        let statements = statements::at(&self.place, list);
        let number = number.map(i64::cast_unsigned);
        self.outstanding = Some(Outstanding { number, bytes: save.bytes().to_vec() });
        Ok(Some(statements))
    }

    fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        let Some(saved) = self.outstanding.take() else { return Ok(false) };
        let number = saved.number.map(u64::cast_signed);
        match ended {
            Ended::Committed => {
                self.records = Some(number.map_or(0, |number| number + 1));
                Ok(true)
            }
            Ended::RolledBack => {
                self.told("looking", self.database.check(self.token())).map(|()| false)
            }
            Ended::Unknown => {
                self.records = None;
                let settled = self.database.settle(self.token(), number, &saved.bytes);
                let (epoch, is_saved) = self.told("looking", settled)?;
                self.epoch = epoch;
                Ok(is_saved)
            }
        }
    }
}

impl Drop for SqliteLease {
    fn drop(&mut self) {
        if self.lock.is_none() {
            // A database in memory fails only for lack of memory.
            let _ = self.database.release(self.token());
        }
    }
}

/// Returns who holds a job, by its lock file. For a database in memory, that is unsupported.
pub(super) fn holder(database: &Database, job: &str) -> Result<Option<Holder>, Error> {
    match database.path() {
        Some(path) => lock::holder(&lock_beside(&path, job)?),
        None => Err(Error::Unsupported("tell who runs a job, in memory")),
    }
}

/// Returns the path of the lock file: one for each database and job, whichever link leads to the database.
fn lock_beside(database: &Path, job: &str) -> Result<PathBuf, Error> {
    let database = fs::canonicalize(database).map_err(Error::io("look for", database))?;
    let mut file_name = OsString::from(database.file_name().unwrap_or_default());
    file_name.push(".");
    let room = name::FILE_NAME_LIMIT.saturating_sub(file_name.len() + name::LOCK.len());
    file_name.push(name::encode_within(job, room) + name::LOCK);
    Ok(database.with_file_name(file_name))
}
