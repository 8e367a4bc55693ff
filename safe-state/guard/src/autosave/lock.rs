//! The lock that a living guard holds on its autosave.

use std::io;
use std::path::{Path, PathBuf};

use safe_state_backends::{Error as BackendError, Lock};

use crate::GuardError;

/// Returns the path of the lock file. It lies beside the autosave, which each save replaces.
pub(super) fn lock_of(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    beside.into()
}

/// Takes the lock, which a living guard holds on the file.
pub(super) fn lock(path: &Path) -> Result<Lock, GuardError> {
    Lock::take("", &lock_of(path)).map_err(|error| match error {
        BackendError::Held { holder, .. } => GuardError::Active {
            path: path.to_owned(),
            holder: holder.map(|holder| format!(" in {holder}")).unwrap_or_default(),
        },
        error => GuardError::Autosave {
            action: "reserve",
            path: path.to_owned(),
            source: io::Error::other(error),
        },
    })
}

pub(super) fn failed(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> GuardError + use<> {
    let path = path.to_owned();
    move |source| GuardError::Autosave { action, path, source }
}
