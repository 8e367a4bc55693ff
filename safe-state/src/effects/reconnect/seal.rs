//! The seal on a saved handle, made with a secret of the store. It proves that a run of this store has saved what is to
//! be opened again. A checkpoint that was written by hand, or comes from elsewhere, has no seal that fits.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state_backends::{Backend, Error, FileId, LeaseOptions, Store};
use safe_state_base::ReconnectError;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

/// The name under which the key is stored. No job can have it.
const NAME: &str = "safe-state/key";
/// The first bytes of a stored key. The first is not ASCII, and the line ends reveal a transfer in text mode.
const MAGIC: [u8; 8] = *b"\x89KEY\r\n\x1a\x01";
const KEY_LEN: usize = 16;
/// The mark between the saved handle and its seal.
const MARK: [u8; 4] = *b"SEAL";
const SEAL_LEN: usize = MARK.len() + 16;
/// The longest wait for another process that makes the key, which takes it less.
const PATIENCE: Duration = Duration::from_secs(10);
/// The environment variable that names directories below which files are reopened without a seal.
const VARIABLE: &str = "SAFE_STATE_REOPEN";

/// The secret key of a store.
#[derive(Clone)]
pub(crate) struct Key([u8; KEY_LEN], Option<Place>);

/// The place where a key was made, for stores that are files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The path of the store's file, whose directory was `dir`.
    path: String,
    dir: FileId,
}

impl Place {
    /// Returns the place of the store now.
    fn of(backend: &dyn Backend) -> Option<Place> {
        let path = backend.path(NAME)?;
        let (dir, name) = (path.parent()?, path.file_name()?);
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let dir = dir.canonicalize().ok()?;
        let id = FileId::of(&dir.metadata().ok()?);
        Some(Place { path: dir.join(name).to_str()?.to_owned(), dir: id })
    }

    /// Returns whether the store at `now` is a copy of the one here, which is still there.
    fn has_copy(&self, now: &Place) -> bool {
        let path = Path::new(&self.path);
        let found = path.parent().and_then(|dir| dir.metadata().ok());
        !now.dir.is(&self.dir)
            && path.exists()
            && found.is_some_and(|found| FileId::of(&found).is(&self.dir))
    }
}

/// Copies the key of a store to another one, so that copies of its checkpoints have seals that fit there.
pub(crate) fn copy_key(from: &dyn Backend, to: &dyn Backend) -> Result<(), Error> {
    match from.load(NAME)? {
        Some(key) => to.save(NAME, &key),
        None => Ok(()),
    }
}

impl Key {
    /// Has the key written beside the checkpoint if that has to be made anew at its place.
    pub(crate) fn stay_beside(&self, store: &mut Store) {
        store.keep_beside(NAME, &self.stored());
    }

