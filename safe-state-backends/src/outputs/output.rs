//! The owners of output files: one job writes a file. A note beside the checkpoints says which job, by the file's inode number
//! and birth, and outlives a run that dies. While a run is under way, it also holds a lock on the file itself, which runs of
//! other stores see.

mod lock;

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
#[cfg(unix)]
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::format::output;
use crate::lease::wait;
use crate::loading;
use crate::name::RESERVED;
use crate::{Backend, Checkpoint, Durability, Error, LeaseOptions};

pub use lock::{OutputLock, Taken};

/// The time to wait for another job that claims the same file. A claim takes a moment.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The identity of a file, among all files that this machine ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId {
    device: u64,
    number: u64,
    /// The time of the file's creation, in nanoseconds, if the file system tells it: inode numbers are reused.
    born: Option<u64>,
}

impl FileId {
    /// Returns the identity of a file with this metadata.
    #[cfg(unix)]
    pub fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let born = found.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        let born = born.and_then(|born| u64::try_from(born.as_nanos()).ok());
        FileId { device: found.dev(), number: found.ino(), born }
    }

    /// Returns the same identity for all files, as the standard library can't tell them apart here.
    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Self {
        FileId { device: 0, number: 0, born: None }
    }

    /// Returns whether both are the same file. Its device may have another number after a boot.
    pub fn is(&self, other: &FileId) -> bool {
        let has_same_birth = self.born.is_some() && self.born == other.born;
        self.number == other.number
            && (has_same_birth || (self.device == other.device && self.born == other.born))
    }

    /// Returns the name under which the store keeps the job that writes the file at `path`. The device's number is left out: it
    /// may differ on another machine, and here after a boot. Without a birth, the inode number says little, so the file's name
    /// is used too.
    fn name(&self, path: &Path) -> String {
        note_of(self.number, self.born, file_name(path))
    }

    /// Returns whether the saved bytes of a handle may be those of the file at `path`: they contain the file's number and
    /// birth, on whatever device.
    fn is_named_by(&self, path: &Path, saved: &[u8]) -> bool {
        let holds = |part: &[u8]| saved.windows(part.len().max(1)).any(|found| found == part);
        let Ok(id) = postcard::to_stdvec(&(self.number, self.born)) else { return true };
        holds(&id) && (self.born.is_some() || holds(file_name(path)))
    }
}

fn note_of(number: u64, born: Option<u64>, file_name: &[u8]) -> String {
    let rest = match born {
        Some(born) => format!("{born:x}"),
        None => format!("named-{:08x}", crc32fast::hash(file_name)),
    };
    format!("{RESERVED}output/{number:x}-{rest}")
}

fn file_name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}

/// Notes that `job` writes the file at `path`. Returns the job that has the file already, if it would go on with the file; then
/// nothing is noted.
///
/// # Errors
///
/// The backend can't be read or written.
pub fn claim_output(
    backend: &Arc<dyn Backend>,
    (file, path): (&FileId, &Path),
    job: &str,
) -> Result<Option<String>, Error> {
    let name = file.name(path);
    if owner(&**backend, &name)?.as_deref() == Some(job) {
        return Ok(None);
    }
    let options = LeaseOptions::new(Durability::Process);
    let mut lease =
        wait::while_held(PATIENCE, LONGEST_PAUSE, || Arc::clone(backend).lease(&name, options))?;
    if let Some(other) = writer_of(&**backend, (file, path), job)? {
        return Ok(Some(other));
    }
    let bytes =
        output::encode(job).map_err(|source| Error::unwritable(&**backend, &name, source))?;
    lease.save(&bytes)?;
    Ok(None)
}

/// Returns whether `job` is still noted as the writer of the file at `path`: no other job has claimed the file since.
///
/// # Errors
///
/// The backend can't be read.
pub fn is_output_of(
    backend: &dyn Backend,
    (file, path): (&FileId, &Path),
    job: &str,
) -> Result<bool, Error> {
    Ok(owner(backend, &file.name(path))?.as_deref() == Some(job))
}

