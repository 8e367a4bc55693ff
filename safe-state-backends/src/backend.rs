//! Where checkpoints are stored: the trait that every backend implements.

mod unleased;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::{Dialect, Ended, Error, Holder, Save, Statements};
#[cfg(target_os = "linux")]
use safe_state_page::{Base, Page};
use unleased::Unleased;

/// A store of checkpoints, which it sees as byte strings under the names of jobs.
///
/// Four methods make a backend. The others make it cheaper ([`append`](Self::append)), safe
/// from a second run of the same job ([`lease`](Self::lease)), and easier to look into.
///
/// All methods block. From an async function they are called on a thread of their own.
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
    /// The checkpoint of `job`; `None` if it has none. Zeros may follow what was saved, where room
    /// was made for records.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Makes `checkpoint` the checkpoint of `job`, all of it or nothing.
    ///
    /// # Errors
    ///
    /// The store cannot be written; the checkpoint before is then still there.
    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error>;

    /// Removes the checkpoint of `job`; doing nothing if it has none.
    ///
    /// # Errors
    ///
    /// The store cannot be written.
    fn delete(&self, job: &str) -> Result<(), Error>;

    /// Whether `job` has a checkpoint.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    fn exists(&self, job: &str) -> Result<bool, Error>;

    /// Adds `record` behind the checkpoint of `job`. By default it can't, and
    /// [`save`](Self::save) is called with the whole.
    ///
    /// # Errors
    ///
    /// The store cannot be written. What it then holds may end in a part of the record.
    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        let _ = (job, record);
        Ok(Appended::No)
    }

    /// Takes the exclusive right to run `job`, held until the lease is dropped. A run writes
    /// through its lease alone.
    ///
    /// By default there is none: two runs of a job at a time are then not noticed, and each
    /// overwrites what the other saves.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] if another run holds it; or the store cannot be reached.
    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        let _ = options;
        Ok(Box::new(Unleased { backend: self, job: job.to_owned() }))
    }

    /// The names of the jobs that have a checkpoint, sorted. Those that begin with `safe-state/` are no
    /// jobs', and are left out.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or by default [`Error::Unsupported`].
    fn list(&self) -> Result<Vec<String>, Error> {
        Err(Error::Unsupported("list its jobs"))
    }

    /// Reads what is stored of all jobs at once, so that nobody has to ask for each. Returns `None` where that would spare
    /// nothing, as it does by default.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    #[doc(hidden)]
    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        Ok(None)
    }

    /// Returns under which of the names something is stored, by one question. Returns `None` where that would spare nothing, as
    /// it does by default.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    #[doc(hidden)]
    fn stored_under(&self, names: &[String]) -> Result<Option<BTreeSet<String>>, Error> {
        let _ = names;
        Ok(None)
    }

    /// Who runs `job`, as far as that can be told without its lease: of a lease that nobody gave back,
    /// it may be told that it is held until its time is up.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or by default [`Error::Unsupported`].
    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        let _ = job;
        Err(Error::Unsupported("tell who runs a job"))
    }

    /// The file that the checkpoint of `job` is or would be in, if it is a file's.
    fn path(&self, job: &str) -> Option<PathBuf> {
        let _ = job;
        None
    }

    /// Returns a name that identifies this store, without secrets and the same each time it is
    /// opened, for jobs that keep pages in a folder of the machine. Return one only if
    /// [`load`](Self::load) gives back exactly the bytes that were [saved](Self::save) and
    /// [appended](Self::append). By default there is none, and pages are not used.
    fn page_place(&self) -> Option<String> {
        None
    }
}

/// The exclusive right to run a job, and the way a run writes its checkpoint.
pub trait Lease: Send {
    /// As [`Backend::save`].
    ///
    /// # Errors
    ///
    /// As there.
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error>;

    /// Adds `record` behind what this lease saved last.
    ///
    /// # Errors
    ///
    /// As [`Backend::append`]. After an error, only [`save`](Self::save) may follow.
    fn append(&mut self, record: &[u8]) -> Result<Appended, Error>;

