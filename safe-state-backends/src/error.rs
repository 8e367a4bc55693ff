//! What can go wrong with a backend.

use crate::escape::Line;
use std::io;
use std::path::PathBuf;

use crate::Holder;
use crate::format::FormatError;

/// Why a checkpoint could not be stored, read or reserved.
#[derive(thiserror::Error)]
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
    /// The state directory, or the link that leads to it, belongs to another user.
    #[error(
        "the state directory `{}` belongs to another user (uid {owner}), who could change what is stored there; \
         use one of your own, or trust this one: `FileBackend::trusted`, or its path in `$SAFE_STATE_TRUST`",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// The user's number.
        owner: u32,
    },
    /// The state directory's file system is not where it was: it was unmounted, or another was mounted over
    /// it, while the job ran.
    #[error(
        "the file system of the state directory `{}` is no longer mounted there; \
         what was saved is on it: mount it again, and run the job again",
        path.display()
    )]
    Unmounted {
        /// The directory.
        path: PathBuf,
    },
    /// A variable of the environment has a value that it can't have.
    #[error("`${variable}` is `{value}`; {expected}")]
    Setting {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What it has to be.
        expected: &'static str,
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
    /// A run on another machine, or in another container, has left its lock, and the file system's locks do not tell
    /// whether it is under way.
    #[error(
        "job `{job}` may be running elsewhere: {holder} has left its lock `{}`, and locks on this file system do not reach \
         there; if that run has ended, remove the file", path.display(), job = Line(job))]
    OutOfReach {
        /// The job.
        job: String,
        /// The lock's file.
        path: PathBuf,
        /// Who has left it.
        holder: Box<Holder>,
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
    /// The job was given up for good, and nothing else is asked of it.
    #[error(
        "job `{job}` was given up for good, and nothing else is asked of it; take that back first, by `safe-state resume` or `Job::resume`",
        job = Line(job))]
    Abandoned {
        /// The job.
        job: String,
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
    /// What was given is no key to encrypt with.
    #[error("the key to encrypt checkpoints with cannot be used: {}", Line(reason))]
    Key {
        /// What is wrong with it.
        reason: String,
    },
    /// A database is in no file of that name.
    #[error(
        "`{}` names no file that a database could be kept in; for one in memory use `MemoryBackend` (`memory:`), \
         or `SqliteBackend::from_connection`",
        .0.display()
    )]
    NoFile(PathBuf),
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

crate::debug_is_one_line!(Error);

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
        FormatError::Encrypted | FormatError::OtherKey { .. } | FormatError::NotEncrypted => {
            "or move it away to start over"
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

#[cfg(test)]
mod tests {
    use std::error::Error as StdError;

    use super::*;

    fn one_of_each() -> Vec<Error> {
        let (job, place) = (|| "job".to_owned(), || "`state/job.safestate`".to_owned());
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let damaged = || FormatError::Damaged { offset: 7, what: "no whole record" };
        let holder = || Some(Box::new(Holder::this_process()));
        vec![
            Error::io("write", "state")(full()),
            Error::NotOurs { path: "state".into(), owner: 7 },
            Error::Unmounted { path: "state".into() },
            Error::Setting { variable: "A", value: job(), expected: "it has to be a number" },
            Error::Format { job: job(), place: place(), reason: damaged() },
            Error::Unwritable { job: job(), place: place(), reason: damaged() },
            Error::OtherJob { job: job(), found: "other".to_owned(), place: place() },
            Error::Held { job: job(), holder: holder() },
            Error::OutOfReach {
                job: job(),
                path: "state/job.lock".into(),
                holder: Box::new(Holder::this_process()),
            },
            Error::LeaseLost { job: job(), holder: holder() },
            Error::EmptyName,
            Error::ReservedName(job()),
            Error::Url { url: "floppy:a".to_owned(), reason: "there is no such scheme".to_owned() },
            Error::Key { reason: job() },
            Error::NoFile(":memory:".into()),
            Error::TablePrefix(job()),
            Error::KeyPrefix(job()),
            Error::Unsupported("list its jobs"),
            Error::Backend { action: "saving", job: job(), source: full().into() },
            Error::Backend {
                action: "saving",
                job: job(),
                source: Error::io("sync", "a")(full()).into(),
            },
        ]
    }

    #[test]
    fn each_cause_is_in_the_chain_once() {
        for error in one_of_each() {
            let mut told: Vec<String> = Vec::new();
            let mut next: Option<&dyn StdError> = Some(&error);
            while let Some(error) = next {
                let text = error.to_string();
                assert!(told.iter().all(|told| !told.contains(&text)), "{text} is in {told:?}");
                told.push(text);
                next = error.source();
            }
            let has_cause = matches!(error, Error::Io { .. } | Error::Backend { .. });
            assert_eq!(told.len() > 1, has_cause, "{told:?}");
        }
    }
}
