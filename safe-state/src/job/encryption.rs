//! The keys that encrypt a job's checkpoint.

use std::sync::Arc;

use safe_state_backends::{Backend, Encrypted, EncryptionKeys, Error as BackendError, IntoKeys};

use super::Job;
use crate::Error;

/// The keys, if the job is encrypted, or the error that each use of the keys returns.
pub(super) type Keys = Option<Result<EncryptionKeys, Arc<BackendError>>>;

/// Returns the backend, which encrypts checkpoints if `keys` has keys.
pub(super) fn encrypted(keys: &Keys, backend: Arc<dyn Backend>) -> Result<Arc<dyn Backend>, Error> {
    let Some(keys) = keys.clone() else { return Ok(backend) };
    Ok(Arc::new(Encrypted::new(backend, keys.map_err(Error::NoBackend)?)))
}

impl Job {
    /// Sets the key that encrypts the checkpoint, wherever it is stored. `key` returns
    /// [`EncryptionKeys`](crate::backend::EncryptionKeys), 32 bytes, or a `Result` of one of these. An error is
    /// returned when the job is run or queried.
    ///
    /// ```
    /// use safe_state::backend::EncryptionKeys;
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path()).encrypt(|| EncryptionKeys::from_hex(&"4d".repeat(32)));
    /// mail.run(0..9, |item| if item < 3 { Ok(()) } else { Err(std::io::Error::other("no")) }).unwrap_err();
    /// let without = Job::new("mail").state_dir(dir.path()).peek_checkpoint().unwrap_err();
    /// assert!(without.to_string().contains("it is encrypted"), "{without}");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn encrypt<K: IntoKeys>(mut self, key: impl FnOnce() -> K) -> Self {
        self.storage.keys = Some(key().into_keys().map_err(Arc::new));
        self
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! __encrypt {
    ($job:expr, $key:expr) => {
        $job.encrypt($key)
    };
}
