//! A look at the jobs.

use safe_state_backends::format::FormatError;
use safe_state_backends::{Error, Listing};
use safe_state_base::status::look::Look;
use safe_state_base::status::{State, Status};
use serde::Serialize;

use crate::exit::Failed;
use crate::place::Place;

/// The result of one look.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Sample {
    pub(super) jobs: Vec<Seen>,
    /// The jobs that cannot be looked at, with the reasons.
    pub(super) unreadable: Vec<Unreadable>,
}

/// A job that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Seen {
    #[serde(flatten)]
    pub(super) status: Status,
    /// The message of the job's last failure, or else of the last item that it gave up.
    pub(super) trouble: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Unreadable {
    pub(super) job: String,
    pub(super) error: String,
}

impl Sample {
    /// Looks at all jobs of a place, or at one. A job that is not stored yet appears when it begins.
    pub(super) fn take(place: &Place, job: Option<&str>) -> Result<Self, Failed> {
        let backend = place.backend()?;
        let overview = if job.is_none() { backend.overview()? } else { None };
        let backend = overview.as_deref().unwrap_or(&*backend);
        let listing = match job {
            Some(job) => Listing { jobs: vec![job.to_owned()], ..Listing::default() },
            None => backend.listing()?,
        };
        let mut sample = Sample::default();
        for job in &listing.jobs {
            match Look::at(backend, job) {
                Ok(look) => sample.jobs.extend(look.as_ref().map(Seen::of)),
                Err(Error::Format { reason: FormatError::OtherKind(_), .. }) => {}
                Err(error) => sample.unreadable.push(Unreadable::of(job, error)),
            }
        }
        for job in listing.not_begun() {
            match Status::not_begun(backend, job) {
                // The request may be taken back during the look.
                Ok(status) if status.state == State::Waiting => {}
                Ok(status) => sample.jobs.push(Seen { status, trouble: None }),
                Err(error) => sample.unreadable.push(Unreadable::of(job, error)),
            }
        }
        sample.jobs.sort_by(|one, other| one.status.job.cmp(&other.status.job));
        Ok(sample)
    }

    /// Returns the look as one line of JSON.
    pub(super) fn to_line(&self) -> Result<Vec<u8>, Failed> {
        let line = serde_json::to_string(self).map_err(|error| Failed::new(error.to_string()))?;
        Ok((line + "\n").into_bytes())
    }
}

impl Unreadable {
    fn of(job: &str, error: Error) -> Self {
        Unreadable { job: job.to_owned(), error: Failed::from(error).message }
    }
}

impl Seen {
    fn of(look: &Look) -> Self {
        let checkpoint = &look.checkpoint;
        let failure = checkpoint.last_failure().map(|failure| match failure.index() {
            Some(index) => format!("item {index}: {}", failure.message()),
            None => failure.message().to_owned(),
        });
        let letters = checkpoint.dead_letters();
        let last = || letters.iter().skip(letters.len().saturating_sub(1)).last();
        let given_up =
            || last().map(|it| format!("item {} given up: {}", it.index(), it.failure().message()));
        Seen { status: Status::in_a_line(look), trouble: failure.or_else(given_up) }
    }
}
