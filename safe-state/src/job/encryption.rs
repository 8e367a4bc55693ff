//! The keys that encrypt a job's checkpoint.

use std::sync::Arc;

use safe_state_backends::{Backend, Encrypted, EncryptionKeys, Error as BackendError};

use crate::Error;

/// The keys, if the job is encrypted, or the error that each use of the keys returns.
pub(super) type Keys = Option<Result<EncryptionKeys, Arc<BackendError>>>;

/// Returns the backend, which encrypts checkpoints if `keys` has keys.
pub(super) fn encrypted(keys: &Keys, backend: Arc<dyn Backend>) -> Result<Arc<dyn Backend>, Error> {
    let Some(keys) = keys.clone() else { return Ok(backend) };
    Ok(Arc::new(Encrypted::new(backend, keys.map_err(Error::NoBackend)?)))
}

#[doc(hidden)]
#[macro_export]
macro_rules! __encrypt {
    ($job:expr, $key:expr) => {
        $job.encrypt($key)
    };
}
