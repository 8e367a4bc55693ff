//! The errors of backends.

pub(crate) mod reason;
pub(crate) mod sentence;
pub(crate) mod stored;

use crate::escape::{Line, argument};
use std::io;
use std::path::PathBuf;

use crate::Holder;
use crate::format::FormatError;

/// The reason why a checkpoint could not be stored, read or reserved.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation on a file.
    #[error("cannot {action} `{}`", Line(path.display()))]
    Io {
        /// The operation, as a verb phrase for the message.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The state directory, or the link that leads to it, belongs to another user.
    #[error(
        "the state directory `{}` belongs to another user (uid {owner}), who could change what is stored there; \
         use one of your own, or trust this one: `FileBackend::trusted`, or its path in `$SAFE_STATE_TRUST`",
        path.display()
    )]
    NotOurs {
        /// The state directory.
        path: PathBuf,
        /// The owner's user id.
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
        /// The state directory.
        path: PathBuf,
    },
    /// A variable of the environment has a value that it can't have.
    #[error("`${variable}` is `{value}`; {expected}")]
    Setting {
        /// The variable's name.
        variable: &'static str,
        /// The variable's value.
        value: String,
        /// A clause that says which values are valid, for the message.
        expected: &'static str,
    },
    /// The stored bytes cannot be read as a checkpoint. They were left as they are.
    #[error(
        "the checkpoint of job `{job}` in {place} cannot be read ({reason}); it was left as it is: {}",
        way_on(place, reason), job = Line(job), place = Line(place), reason = Line(reason))]
    Format {
        /// The job's name.
        job: String,
        /// The place where the checkpoint is stored.
        place: String,
        /// The problem. It is part of the message, so it is not also the error's source.
        reason: FormatError,
    },
    /// The state is larger than a checkpoint can be. The previous save is still there.
    #[error(
        "the checkpoint of job `{job}` in {place} cannot be written: {reason}; it was left as it was saved last", job = Line(job), place = Line(place), reason = Line(reason))]
    Unwritable {
        /// The job's name.
        job: String,
        /// The place where the checkpoint is stored.
        place: String,
        /// The limit that was exceeded. It is part of the message, so it is not also the error's source.
        reason: FormatError,
    },
    /// The checkpoint that is stored under the job's name belongs to another job.
    #[error(
        "{place} holds the checkpoint of job `{found}`, not of `{job}`; rename one of them, or give them different state directories", place = Line(place), found = Line(found), job = Line(job))]
    OtherJob {
        /// The name of the job asked for.
        job: String,
        /// The name of the job whose checkpoint is there.
        found: String,
        /// The place where that checkpoint is stored.
        place: String,
    },
    /// Another run of the job is under way.
    #[error("job `{job}` is already running: {}; wait for that run, or end it by `safe-state cancel {}`",
        held_by(holder.as_deref()), argument(job), job = Line(job))]
    Held {
        /// The job's name.
        job: String,
        /// The process that runs the job, if known.
        holder: Option<Box<Holder>>,
    },
    /// A run on another machine, or in another container, has left its lock. The file system's locks do not show whether that
    /// run is still under way.
    #[error(
        "job `{job}` may be running elsewhere: {holder} has left its lock `{}`, and locks on this file system do not reach \
         there; if that run has ended, remove the file", path.display(), job = Line(job))]
    OutOfReach {
        /// The job's name.
        job: String,
        /// The path of the lock file.
        path: PathBuf,
        /// The process that left the lock.
        holder: Box<Holder>,
    },
    /// The lease is lost: another run of the job took it over while this one was paused or cut off, or the store lost it. The
    /// next run repeats what this run did since its last save.
    #[error("job `{job}` {}; this run has stopped, and leaves what is stored as it is", taken_by(holder.as_deref()), job = Line(job))]
    LeaseLost {
        /// The job's name.
        job: String,
        /// The process that runs the job now, if it still runs and is known.
        holder: Option<Box<Holder>>,
    },
    /// The job was given up for good, so nothing else can be asked of it.
    #[error(
        "job `{job}` was given up for good, so nothing else can be asked of it; withdraw that first by `safe-state resume {}` or `Job::resume`",
        argument(job), job = Line(job))]
    Abandoned {
        /// The job.
        job: String,
    },
    /// The job's name is empty.
    #[error("the job's name is empty; give it one")]
    EmptyName,
    /// The job's name begins with `safe-state/`, which is reserved for what is stored beside checkpoints.
    #[error("the job's name `{}` begins with `safe-state/`, which no job's may; give it another", Line(.0))]
    ReservedName(String),
    /// The URL does not name a backend.
    #[error("the backend `{url}` cannot be used: {reason}", url = Line(url), reason = Line(reason))]
    Url {
        /// The URL, without its user, password and query.
        url: String,
        /// The problem with the URL, and what to do about it.
        reason: String,
    },
    /// The encryption key is not usable.
    #[error("the key to encrypt checkpoints with cannot be used: {}", Line(reason))]
    Key {
        /// The problem with the key.
        reason: String,
    },
    /// The path does not name a file that a database can be in.
    #[error(
        "`{}` names no file that a database could be kept in; for one in memory use `MemoryBackend` (`memory:`), \
         or `SqliteBackend::from_connection`",
        .0.display()
    )]
    NoFile(PathBuf),
    /// The prefix can't begin the name of a table.
    #[error(
        "`{}` can't begin the name of a table: use letters, digits and `_`, not a digit first, and 40 of them at most", Line(.0)
    )]
    TablePrefix(String),
    /// The prefix can't begin the name of a key.
    #[error(
        "`{}` can't begin the name of a key: use letters, digits and `-_.:`, and 40 of them at most", Line(.0)
    )]
    KeyPrefix(String),
    /// The backend does not support the operation.
    #[error("this backend cannot {0}")]
    Unsupported(&'static str),
    /// An error of the backend's own, such as its driver's.
    #[error("{action} failed for {}", all_or(job))]
    Backend {
        /// The operation, as a noun for the message.
        action: &'static str,
        /// The job's name.
        job: String,
        /// The backend's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

crate::debug_is_one_line!(Error);

impl Error {
    /// Returns a closure for [`Result::map_err`] that makes an error of an operation on a file.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Error {
        // The path is copied only when an error is made, not by each save that succeeds.
        move |source| Error::Io { action, path: path.into(), source }
    }
}

/// Returns which job an action was for. A list is one of all jobs.
fn all_or(job: &str) -> String {
    if job == "*" { "all jobs".to_owned() } else { format!("job `{}`", Line(job)) }
}

/// Returns what a user can do about a checkpoint that cannot be read. The doctor reads only files of the file backend.
fn way_on(place: &str, reason: &FormatError) -> &'static str {
    match reason {
        FormatError::Damaged { .. } if place.ends_with(".safestate`") => {
            "`safe-state doctor FILE` says what can be recovered of it; move it away to start over"
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
            "is no longer held by this run: another took it over and ended, or the store lost the lease"
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
