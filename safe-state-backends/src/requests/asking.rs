//! Requests that people make of a job's runs from outside. A request is stored beside the checkpoint, under a name that no job
//! can have.

use std::sync::Arc;
use std::time::Duration;

use super::request::Request;
use crate::error::stored::place;
use crate::format::request;
use crate::lease::wait;
use crate::name::{REQUEST, check_job};
use crate::{Backend, Error, Lease, LeaseOptions};

/// The time for which a request waits for others that are being made at the same time. Each takes a moment, but more on a slow
/// disk.
const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The longest reason that is kept, in characters.
const REASON_LIMIT: usize = 1000;

impl Request {
    /// Loads the request to the runs of `job`, if there is one. Takes no lease.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no request to this job.
    pub fn load(backend: &dyn Backend, job: &str) -> Result<Option<Self>, Error> {
        Request::load_by(|name| backend.load(name), backend, job)
    }

    /// Loads the request to the runs of `job`, with its reason if one was given. Takes no lease.
    ///
    /// # Errors
    ///
    /// The same errors as [`load`](Self::load).
    pub fn load_with_reason(
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<(Self, Option<String>)>, Error> {
        Request::load_whole(|name| backend.load(name), backend, job)
    }

    /// Loads the request to the runs of `job` by `load`, which returns what `backend` stores under a name.
    pub(crate) fn load_by(
        load: impl FnOnce(&str) -> Result<Option<Vec<u8>>, Error>,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<Self>, Error> {
        Ok(Request::load_whole(load, backend, job)?.map(|(asked, _)| asked))
    }

    fn load_whole(
        load: impl FnOnce(&str) -> Result<Option<Vec<u8>>, Error>,
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<(Self, Option<String>)>, Error> {
        let name = name_of(job);
        let Some(bytes) = load(&name)? else { return Ok(None) };
        let (asked, found, reason) =
            request::decode(&bytes).map_err(|source| Error::unreadable(backend, &name, source))?;
        if found == job {
            return Ok(Some((asked, reason.map(str::to_owned))));
        }
        let place = place(backend, &name);
        Err(Error::OtherJob { job: job.to_owned(), found: found.to_owned(), place })
    }

    /// Makes this request of the runs of `job`. It replaces an earlier request, but not
    /// [`Abandon`](Self::Abandon), which only [`delete`](Self::delete) takes back.
    ///
    /// # Errors
    ///
    /// [`Error::Abandoned`] if [`Abandon`](Self::Abandon) was requested before, and this is another request; or the backend
    /// cannot be read or written.
    pub fn save(self, backend: &Arc<dyn Backend>, job: &str) -> Result<(), Error> {
        self.save_with_reason(backend, job, None)
    }

    /// Makes this request of the runs of `job` with a reason, whose first 1000 characters are kept.
    ///
    /// # Errors
    ///
    /// The same errors as [`save`](Self::save).
    pub fn save_with_reason(
        self,
        backend: &Arc<dyn Backend>,
        job: &str,
        reason: Option<&str>,
    ) -> Result<(), Error> {
        check_job(job)?;
        let name = name_of(job);
        let end =
            |text: &str| text.char_indices().nth(REASON_LIMIT).map_or(text.len(), |(at, _)| at);
        let reason = reason.and_then(|reason| reason.get(..end(reason)));
        let bytes = request::encode(self, job, reason)
            .map_err(|source| Error::unwritable(&**backend, &name, source))?;
        let mut lease = asking(backend, job)?;
        // A request that can't be read is replaced, as nothing else would remove it.
        let before = Request::load_by(|name| lease.load(&**backend, name), &**backend, job);
        if matches!(before, Ok(Some(Request::Abandon))) && self != Request::Abandon {
            return Err(Error::Abandoned { job: job.to_owned() });
        }
        lease.save(&bytes)
    }

    /// Takes back the request to the runs of `job`. Does nothing if there is none.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn delete(backend: &dyn Backend, job: &str) -> Result<(), Error> {
        let name = name_of(job);
        while_held(job, || backend.delete(&name))
    }

    /// Takes back the request to the runs of `job` if it is still this one. A newer request, made meanwhile, stays.
    ///
    /// # Errors
    ///
    /// The backend cannot be read or written.
    pub fn use_up(self, backend: &Arc<dyn Backend>, job: &str) -> Result<(), Error> {
        let mut lease = asking(backend, job)?;
        let load = |name: &str| lease.load(&**backend, name);
        let stored = Request::load_by(load, &**backend, job)?;
        if stored == Some(self) { lease.delete() } else { Ok(()) }
    }
}

/// Takes the lease under which one may change the request to the runs of `job`.
fn asking(backend: &Arc<dyn Backend>, job: &str) -> Result<Box<dyn Lease>, Error> {
    let (name, options) = (name_of(job), LeaseOptions::default());
    while_held(job, || Arc::clone(backend).lease(&name, options))
}

/// Repeats `attempt` while somebody else makes a request of the job.
fn while_held<T>(job: &str, attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    wait::while_held(PATIENCE, LONGEST_PAUSE, attempt).map_err(|error| match error {
        Error::Held { .. } => Error::Backend {
            action: "asking",
            job: job.to_owned(),
            source: "somebody else has been asking something of it for some time".into(),
        },
        other => other,
    })
}

pub(crate) fn name_of(job: &str) -> String {
    format!("{REQUEST}{job}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryBackend;

    #[test]
    fn a_request_is_there_until_it_is_taken_back() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        assert_eq!(Request::load(&*backend, "a").unwrap(), None);
        Request::Pause.save(&backend, "a").unwrap();
        Request::Cancel.save(&backend, "b").unwrap();
        assert_eq!(Request::load(&*backend, "a").unwrap(), Some(Request::Pause));
        assert_eq!(Request::load(&*backend, "b").unwrap(), Some(Request::Cancel));
        assert_eq!(backend.list().unwrap(), [""; 0]);
        assert_eq!(backend.load("a").unwrap(), None);
        Request::delete(&*backend, "a").unwrap();
        assert_eq!(Request::load(&*backend, "a").unwrap(), None);
        Request::Pause.save_with_reason(&backend, "a", Some(&"é".repeat(2000))).unwrap();
        let told = Request::load_with_reason(&*backend, "a").unwrap();
        assert_eq!(told, Some((Request::Pause, Some("é".repeat(1000)))));
        Request::Pause.save(&backend, "safe-state/a").unwrap_err();
        Request::Pause.save(&backend, "").unwrap_err();
    }

    #[test]
    fn what_is_given_up_for_good_stays_so_until_that_is_taken_back() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        Request::Pause.save(&backend, "a").unwrap();
        Request::Abandon.save_with_reason(&backend, "a", Some("gone")).unwrap();
        for other in [Request::Pause, Request::Cancel, Request::Accept] {
            let error = other.save(&backend, "a").unwrap_err();
            assert!(matches!(error, Error::Abandoned { .. }), "{error}");
        }
        let asked = |reason: &str| Some((Request::Abandon, Some(reason.to_owned())));
        assert_eq!(Request::load_with_reason(&*backend, "a").unwrap(), asked("gone"));
        Request::Abandon.save_with_reason(&backend, "a", Some("for good")).unwrap();
        assert_eq!(Request::load_with_reason(&*backend, "a").unwrap(), asked("for good"));
        Request::delete(&*backend, "a").unwrap();
        Request::Pause.save(&backend, "a").unwrap();
    }

    #[test]
    fn what_was_asked_of_another_job_is_not_taken_for_it() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        Request::Pause.save(&backend, "a").unwrap();
        let bytes = backend.load(&name_of("a")).unwrap().unwrap();
        backend.save(&name_of("b"), &bytes).unwrap();
        let error = Request::load(&*backend, "b").unwrap_err();
        assert!(matches!(error, Error::OtherJob { .. }), "{error}");
    }
}
