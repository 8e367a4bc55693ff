//! The traits that every backend implements: [`Backend`] stores checkpoints, [`Lease`] is the right to run a job.

mod arc;
mod listing;
mod options;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::{Dialect, Ended, Error, Holder, Save, Statements};
pub use listing::Listing;
pub use options::{Durability, LeaseOptions};
#[cfg(target_os = "linux")]
use safe_state_page::{Base, Page};

/// A store of checkpoints. To it, a checkpoint is a byte string under the name of a job.
///
/// Only four methods are required. The others make saves cheaper ([`append`](Self::append)), guard against a second run of the
/// same job ([`lease`](Self::lease)), and show what is stored.
///
/// All methods block. Async code calls them on a thread of their own.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
/// use safe_state_backends::{Backend, Error};
///
/// #[derive(Default)]
/// struct Shelf(Mutex<HashMap<String, Vec<u8>>>);
///
/// impl Backend for Shelf {
///     fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
///         Ok(self.0.lock().unwrap().get(job).cloned())
///     }
///     fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
///         self.0.lock().unwrap().insert(job.to_owned(), checkpoint.to_vec());
///         Ok(())
///     }
///     fn delete(&self, job: &str) -> Result<(), Error> {
///         self.0.lock().unwrap().remove(job);
///         Ok(())
///     }
///     fn exists(&self, job: &str) -> Result<bool, Error> {
///         Ok(self.0.lock().unwrap().contains_key(job))
///     }
/// }
/// ```
pub trait Backend: Send + Sync + 'static {
    /// Returns the stored checkpoint of `job`, or `None` if it has none. Zeros may follow the saved bytes, where the backend
    /// reserved room for records.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Makes `checkpoint` the checkpoint of `job`, all of it or nothing.
    ///
    /// # Errors
    ///
    /// The store cannot be written; the previous checkpoint is then still there.
    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error>;

    /// Removes the checkpoint of `job`. Does nothing if the job has none.
    ///
    /// # Errors
    ///
    /// The store cannot be written.
    fn delete(&self, job: &str) -> Result<(), Error>;

    /// Returns whether `job` has a checkpoint.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    fn exists(&self, job: &str) -> Result<bool, Error>;

    /// Adds `record` behind the checkpoint of `job`. The default returns [`Appended::No`]: the caller then [saves](Self::save)
    /// the whole checkpoint.
    ///
    /// # Errors
    ///
    /// The store cannot be written. The stored checkpoint may then end in a part of the record.
    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        let _ = (job, record);
        Ok(Appended::No)
    }

    /// Takes the exclusive right to run `job`, held until the lease is dropped. A run writes only through its lease.
    ///
    /// The default gives a lease that excludes nobody: two runs of a job at a time are not noticed, and each overwrites what
    /// the other saves.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if another run holds the lease; or the store cannot be reached.
    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        let _ = options;
        Ok(Box::new(Unleased { backend: self, job: job.to_owned() }))
    }

    /// Returns the names of the jobs that have a checkpoint, sorted. Names that begin with `safe-state/` belong to no job and
    /// are left out.
    ///
    /// # Errors
    ///
    /// The store cannot be read. The default returns [`Error::Unsupported`].
    fn list(&self) -> Result<Vec<String>, Error> {
        Err(Error::Unsupported("list its jobs"))
    }

    /// Returns the jobs that have a checkpoint, and those to whose runs there is a request. The default knows of no requests.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    #[doc(hidden)]
    fn listing(&self) -> Result<Listing, Error> {
        Ok(Listing { jobs: self.list()?, asked: Vec::new() })
    }

    /// Reads what is stored of all jobs at once, so that a list of jobs costs no request for each. Returns `None`, as the default
    /// does, where reading all at once saves nothing.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    #[doc(hidden)]
    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        Ok(None)
    }

    /// Returns those of the names under which something is stored, with a single request. Returns `None`, as the default does,
    /// where that would save nothing.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    #[doc(hidden)]
    fn stored_under(&self, names: &[String]) -> Result<Option<BTreeSet<String>>, Error> {
        let _ = names;
        Ok(None)
    }

    /// Returns who runs `job`, as far as that can be told without the job's lease. A lease that was never given back may be
    /// reported as held until it expires.
    ///
    /// # Errors
    ///
    /// The store cannot be read. The default returns [`Error::Unsupported`].
    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        let _ = job;
        Err(Error::Unsupported("tell who runs a job"))
    }

    /// Returns the path of the file that holds, or would hold, the checkpoint of `job`; `None` if the backend uses no files.
    fn path(&self, job: &str) -> Option<PathBuf> {
        let _ = job;
        None
    }

    /// Returns the name by which messages call this store, without secrets, such as a URL without its password. The default
    /// returns `None`: messages say "the backend".
    fn store_name(&self) -> Option<String> {
        None
    }

    /// Returns a name that identifies this store, without secrets and the same each time it is opened, for jobs that keep pages
    /// in a folder of the machine. Return one only if [`load`](Self::load) gives back exactly the bytes that were
    /// [saved](Self::save) and [appended](Self::append). The default returns `None`: no pages are used.
    fn page_place(&self) -> Option<String> {
        None
    }
}

