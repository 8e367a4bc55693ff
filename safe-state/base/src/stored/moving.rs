//! The renaming of a job.

use std::sync::Arc;

use safe_state_backends::{
    Backend, Checkpoint, Error as BackendError, LeaseOptions, Request, check_job, move_outputs,
};

use crate::Error;

/// Returns the checkpoint with another job's name in it.
///
/// # Errors
///
/// [`Error::NotByHand`] if many workers share the job, or the checkpoint has a handle for which `reseal` returns no seal with
/// the new name.
pub fn renamed(
    checkpoint: &Checkpoint,
    to: &str,
    reseal: impl FnMut(&str, &[u8]) -> Option<Vec<u8>>,
) -> Result<Checkpoint, Error> {
    let mut renamed = checkpoint.clone();
    let done = renamed.rename(to, reseal);
    done.map_err(|reason| Error::NotByHand { job: checkpoint.job().to_owned(), reason })?;
    Ok(renamed)
}

/// Moves the checkpoint of a job, and the request to it, to another name. Returns `false` if nothing is stored under the old
/// name. Returns `true` without a change if both names are equal. If it is interrupted, it can be repeated.
///
/// # Errors
///
/// [`Error::NameTaken`] if a job with the new name exists; [`Error::NotByHand`] if many workers share it; one of them is
/// running; the job has handles that `reseal` can't seal with the new name; or the backend cannot be read or written.
pub fn rename(
    backend: &Arc<dyn Backend>,
    (from, to): (&str, &str),
    options: LeaseOptions,
    reseal: impl FnMut(&str, &[u8]) -> Option<Vec<u8>>,
) -> Result<bool, Error> {
    check_job(to)?;
    if !backend.exists(from)? || from == to {
        return Ok(from == to);
    }
    let mut old = Arc::clone(backend).lease(from, options)?;
    let Some(found) = Checkpoint::load_held(&mut *old, &**backend, from)? else { return Ok(false) };
    let found = renamed(&found, to, reseal)?;
    let mut new = Arc::clone(backend).lease(to, options)?;
    match Checkpoint::load_held(&mut *new, &**backend, to)? {
        None => {
            let encoded = found.encode();
            let bytes = encoded.map_err(|it| BackendError::unwritable(&**backend, to, it))?;
            new.save(&bytes)?;
        }
        // An earlier renaming that was interrupted here goes on.
        Some(other) if other == found => {}
        Some(_) => {
            return Err(Error::NameTaken { job: from.to_owned(), name: to.to_owned() });
        }
    }
    // While the old checkpoint exists: otherwise the files would belong to no job for a moment.
    move_outputs(backend, &found, (from, to))?;
    // Somebody may ask something else meanwhile.
    while let Some((request, reason)) = Request::load_with_reason(&**backend, from)? {
        match request.save_with_reason(backend, to, reason.as_deref()) {
            Ok(()) | Err(BackendError::Abandoned { .. }) => request.use_up(backend, from)?,
            Err(error) => return Err(error.into()),
        }
    }
    old.delete()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use safe_state_backends::{Lease, MemoryBackend};

    use super::*;

    /// Where somebody asks something else of the job, the first time that something is asked of the new one.
    struct Meanwhile(Arc<MemoryBackend>, Mutex<Option<Request>>);

    impl Meanwhile {
        fn asks(&self, name: &str) {
            if name == "safe-state/request/new"
                && let Some(request) = self.1.lock().unwrap().take()
            {
                ask(request, &self.0);
            }
        }
    }

    fn ask(request: Request, backend: &Arc<MemoryBackend>) {
        request.save(&(Arc::clone(backend) as Arc<dyn Backend>), "old").unwrap();
    }

    impl Backend for Meanwhile {
        fn load(&self, job: &str) -> Result<Option<Vec<u8>>, BackendError> {
            self.0.load(job)
        }

        fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), BackendError> {
            self.asks(job);
            self.0.save(job, checkpoint)
        }

        fn delete(&self, job: &str) -> Result<(), BackendError> {
            self.0.delete(job)
        }

        fn exists(&self, job: &str) -> Result<bool, BackendError> {
            self.0.exists(job)
        }

        fn lease(
            self: Arc<Self>,
            job: &str,
            options: LeaseOptions,
        ) -> Result<Box<dyn Lease>, BackendError> {
            self.asks(job);
            Arc::clone(&self.0).lease(job, options)
        }
    }

    #[test]
    fn what_is_asked_of_a_job_while_it_is_renamed_is_asked_of_the_new_one() {
        for last in [Request::Cancel, Request::Abandon] {
            let within = Arc::new(MemoryBackend::default());
            let checkpoint = Checkpoint::new("old", None).encode().unwrap();
            within.save("old", &checkpoint).unwrap();
            ask(Request::Pause, &within);
            let asked = Mutex::new(Some(last));
            let backend: Arc<dyn Backend> = Arc::new(Meanwhile(Arc::clone(&within), asked));
            rename(&backend, ("old", "new"), LeaseOptions::default(), |_, _| None).unwrap();
            let asked = |job| Request::load(&*within, job).unwrap();
            assert_eq!((asked("old"), asked("new")), (None, Some(last)));
        }
    }
}