    /// Saves a checkpoint that is given as consecutive pieces, so that large values are not copied
    /// first. By default the pieces are copied into one.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    fn save_pieces(&mut self, checkpoint: &[&[u8]]) -> Result<(), Error> {
        self.save(&checkpoint.concat())
    }

    /// Adds a record that is there in pieces, which come one behind the other. By default they are copied into one.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    fn append_pieces(&mut self, record: &[&[u8]]) -> Result<Appended, Error> {
        self.append(&record.concat())
    }

    /// Whether what this lease saved last is still where it was saved, as far as that shows at
    /// little cost. It is asked now and then; if not, the whole is saved instead of the next record.
    fn is_in_place(&mut self) -> bool {
        true
    }

    /// As [`Backend::delete`].
    ///
    /// # Errors
    ///
    /// As there.
    fn delete(&mut self) -> Result<(), Error>;

    /// What is stored of the lease's job, which is `job`, in `backend`, which has given this lease. Where
    /// copies of a store may lag behind one another, it has to be read where the lease was taken: what a
    /// run before it was told to be saved is then there. By default, [`Backend::load`] is called.
    ///
    /// # Errors
    ///
    /// As there; or the lease is held no more.
    fn load(&mut self, backend: &dyn Backend, job: &str) -> Result<Option<Vec<u8>>, Error> {
        backend.load(job)
    }

    /// What `backend`, which has given this lease, holds under another name: what is asked of the job
    /// is looked for several times a second. A lease with a connection of its own asks on that; by
    /// default, [`Backend::load`] is called.
    ///
    /// # Errors
    ///
    /// As there.
    fn load_other(&mut self, backend: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        backend.load(name)
    }

    /// What `backend`, which has given this lease, holds under another name, as of now: not in a copy that may be
    /// behind. What workers that share a job decide by is read so. By default, [`Backend::load`] is called.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn load_current(
        &mut self,
        backend: &dyn Backend,
        name: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        backend.load(name)
    }

    /// Receives other data that the job needs, to be stored again if its directory was removed and
    /// made anew. By default it is ignored.
    #[doc(hidden)]
    fn keep_beside(&mut self, name: &str, bytes: &[u8]) {
        let _ = (name, bytes);
    }

    /// The device and the number of the file that holds what this lease saved last, if a page may be kept beside it.
    #[doc(hidden)]
    fn paged_file(&self) -> Option<(u64, u64)> {
        None
    }

    /// A new page beside what this lease saved last.
    ///
    /// # Errors
    ///
    /// It can't be made.
    #[cfg(target_os = "linux")]
    #[doc(hidden)]
    fn page(&mut self, base: Base) -> Result<Option<Page>, Error> {
        let _ = base;
        Ok(None)
    }

    /// Called when the page holds more progress than what this lease saved last.
    #[doc(hidden)]
    fn is_paged(&mut self) {}

    /// The save as statements of that dialect, for a transaction of the program's own; `None` if a save
    /// is none, or, of a record, if the whole has to be saved instead. By default, always.
    ///
    /// What is to be called next is [`ended`](Self::ended). Until then nothing is written by the lease's
    /// own connection, which would wait for that transaction.
    ///
    /// # Errors
    ///
    /// The lease is held no more.
    fn statements(
        &mut self,
        save: Save<'_>,
        dialect: Dialect,
    ) -> Result<Option<Statements>, Error> {
        let _ = (save, dialect);
        Ok(None)
    }

    /// Takes in how the transaction ended for which statements were given last, and says whether the
    /// save was made. Where that is not known, it is found out by reading, and from then on the save
    /// can't be made any more if it was not.
    ///
    /// # Errors
    ///
    /// The lease is held no more; or the store cannot be reached, and nothing is known yet.
    fn ended(&mut self, ended: Ended) -> Result<bool, Error> {
        Ok(ended == Ended::Committed)
    }
}

/// Whether a backend added a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It did.
    Yes,
    /// It can't append; the whole has to be saved.
    No,
}

/// How a lease is to be taken.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct LeaseOptions {
    /// What the saves made under the lease have to survive.
    pub durability: Durability,
    /// How long to wait for a lease that is held. A backend need not heed it:
    /// [`Store::open`](crate::Store::open) asks it again until then.
    pub wait: Option<Duration>,
}

impl LeaseOptions {
    /// A lease whose saves survive what `durability` says, and that is not waited for.
    pub fn new(durability: Durability) -> Self {
        LeaseOptions { durability, wait: None }
    }

    /// The same, waited for that long.
    pub fn wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }
}

/// What a save survives once it has returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Loss of power: it is synced to the disk.
    #[default]
    Power,
    /// Death of the process: it is with the operating system. No sync is issued, and after a
    /// power cut the checkpoint may be an older one, or damaged, which loading tells.
    Process,
}

/// A backend that is shared is one as well.
impl<B: Backend + ?Sized> Backend for Arc<B> {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        (**self).load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        (**self).save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        (**self).delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        (**self).exists(job)
    }

    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        (**self).append(job, record)
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        Arc::clone(&*self).lease(job, options)
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        (**self).list()
    }

    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        (**self).overview()
    }

    fn stored_under(&self, names: &[String]) -> Result<Option<BTreeSet<String>>, Error> {
        (**self).stored_under(names)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        (**self).holder(job)
    }

    fn path(&self, job: &str) -> Option<PathBuf> {
        (**self).path(job)
    }

    fn page_place(&self) -> Option<String> {
        (**self).page_place()
    }
}
