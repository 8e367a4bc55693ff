//! A backend around another one, which encrypts the checkpoints.
//!
//! The other backend stores frames like those of a checkpoint, one for each save, so that appends, torn saves and damage work
//! as without encryption. Requests to jobs, and the notes on which job writes a file, are not encrypted.

mod keys;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

pub use keys::{EncryptionKeys, IntoKeys};
use keys::{Plain, nonce_of};

use crate::format::pieces::Pieces;
use crate::format::{FormatError, Tail, sealed};
use crate::name::RESERVED;
use crate::{
    Appended, Backend, Dialect, Durability, Ended, Error, Holder, Lease, LeaseOptions, Listing,
    Save, Statements,
};

/// A backend that keeps checkpoints encrypted in another backend.
///
/// Whoever can read the store sees the names of jobs, who runs them, how large their checkpoints are, when they were saved, and
/// which requests were made of them. Whoever can write to the store can remove a checkpoint, or restore an earlier one; any
/// other change is noticed.
///
/// ```
/// use std::sync::Arc;
/// use safe_state_backends::{Backend, Encrypted, EncryptionKeys, MemoryBackend};
///
/// let store = Arc::new(MemoryBackend::default());
/// let keys = EncryptionKeys::new([7; 32]);
/// let backend = Encrypted::new(Arc::clone(&store) as _, keys);
/// backend.save("job", b"of a customer")?;
/// assert_eq!(backend.load("job")?.as_deref(), Some(&b"of a customer"[..]));
/// assert!(!store.load("job")?.unwrap().windows(8).any(|part| part == b"customer"));
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
#[derive(Clone)]
pub struct Encrypted {
    within: Arc<dyn Backend>,
    keys: EncryptionKeys,
}

impl Encrypted {
    /// Creates a backend that encrypts checkpoints and stores them in `within`.
    pub fn new(within: Arc<dyn Backend>, keys: EncryptionKeys) -> Self {
        Encrypted { within, keys }
    }

    /// Decrypts what is stored under `name`.
    fn opened(&self, name: &str, stored: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Error> {
        let Some(stored) = stored else { return Ok(None) };
        if is_plain(name) {
            return Ok(Some(stored));
        }
        match self.open(name, &stored) {
            Err(FormatError::NotEncrypted) if self.keys.plain != Plain::Refused => Ok(Some(stored)),
            opened => opened.map(Some).map_err(|reason| Error::unreadable(self, name, reason)),
        }
    }

    fn open(&self, name: &str, stored: &[u8]) -> Result<Vec<u8>, FormatError> {
        let frames = sealed::frames(stored)?;
        let snapshot = frames.first().map_or(&[][..], |(_, sealed)| nonce_of(sealed));
        let mut opened = Vec::new();
        for (at, frame) in frames.iter().enumerate() {
            let bound =
                if at == 0 { bound(name, None) } else { bound(name, Some((snapshot, frame.0))) };
            opened.extend(self.keys.open(*frame, &bound)?);
        }
        Ok(opened)
    }

    /// Encrypts and frames a snapshot, to be stored under `name`.
    fn sealed(&self, name: &str, plain: &[u8], durability: Durability) -> Result<Sealed, Error> {
        let snapshot = self.keys.seal(plain, &bound(name, None))?;
        let pieces = sealed::snapshot(name, &snapshot)
            .map_err(|reason| Error::unwritable(self, name, reason))?;
        let tail = Tail::after(&pieces, durability);
        let behind = tail.map(|tail| Behind { tail, snapshot: nonce_of(&snapshot).to_vec() });
        Ok(Sealed { pieces, behind })
    }

    /// Encrypts and frames a record for the place behind others; `None` if it has no room.
    fn sealed_record(
        &self,
        name: &str,
        behind: &Behind,
        plain: &[u8],
    ) -> Result<Option<Sealed>, Error> {
        let place = behind.tail.end();
        let record = self.keys.seal(plain, &bound(name, Some((&behind.snapshot, place))))?;
        let framed = sealed::record(behind.tail, &record)
            .map_err(|reason| Error::unwritable(self, name, reason))?;
        Ok(framed.map(|(pieces, tail)| Sealed {
            pieces,
            behind: Some(Behind { tail, snapshot: behind.snapshot.clone() }),
        }))
    }

    /// Returns whether what is stored under `name` is not encrypted, and has to stay so.
    fn stays_plain(&self, name: &str) -> Result<bool, Error> {
        if self.keys.plain != Plain::Left {
            return Ok(false);
        }
        Ok(self.within.load(name)?.is_some_and(|stored| sealed::is_plain(&stored)))
    }
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypted").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// Encrypted and framed bytes, and the place for records behind them.
struct Sealed {
    pieces: Pieces,
    behind: Option<Behind>,
}

/// The place of the next record, and the nonce of the snapshot that records are bound to.
#[derive(Clone)]
struct Behind {
    tail: Tail,
    snapshot: Vec<u8>,
}

/// Returns whether what is stored under `name` is never encrypted: requests, which people without a key make of jobs, notes on
/// which job writes a file, and the name `key`, which all jobs of a store have in common.
fn is_plain(name: &str) -> bool {
    let of_ours = name.strip_prefix(RESERVED);
    of_ours.is_some_and(|rest| {
        rest == "key" || rest.starts_with("request/") || rest.starts_with("output/")
    })
}

/// Returns the data that a snapshot, or a record at its offset behind a snapshot, is bound to.
fn bound(name: &str, record: Option<(&[u8], u64)>) -> Vec<u8> {
    let (snapshot, place) = record.unwrap_or_default();
    [&(name.len() as u64).to_le_bytes()[..], name.as_bytes(), snapshot, &place.to_le_bytes()]
        .concat()
}

impl Backend for Encrypted {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        self.opened(job, self.within.load(job)?)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        if is_plain(job) || self.stays_plain(job)? {
            return self.within.save(job, checkpoint);
        }
        let sealed = self.sealed(job, checkpoint, Durability::Power)?;
        self.within.save(job, sealed.pieces.small())
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.within.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.within.exists(job)
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        let lease = Arc::clone(&self.within).lease(job, options)?;
        if is_plain(job) || self.stays_plain(job)? {
            return Ok(lease);
        }
        let (job, durability) = (job.to_owned(), options.durability);
        Ok(Box::new(SealedLease {
            backend: self,
            lease,
            job,
            durability,
            behind: None,
            outstanding: None,
        }))
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        self.within.list()
    }

    fn listing(&self) -> Result<Listing, Error> {
        self.within.listing()
    }

    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        let Some(within) = self.within.overview()? else { return Ok(None) };
        Ok(Some(Box::new(Encrypted { within: within.into(), keys: self.keys.clone() })))
    }

