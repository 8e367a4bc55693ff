//! What is told of stored jobs: one look at a job, while it may begin, go on and end, and what it shows.
//!
//! The command prints it, and the page in the browser shows it.

mod death;
mod history;
mod letters;
mod peeked;
mod summary;

pub use death::{Death, is_complete, item, times};
pub use history::{End, Past, PastRow};
pub use letters::Letter;
pub use peeked::{Loop, Peeked};
pub use summary::{Held, Row, State, Summary};

use safe_state_backends::{Backend, Checkpoint, Error, Holder, Request};

/// How often one looks again at a job that changes under one's eyes.
const LOOKS: usize = 5;

/// What is stored of a job, and who runs it.
///
/// ```
/// use safe_state_backends::MemoryBackend;
/// use safe_state_base::look::Look;
///
/// assert!(Look::at(&MemoryBackend::default(), "mail")?.is_none());
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Look {
    /// What is stored.
    pub checkpoint: Checkpoint,
    /// Who runs it.
    pub run: Run,
    /// What was asked of its runs.
    pub asked: Option<Request>,
}

/// Whether a job is under way.
#[derive(Clone, Debug)]
pub enum Run {
    /// This process runs it.
    By(Holder),
    /// No process runs it.
    None,
    /// The backend can't tell.
    Unknown,
}

impl Look {
    /// Looks at a job. `None` if it has no checkpoint.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of this job.
    pub fn at(backend: &dyn Backend, job: &str) -> Result<Option<Look>, Error> {
        let mut looked = Look::once(backend, job)?;
        for _ in 0..LOOKS {
            // A run may have ended between the two looks, or begun: what stands still is no run.
            let Some(look) = &looked else { break };
            if !look.checkpoint.is_open() || !matches!(look.run, Run::None) {
                break;
            }
            let again = Look::once(backend, job)?;
            let is_same = again.as_ref().is_some_and(|again| again.is_as(look));
            looked = again;
            if is_same {
                break;
            }
        }
        Ok(looked)
    }

    fn once(backend: &dyn Backend, job: &str) -> Result<Option<Look>, Error> {
        let run = match backend.holder(job) {
            Ok(Some(holder)) => Run::By(holder),
            Ok(None) => Run::None,
            Err(Error::Unsupported(_)) => Run::Unknown,
            Err(error) => return Err(error),
        };
        let checkpoint = Checkpoint::load(backend, job)?;
        let Some(checkpoint) = checkpoint else { return Ok(None) };
        let asked = Request::load(backend, job)?;
        Ok(Some(Look { checkpoint, run, asked }))
    }

    fn is_as(&self, before: &Look) -> bool {
        let state = |look: &Look| (look.checkpoint.run_count(), look.checkpoint.updated_at());
        matches!(self.run, Run::None) && state(self) == state(before)
    }
}