/// Returns the job that writes the file at `path`, if it is another than `job`, and would go on with the file.
///
/// # Errors
///
/// The backend can't be read.
pub fn writer_of(
    backend: &dyn Backend,
    (file, path): (&FileId, &Path),
    job: &str,
) -> Result<Option<String>, Error> {
    let other = owner(backend, &file.name(path))?.filter(|other| other != job);
    Ok(other.filter(|other| goes_on_with(backend, other, (file, path))))
}

/// Notes that job `to` writes the files that `checkpoint` goes on with, where job `from` is noted as the writer. A call that was
/// interrupted can be repeated.
///
/// # Errors
///
/// The backend can't be read or written.
pub fn move_outputs(
    backend: &Arc<dyn Backend>,
    checkpoint: &Checkpoint,
    (from, to): (&str, &str),
) -> Result<(), Error> {
    let handles = checkpoint.carried.values().filter(|value| value.is_sealed());
    let names: BTreeSet<String> = handles.flat_map(|value| notes_in(&value.bytes)).collect();
    for name in names {
        if owner(&**backend, &name)?.as_deref() != Some(from) {
            continue;
        }
        let options = LeaseOptions::new(Durability::Process);
        let mut lease = wait::while_held(PATIENCE, LONGEST_PAUSE, || {
            Arc::clone(backend).lease(&name, options)
        })?;
        if owner(&**backend, &name)?.as_deref() == Some(from) {
            let bytes =
                output::encode(to).map_err(|it| Error::unwritable(&**backend, &name, it))?;
            lease.save(&bytes)?;
        }
    }
    Ok(())
}

/// Returns the names of all notes that may belong to a file in the saved bytes of a handle. The layout of these bytes depends on
/// the handle's type, which is not known here. So a file may stand at each position, and most positions hold none.
fn notes_in(saved: &[u8]) -> Vec<String> {
    let from = |at: usize| saved.get(at..).unwrap_or_default();
    let ids: BTreeSet<(u64, Option<u64>)> = (0..saved.len())
        .filter_map(|at| postcard::take_from_bytes(from(at)).ok())
        .map(|(id, _)| id)
        .collect();
    let paths = (0..saved.len())
        .filter_map(|at| postcard::take_from_bytes::<&[u8]>(from(at)).ok())
        .filter(|(path, _)| path.starts_with(b"/"));
    let names: BTreeSet<&[u8]> =
        paths.filter_map(|(path, _)| path.rsplit(|byte| *byte == b'/').next()).collect();
    let of = |(number, born): (u64, Option<u64>)| match born {
        Some(_) => vec![note_of(number, born, &[])],
        None => names.iter().map(|name| note_of(number, None, name)).collect(),
    };
    ids.into_iter().flat_map(of).collect()
}

/// Removes the note that `job` writes the file at `path`.
///
/// # Errors
///
/// The backend can't be read or written.
pub fn release_output(
    backend: &Arc<dyn Backend>,
    (file, path): (&FileId, &Path),
    job: &str,
) -> Result<(), Error> {
    let name = file.name(path);
    let options = LeaseOptions::new(Durability::Process);
    let mut lease =
        wait::while_held(PATIENCE, LONGEST_PAUSE, || Arc::clone(backend).lease(&name, options))?;
    if owner(&**backend, &name)?.as_deref() == Some(job) { lease.delete() } else { Ok(()) }
}

/// Returns the job that writes the file. An unreadable note counts as none, and is overwritten.
fn owner(backend: &dyn Backend, name: &str) -> Result<Option<String>, Error> {
    let found = backend.load(name)?;
    Ok(found.and_then(|bytes| output::decode(&bytes).map(str::to_owned).ok()))
}

