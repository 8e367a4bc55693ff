//! Recovers the data that a guard saved which is gone.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{ExitCode, Termination};

use super::file;
use super::lock::{failed, lock, lock_of};
use crate::GuardError;
use crate::cause::Cause;
use crate::rescued::Rescue;

/// Returns whether the autosave at `path` belongs to a running job.
///
/// A lock tells, which ends with the guard however that ends. The file's times do not count.
///
/// # Errors
///
/// The lock file beside it can't be opened.
pub fn is_active(path: impl AsRef<Path>) -> Result<bool, GuardError> {
    let path = path.as_ref();
    if !fs::exists(lock_of(path)).map_err(failed("look for", path))? {
        return Ok(false);
    }
    match lock(path) {
        Ok(_) => Ok(false),
        Err(GuardError::Active { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Gives the data of an autosave to `rescue`, and removes the file.
///
/// The file stays if the rescue fails, by an `Err` or a panic. [`Cause`] says that the job ended together with its
/// guard, unless the guard still learnt why the job ended, and its rescue failed.
///
/// ```no_run
/// safe_state::guard::recover("import.autosave", |rescue| {
///     println!("row {:?}", rescue.data().get::<u64>("row"));
/// })?;
/// # Ok::<(), safe_state::guard::GuardError>(())
/// ```
///
/// # Errors
///
/// The file does not exist, is damaged, or belongs to a running job. It is left as it is.
///
/// # Panics
///
/// Panics if the rescue panics.
pub fn recover<T: Termination>(
    path: impl AsRef<Path>,
    rescue: impl FnOnce(&Rescue) -> T,
) -> Result<(), GuardError> {
    let path = path.as_ref();
    if !fs::exists(path).map_err(failed("look for", path))? {
        return Err(GuardError::NoAutosave { path: path.to_owned() });
    }
    let _lock = lock(path)?;
    let read = file::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => GuardError::NoAutosave { path: path.to_owned() },
        _ => failed("read", path)(error),
    })?;
    let file::Autosaved { name, cause, snapshot } =
        read.map_err(|reason| GuardError::Damaged { path: path.to_owned(), reason })?;
    let rescued = rescue(&Rescue::new(name, snapshot, Cause::of_autosave(cause)));
    if rescued.report() != ExitCode::SUCCESS {
        return Err(GuardError::RescueFailed { path: path.to_owned() });
    }
    fs::remove_file(path).map_err(failed("remove", path))
}