    fn stored_under(&self, names: &[String]) -> Result<Option<BTreeSet<String>>, Error> {
        self.within.stored_under(names)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        self.within.holder(job)
    }

    fn path(&self, job: &str) -> Option<PathBuf> {
        self.within.path(job)
    }

    fn store_name(&self) -> Option<String> {
        self.within.store_name()
    }
}

struct SealedLease {
    backend: Arc<Encrypted>,
    lease: Box<dyn Lease>,
    job: String,
    durability: Durability,
    /// The place of the next record; `None` if only a snapshot may follow.
    behind: Option<Behind>,
    /// The values of `behind` before and after the save that a transaction of the program's own has to make.
    outstanding: Option<(Option<Behind>, Option<Behind>)>,
}

impl SealedLease {
    fn record(&mut self, plain: &[u8]) -> Result<Option<Sealed>, Error> {
        match self.behind.take() {
            Some(behind) => self.backend.sealed_record(&self.job, &behind, plain),
            None => Ok(None),
        }
    }
}

impl Lease for SealedLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.behind = None;
        let Sealed { pieces, behind } =
            self.backend.sealed(&self.job, checkpoint, self.durability)?;
        self.lease.save(pieces.small())?;
        self.behind = behind;
        Ok(())
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        let Some(Sealed { pieces, behind }) = self.record(record)? else { return Ok(Appended::No) };
        let appended = self.lease.append(pieces.small())?;
        self.behind = behind.filter(|_| appended == Appended::Yes);
        Ok(appended)
    }

    fn is_in_place(&mut self) -> bool {
        self.lease.is_in_place()
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.behind = None;
        self.lease.delete()
    }

    fn load(&mut self, _: &dyn Backend, job: &str) -> Result<Option<Vec<u8>>, Error> {
        let stored = self.lease.load(&*self.backend.within, job)?;
        self.backend.opened(job, stored)
    }

    fn load_other(&mut self, _: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let stored = self.lease.load_other(&*self.backend.within, name)?;
        self.backend.opened(name, stored)
    }

    fn load_current(&mut self, _: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let stored = self.lease.load_current(&*self.backend.within, name)?;
        self.backend.opened(name, stored)
    }

    fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        self.lease.keep_beside(name, bytes);
    }

    fn statements(
        &mut self,
        save: Save<'_>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        let before = self.behind.clone();
        let sealed = match save {
            Save::Whole(plain) => Some(self.backend.sealed(&self.job, plain, self.durability)?),
            Save::Record(plain) => self.record(plain)?,
        };
        self.behind.clone_from(&before);
        let Some(Sealed { pieces, behind }) = sealed else { return Ok(None) };
        let save = match save {
            Save::Whole(_) => Save::Whole(pieces.small()),
            Save::Record(_) => Save::Record(pieces.small()),
        };
        let given = self.lease.statements(save, dialect)?;
        self.outstanding = given.is_some().then_some((before, behind));
        Ok(given)
    }

    fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        let is_saved = self.lease.ended(ended)?;
        let Some((before, after)) = self.outstanding.take() else { return Ok(is_saved) };
        self.behind = match ended {
            Ended::Committed => after,
            Ended::RolledBack => before,
            // The lease has a new epoch, so only a snapshot may follow.
            Ended::Unknown => None,
        };
        Ok(is_saved)
    }
}