/// The exclusive right to run a job, and the way a run writes its checkpoint.
pub trait Lease: Send {
    /// Makes `checkpoint` the checkpoint of the lease's job, all of it or nothing.
    ///
    /// # Errors
    ///
    /// The same errors as [`Backend::save`]; or the lease is no longer held.
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error>;

    /// Adds `record` behind what this lease saved last.
    ///
    /// # Errors
    ///
    /// The same errors as [`Backend::append`]. After an error, only [`save`](Self::save) may follow.
    fn append(&mut self, record: &[u8]) -> Result<Appended, Error>;

    /// Saves a checkpoint that is given as consecutive pieces, so that large values are not copied first. The default copies
    /// the pieces into one.
    ///
    /// # Errors
    ///
    /// The same errors as [`save`](Self::save).
    fn save_pieces(&mut self, checkpoint: &[&[u8]]) -> Result<(), Error> {
        self.save(&checkpoint.concat())
    }

    /// Adds a record that is given as consecutive pieces. The default copies the pieces into one.
    ///
    /// # Errors
    ///
    /// The same errors as [`append`](Self::append).
    fn append_pieces(&mut self, record: &[&[u8]]) -> Result<Appended, Error> {
        self.append(&record.concat())
    }

    /// Returns whether what this lease saved last is still where it was saved, as far as a cheap look shows. A run asks now and
    /// then; after `false`, it saves the whole checkpoint instead of the next record.
    fn is_in_place(&mut self) -> bool {
        true
    }

    /// Removes the checkpoint of the lease's job. Does nothing if the job has none.
    ///
    /// # Errors
    ///
    /// The same errors as [`Backend::delete`]; or the lease is no longer held.
    fn delete(&mut self) -> Result<(), Error>;

    /// Returns what `backend`, which gave this lease, stores of the lease's job, `job`. Where copies of a store may lag behind
    /// one another, an implementation has to read from the copy that granted the lease: every save that an earlier run saw
    /// confirmed is there. The default calls [`Backend::load`].
    ///
    /// # Errors
    ///
    /// The same errors as [`Backend::load`]; or the lease is no longer held.
    fn load(&mut self, backend: &dyn Backend, job: &str) -> Result<Option<Vec<u8>>, Error> {
        backend.load(job)
    }

    /// Returns what `backend`, which gave this lease, stores under another name. A run looks for requests to its job in this
    /// way, several times a second. A lease with a connection of its own asks on that connection; the default calls
    /// [`Backend::load`].
    ///
    /// # Errors
    ///
    /// The same errors as [`Backend::load`].
    fn load_other(&mut self, backend: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        backend.load(name)
    }

    /// Returns what `backend`, which gave this lease, stores under `name`, but never from a copy that lags behind. Workers that
    /// share a job decide by such reads. The default calls [`Backend::load`].
    ///
    /// # Errors
    ///
    /// The backend cannot be read; or the lease is no longer held.
    fn load_current(
        &mut self,
        backend: &dyn Backend,
        name: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        backend.load(name)
    }

    /// Receives other data that the job needs, to be stored again if its directory was removed and made anew. The default
    /// ignores it.
    #[doc(hidden)]
    fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        let _ = (name, bytes);
    }

    /// Returns the device and inode number of the file that holds what this lease saved last, if a page may be kept beside it.
    #[doc(hidden)]
    fn paged_file(&self) -> Option<(u64, u64)> {
        None
    }

    /// Creates a new page beside what this lease saved last. Returns `None`, as the default does, where the backend keeps no
    /// pages.
    ///
    /// # Errors
    ///
    /// The page cannot be created.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    fn page(&mut self, base: Base) -> Result<Option<Page>, Error> {
        let _ = base;
        Ok(None)
    }

    /// Tells the lease that the page holds more progress than what the lease saved last.
    #[doc(hidden)]
    fn is_paged(&mut self) {}

    /// Returns the save as statements in `dialect`, for a transaction of the program's own. Returns `None` if this lease can't
    /// save by statements, or if `save` is a record and the whole checkpoint has to be saved instead. The default returns
    /// `None`.
    ///
    /// After statements were given, the caller has to call [`ended`](Self::ended) next. Until then the lease writes nothing on
    /// its own connection, which would wait for that transaction.
    ///
    /// # Errors
    ///
    /// The lease is no longer held.
    fn statements(
        &mut self,
        save: Save<'_>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        let _ = (save, dialect);
        Ok(None)
    }

    /// Receives how the transaction ended that had the statements given last, and returns whether the save was made. If the end
    /// is unknown, the lease reads the store to find out; from then on, a save that was not made can no longer be made.
    ///
    /// # Errors
    ///
    /// The lease is no longer held; or the store cannot be reached, and the outcome is still unknown.
    fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        Ok(ended == Ended::Committed)
    }
}

/// The answer to an append: whether the backend added the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The record was added.
    Yes,
    /// The backend can't append the record; the whole checkpoint has to be saved instead.
    No,
}

/// The lease of a backend that has none.
struct Unleased<B: ?Sized> {
    backend: Arc<B>,
    job: String,
}

impl<B: Backend + ?Sized> Lease for Unleased<B> {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.backend.save(&self.job, checkpoint)
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.backend.append(&self.job, record)
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.backend.delete(&self.job)
    }
}