    /// Returns the key of the store, and makes one if it has none. A store that was copied together with its key gets a key
    /// of its own: what the other store has opened is not this one's.
    pub(crate) fn of(backend: &Arc<dyn Backend>) -> Result<Key, Error> {
        let began = Instant::now();
        let read = |stored: &[u8]| Key::read(stored).filter(|key| !key.is_of_another(&**backend));
        loop {
            if let Some(key) = backend.load(NAME)?.as_deref().and_then(read) {
                return Ok(key);
            }
            match Arc::clone(backend).lease(NAME, LeaseOptions::default()) {
                Ok(mut lease) => {
                    // Another process may have made it before the lease was taken.
                    let stored = lease.load(&**backend, NAME)?;
                    if let Some(key) = stored.as_deref().and_then(read) {
                        return Ok(key);
                    }
                    let key = Key(Key::random().0, Place::of(&**backend));
                    lease.save(&key.stored())?;
                    return Ok(key);
                }
                Err(Error::Held { .. }) if began.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads a stored key. Keys of older releases tell no place. Zeros may follow a key, as they may follow a checkpoint.
    fn read(stored: &[u8]) -> Option<Key> {
        let (key, place) = stored.strip_prefix(&MAGIC)?.split_first_chunk()?;
        let place = postcard::take_from_bytes::<Place>(place).ok().map(|(place, _)| place);
        Some(Key(*key, place.filter(|place| !place.path.is_empty())))
    }

    fn stored(&self) -> Vec<u8> {
        let place = self.1.as_ref().and_then(|place| postcard::to_stdvec(place).ok());
        [&MAGIC[..], &self.0, &place.unwrap_or_default()].concat()
    }

    /// Returns where the files beside the store were when its key was made, and where they are if they have moved with it:
    /// the same directory, up to which both paths differ.
    pub(crate) fn moved(&self, backend: &dyn Backend) -> Option<(PathBuf, PathBuf)> {
        let (made, now) = (self.1.as_ref()?, Place::of(backend)?);
        let (mut made, mut now) = (PathBuf::from(&made.path), PathBuf::from(&now.path));
        while made.file_name().is_some() && made.file_name() == now.file_name() {
            made.pop();
            now.pop();
        }
        (made != now).then_some((made, now))
    }

    /// Returns whether the key came with a copy of a store that is still where it was.
    fn is_of_another(&self, backend: &dyn Backend) -> bool {
        let place = self.1.as_ref().zip(Place::of(backend));
        place.is_some_and(|(made, now)| made.has_copy(&now))
    }

    /// Makes a random key, of no place. The system is the source: each `RandomState` is keyed by its random bytes.
    fn random() -> Key {
        let half = || RandomState::new().build_hasher().finish();
        Key(((u128::from(half()) << 64) | u128::from(half())).to_le_bytes(), None)
    }

    fn seal(&self, job: &str, variable: &str, meta: &[u8]) -> [u8; SEAL_LEN] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for part in [job.as_bytes(), variable.as_bytes(), meta] {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        let mut seal = [0; SEAL_LEN];
        seal[..MARK.len()].copy_from_slice(&MARK);
        seal[MARK.len()..].copy_from_slice(&hasher.finish128().as_bytes());
        seal
    }

    /// Appends the seal to the bytes saved for a handle.
    pub(crate) fn sealed(&self, job: &str, variable: &str, mut meta: Vec<u8>) -> Vec<u8> {
        let seal = self.seal(job, variable, &meta);
        meta.extend(seal);
        meta
    }

    /// Returns the saved bytes with the seal of the job `to` in place of that of the job `from`; none if the seal of
    /// `from` does not fit.
    pub(crate) fn resealed(
        &self,
        (from, to): (&str, &str),
        variable: &str,
        stored: &[u8],
    ) -> Option<Vec<u8>> {
        let (meta, fits) = self.opened(from, variable, stored);
        fits.then(|| self.sealed(to, variable, meta.to_vec()))
    }

    /// Returns the saved bytes without their seal, and whether the seal fits.
    pub(crate) fn opened<'a>(
        &self,
        job: &str,
        variable: &str,
        stored: &'a [u8],
    ) -> (&'a [u8], bool) {
        match stored.split_last_chunk::<SEAL_LEN>() {
            Some((meta, seal)) if seal.starts_with(&MARK) => {
                (meta, *seal == self.seal(job, variable, meta))
            }
            _ => (stored, false),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// Refuses a file without a seal, unless it is below the working directory or a directory in [`VARIABLE`].
pub(crate) fn check_unsealed(path: &Path) -> Result<(), ReconnectError> {
    let named = std::env::var_os(VARIABLE).unwrap_or_default();
    let named = std::env::split_paths(&named).filter(|dir| !dir.as_os_str().is_empty());
    let roots = std::env::current_dir().into_iter().chain(named);
    if is_below(path, roots) {
        return Ok(());
    }
    Err(ReconnectError::new(format!(
        "nothing says that the job has opened `{}`: what is stored was copied, imported, or changed by hand; if the job \
         is to go on with this file, run it in a directory above the file, or name one in `${VARIABLE}`",
        path.display()
    )))
}

fn is_below(path: &Path, mut roots: impl Iterator<Item = PathBuf>) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    roots.any(|root| root.canonicalize().is_ok_and(|root| path.starts_with(root)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use safe_state_backends::MemoryBackend;

    use super::*;

    #[test]
    fn a_store_has_one_key_whoever_asks_first() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        let keys: Vec<_> = thread::scope(|scope| {
            let asking: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Key::of(&backend).unwrap())).collect();
            asking.into_iter().map(|asked| asked.join().unwrap().0).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0] && *key != [0; KEY_LEN]));
        assert_eq!(backend.list().unwrap(), [""; 0]);
        let other: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        assert_ne!(Key::of(&other).unwrap().0, keys[0]);
    }

    #[test]
    fn each_bit_of_what_is_sealed_counts() {
        let key = Key::random();
        let sealed = key.sealed("job", "out", b"/data/out.csv".to_vec());
        assert_eq!(key.opened("job", "out", &sealed), (&b"/data/out.csv"[..], true));
        for bit in 0..8 * sealed.len() {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.opened("job", "out", &flipped).1, "bit {bit}");
        }
        for (job, variable) in [("job2", "out"), ("job", "log"), ("jobo", "ut")] {
            assert!(!key.opened(job, variable, &sealed).1);
        }
        assert!(!Key::random().opened("job", "out", &sealed).1);
        assert_eq!(key.opened("job", "out", b"/data/out.csv"), (&b"/data/out.csv"[..], false));
        assert_eq!(key.opened("job", "out", b""), (&b""[..], false));
    }

    #[test]
    fn a_file_is_below_a_directory_where_its_links_lead() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
        fs::create_dir(&root).unwrap();
        fs::write(&outside, "").unwrap();
        fs::write(root.join("inside"), "").unwrap();
        let is_below = |path: &Path| is_below(path, [root.clone()].into_iter());
        assert!(is_below(&root.join("inside")));
        assert!(!is_below(&outside) && !is_below(&root.join("../outside")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&outside, root.join("link")).unwrap();
            assert!(!is_below(&root.join("link")));
        }
    }
}