/// Returns whether a run of the job would go on with the file: one of the job's saved handles names it. Returns `true` if that
/// is unknown.
fn goes_on_with(backend: &dyn Backend, job: &str, (file, path): (&FileId, &Path)) -> bool {
    match loading::load(backend, job) {
        Ok(Some(found)) => {
            let names_it = |bytes: &[u8]| file.is_named_by(path, bytes);
            !found.is_finished() && found.carried.values().any(|value| names_it(&value.bytes))
        }
        Ok(None) => false,
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Change;
    use crate::{CarriedChange, MemoryBackend, Store};

    const FILE: FileId = FileId { device: 1, number: 2, born: Some(3) };

    const OUT: &str = "/there/out.csv";

    /// Begins a job that has a handle of the file.
    fn begin(backend: &Arc<dyn Backend>, job: &str) -> Store {
        begin_with(backend, job, FILE)
    }

    fn begin_with(backend: &Arc<dyn Backend>, job: &str, file: FileId) -> Store {
        let opening = Store::open(Arc::clone(backend), job, LeaseOptions::default()).unwrap();
        let mut store = opening.begin(Checkpoint::new(job, None)).unwrap();
        let meta = postcard::to_stdvec(&(OUT, 7, file, 9)).unwrap();
        let carried = CarriedChange::of_bytes::<std::fs::File>("out", Vec::new(), meta, None);
        let change = Change { carried: carried.into_iter().collect(), ..Change::default() };
        store.save(change).unwrap();
        store
    }

    #[test]
    fn a_file_is_one_jobs_until_that_is_finished() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        let claim = |job: &str| claim_output(&backend, (&FILE, OUT.as_ref()), job).unwrap();
        let mut first = begin(&backend, "a");
        assert_eq!(claim("a"), None);
        assert_eq!(claim("a"), None);
        assert_eq!(claim("b"), Some("a".to_owned()));
        let other = FileId { born: Some(4), ..FILE };
        assert_eq!(claim_output(&backend, (&other, OUT.as_ref()), "b").unwrap(), None);
        assert_eq!(backend.list().unwrap(), ["a"]);
        let elsewhere = FileId { born: Some(5), ..FILE };
        assert_eq!(claim_output(&backend, (&elsewhere, OUT.as_ref()), "a").unwrap(), None);
        assert_eq!(
            claim_output(&backend, (&elsewhere, OUT.as_ref()), "b").unwrap(),
            None,
            "a has never saved it"
        );
        first.delete().unwrap();
        drop(first);
        let _second = begin(&backend, "b");
        assert_eq!(claim("b"), None, "its job is cleared");
        release_output(&backend, (&FILE, OUT.as_ref()), "a").unwrap();
        assert_eq!(claim("c"), Some("b".to_owned()), "it was not its to take back");
        release_output(&backend, (&FILE, OUT.as_ref()), "b").unwrap();
        assert_eq!(claim("c"), None);
    }

    #[test]
    fn a_file_is_one_jobs_also_where_its_device_has_another_number() {
        for born in [Some(3), None] {
            let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
            let here = FileId { device: 1, number: 200, born };
            let there = FileId { device: 70, ..here };
            let claim = |file: FileId, path: &str, job: &str| {
                claim_output(&backend, (&file, path.as_ref()), job).unwrap()
            };
            let _first = begin_with(&backend, "a", here);
            assert_eq!(claim(here, OUT, "a"), None);
            assert_eq!(claim(there, "/mounted/out.csv", "b"), Some("a".to_owned()), "{born:?}");
            assert_eq!(claim(FileId { number: 201, ..there }, OUT, "b"), None);
            if born.is_none() {
                assert_eq!(claim(there, "/mounted/other.csv", "b"), None);
            }
        }
    }

    #[test]
    fn what_is_saved_of_a_file_names_its_note_wherever_it_stands() {
        for born in [Some(3), Some(u64::MAX), Some(0), None] {
            let file = FileId { device: 70, number: 1 << 40, born };
            let meta = ("a type of one's own", 7, Some((OUT.as_bytes(), file)), "and more");
            let saved = postcard::to_stdvec(&meta).unwrap();
            let found = notes_in(&saved);
            assert!(found.contains(&file.name(OUT.as_ref())), "{born:?}: {found:?}");
            assert!(found.len() < 20, "{found:?}");
        }
    }

    #[test]
    fn a_file_is_the_same_under_another_device() {
        assert!(FILE.is(&FileId { device: 9, ..FILE }));
        assert!(!FILE.is(&FileId { number: 9, ..FILE }));
        assert!(!FILE.is(&FileId { born: Some(9), ..FILE }));
        let unborn = FileId { born: None, ..FILE };
        assert!(unborn.is(&unborn) && !unborn.is(&FileId { device: 9, ..unborn }));
        assert!(!unborn.is(&FILE));
    }
}
