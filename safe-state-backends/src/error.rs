//! What can go wrong with a backend.

use crate::escape::Line;
use std::io;
use std::path::PathBuf;

use crate::Holder;
use crate::format::FormatError;

/// Why a checkpoint could not be stored, read or reserved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation on a file.
    #[error("cannot {action} `{}`", Line(path.display()))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The stored bytes cannot be read as a checkpoint. They were left as they are.
    #[error(
        "the checkpoint of job `{job}` in {place} cannot be read ({reason}); it was left as it is: {}",
        way_on(place, reason), job = Line(job), place = Line(place), reason = Line(reason))]
    Format {
        /// The job.
        job: String,
        /// Where its checkpoint is.
        place: String,
        /// What is wrong with it, which the message says: it is no source, which would say it again.
        reason: FormatError,
    },
    /// The state is more than a checkpoint holds. What was saved before is still there.
    #[error(
        "the checkpoint of job `{job}` in {place} cannot be written: {reason}; it was left as it was saved last", job = Line(job), place = Line(place), reason = Line(reason))]
    Unwritable {
        /// The job.
        job: String,
        /// Where its checkpoint is.
        place: String,
        /// What is too much, which the message says as well.
        reason: FormatError,
    },
    /// What is stored under the job's name belongs to another job.
    #[error(
        "{place} holds the checkpoint of job `{found}`, not of `{job}`; rename one of them, or give them different state directories", place = Line(place), found = Line(found), job = Line(job))]
    OtherJob {
        /// The job asked for.
        job: String,
        /// The job found.
        found: String,
        /// Where.
        place: String,
    },
    /// Another run of the job is under way.
    #[error("job `{job}` is already running: {}; wait for that run, or stop it", held_by(holder.as_deref()), job = Line(job))]
    Held {
        /// The job.
        job: String,
        /// Who runs it, if it has said so.
        holder: Option<Box<Holder>>,
    },
    /// Another run of the job has taken its lease over, while this one was paused, or cut off; or the
    /// store has lost it. What this run did since its last save runs again in the next one.
    #[error("job `{job}` {}; this run has stopped, and leaves what is stored as it is", taken_by(holder.as_deref()), job = Line(job))]
    LeaseLost {
        /// The job.
        job: String,
        /// Who runs it now, if it still runs and has said so.
        holder: Option<Box<Holder>>,
    },
    /// The job has no name.
    #[error("the job's name is empty; give it one")]
    EmptyName,
    /// The job has a name that is kept for what is stored beside checkpoints.
    #[error("the job's name `{}` begins with `safe-state/`, which no job's may; give it another", Line(.0))]
    ReservedName(String),
    /// A URL names no backend.
    #[error("the backend `{url}` cannot be used: {reason}", url = Line(url), reason = Line(reason))]
    Url {
        /// The URL, without its user, password and query.
        url: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// Tables can't have names that begin like that.
    #[error(
        "`{}` can't begin the name of a table: use letters, digits and `_`, not a digit first, and 40 of them at most", Line(.0)
    )]
    TablePrefix(String),
    /// Keys can't begin like that.
    #[error(
        "`{}` can't begin the name of a key: use letters, digits and `-_.:`, and 40 of them at most", Line(.0)
    )]
    KeyPrefix(String),
    /// The backend does not do that.
    #[error("this backend cannot {0}")]
    Unsupported(&'static str),
    /// A backend's own error.
    #[error("{action} failed for job `{job}`", job = Line(job))]
    Backend {
        /// What was tried.
        action: &'static str,
        /// The job.
        job: String,
        /// What the backend says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// For [`Result::map_err`] on an operation on a file.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Error {
        // The path is copied by an error alone, not by each save that makes none.
        move |source| Error::Io { action, path: path.into(), source }
    }
}

/// What is to be done about a checkpoint that cannot be read. The doctor looks at files of their own alone.
fn way_on(place: &str, reason: &FormatError) -> &'static str {
    match reason {
        FormatError::Damaged { .. } if place.ends_with(".safestate`") => {
            "`safe-state doctor FILE` says what can be saved of it; move it away to start over"
        }
        _ => "move it away to start over",
    }
}

fn taken_by(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || {
            "is held by this run no more: another took over and ended, or the store lost it"
                .to_owned()
        },
        |holder| format!("was taken over by another run: {holder}"),
    )
}

fn held_by(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "by a process that did not say which".to_owned(), Holder::to_string)
}
