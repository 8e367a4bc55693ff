//! Queries and requests for those who operate a job.

use std::time::Duration;

use safe_state_backends::Request;
use safe_state_base::status::Status;
use safe_state_base::stored;
use serde::Serialize;

use crate::effects::reconnect::seal::Key;
use crate::job::by_hand::{ByHand, CompletedKeys};
use crate::{Error, Job};

/// Queries and requests for those who operate a job.
impl Job {
    /// Returns the job's status: whether it runs, its progress, its rate, and what went wrong. As JSON, the status is
    /// what `safe-state peek --json` shows. The method takes no lease and works while the job runs.
    ///
    /// ```
    /// use safe_state::{Error, Job, State};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path()).keep_on_success(true);
    /// assert_eq!(mail.status()?.state, State::Waiting);
    /// mail.run(0..3, |_| Ok::<(), Error>(()))?;
    /// let status = mail.status()?;
    /// assert_eq!((status.state, status.progress.completed), (State::Finished, 3));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of this job.
    pub fn status(&self) -> Result<Status, Error> {
        Ok(Status::load(&*self.stored_in()?, self.job_name())?)
    }

    /// Returns the status of every job that is stored in the same place as this one, sorted by name. A job that cannot
    /// be read has [`State::Unreadable`](crate::State::Unreadable).
    ///
    /// ```
    /// use safe_state::Job;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// for status in Job::new("mail").state_dir(dir.path()).list()? {
    ///     println!("{}: {}", status.job, status.state);
    /// }
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or cannot list its jobs.
    pub fn list(&self) -> Result<Vec<Status>, Error> {
        Ok(Status::list(&*self.stored_in()?)?)
    }

    /// Asks the job to [pause](Self::pause), with a reason for others who look at the job. The reason's first 1000
    /// characters are kept.
    ///
    /// # Errors
    ///
    /// The job was [abandoned](Self::abandon), or the backend cannot be written.
    pub fn pause_because(&self, reason: &str) -> Result<(), Error> {
        self.ask(Request::Pause, Some(reason))
    }

    /// Gives the job up for good. A run under way saves, and ends before its next item with [`Error::Stopped`]. No run
    /// begins, now or later, until [`resume`](Self::resume). Until then, other requests are errors. What is stored
    /// is kept, until [`clear_checkpoint`](Self::clear_checkpoint) removes it.
    ///
    /// ```
    /// use safe_state::{Error, Job, State, StopReason};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// mail.abandon("the customer has left")?;
    /// let error = mail.run(0..3, |_| Ok::<(), Error>(())).unwrap_err();
    /// assert!(matches!(error, Error::Stopped { reason: StopReason::Abandoned, .. }));
    /// assert_eq!(mail.status()?.state, State::Abandoned);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn abandon(&self, reason: &str) -> Result<(), Error> {
        self.ask(Request::Abandon, Some(reason).filter(|reason| !reason.is_empty()))
    }

    /// Returns whether the item with that key is complete, of a loop that knows items by key. For many, there is
    /// [`completed_keys`](Self::completed_keys), which looks once. Of several items with the key, one is complete then: do
    /// not leave out by it items whose keys may be equal.
    ///
    /// # Errors
    ///
    /// [`Error::SeveralLoops`] if several loops know items by key; the backend cannot be read, or what it holds is no
    /// checkpoint of this job.
    pub fn is_complete(&self, key: &(impl Serialize + ?Sized)) -> Result<bool, Error> {
        Ok(self.completed_keys()?.contains(key))
    }

    /// Returns the keys of completed items, for a loop that identifies items by key. Use them to leave
    /// those items out before you fetch the input, unless several items may have one key: it is there as soon as one of
    /// them is complete. Takes no lease.
    ///
    /// ```
    /// use safe_state::Job;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// mail.by_hand().complete_keys(["a@example.org"])?;
    /// let completed = mail.completed_keys()?;
    /// let urls = ["a@example.org", "b@example.org"].into_iter().filter(|it| !completed.contains(it));
    /// assert_eq!(urls.collect::<Vec<_>>(), ["b@example.org"]);
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SeveralLoops`] if several loops know items by key; the backend cannot be read, or what it holds is no
    /// checkpoint of this job.
    pub fn completed_keys(&self) -> Result<CompletedKeys, Error> {
        let Some(found) = self.peek_checkpoint()? else { return Ok(CompletedKeys::default()) };
        let job = || self.job_name().to_owned();
        CompletedKeys::of(&found).ok_or_else(|| Error::SeveralLoops { job: job() })
    }

    /// Returns the keys of completed items of the loop with this number, counted from 0 in the function's text. Use it as
    /// [`completed_keys`](Self::completed_keys), where several loops know items by key.
    ///
    /// ```
    /// use safe_state::Job;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// mail.by_hand().in_loop(1).complete_keys(["a@example.org"])?;
    /// assert!(mail.completed_keys_in(1)?.contains("a@example.org"));
    /// assert!(mail.completed_keys_in(0)?.is_empty());
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is no checkpoint of this job.
    pub fn completed_keys_in(&self, number: u16) -> Result<CompletedKeys, Error> {
        let found = self.peek_checkpoint()?;
        Ok(found.map(|found| CompletedKeys::of_loop(&found, number)).unwrap_or_default())
    }

    /// Changes what is stored of the job by hand: skips items, marks them complete, lets a loop go on behind a cursor.
    ///
    /// ```
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// assert_eq!(mail.by_hand().complete_until(2)?, 2);
    /// mail.run(0..3, |item| {
    ///     assert_eq!(item, 2);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn by_hand(&self) -> ByHand<'_> {
        ByHand::new(self)
    }

    /// Gives what is stored of the job, and the requests to it, the new name `to`. Returns whether anything was stored.
    /// The files and connections that the job goes on with belong to the new name from then on.
    ///
    /// ```
    /// use safe_state::Job;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let (old, new) = (Job::new("mail").state_dir(dir.path()), Job::new("post").state_dir(dir.path()));
    /// old.by_hand().complete_until(2)?;
    /// assert!(old.rename("post")?);
    /// assert_eq!((old.peek_checkpoint()?, new.status()?.progress.completed), (None, 2));
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NameTaken`] if a job of the new name exists; [`Error::NotByHand`] if many workers share it; one of the two is
    /// running; or the backend cannot be read or written. If the process is ended in the middle, the call can be made again.
    pub fn rename(&self, to: &str) -> Result<bool, Error> {
        let (backend, from) = (self.stored_in()?, self.job_name());
        let reseal = |variable: &str, stored: &[u8]| {
            let key = Key::of(&backend).ok()?;
            key.resealed((from, to), variable, stored)
        };
        stored::rename(&backend, (from, to), self.lease_options(), reseal)
    }

    /// Removes the checkpoints of all finished jobs in the same place that have no dead letters and were last saved
    /// longer than `older_than` ago. Returns their names. Running jobs are left alone.
    ///
    /// # Errors
    ///
    /// The backend cannot list its jobs, or cannot be written.
    pub fn clear_finished(&self, older_than: Duration) -> Result<Vec<String>, Error> {
        stored::clear_finished(&self.stored_in()?, older_than)
    }

    fn ask(&self, request: Request, reason: Option<&str>) -> Result<(), Error> {
        Ok(request.save_with_reason(&self.stored_in()?, self.job_name(), reason)?)
    }
}
