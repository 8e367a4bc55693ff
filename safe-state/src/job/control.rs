//! Pausing, resuming and cancelling a job from outside.

use safe_state_backends::Request;

use crate::{Error, Job};

impl Job {
    /// Asks the job to pause, from any thread, process or host: a run under way saves and waits before
    /// its next item, and one that is started waits before its first, until [`resume`](Self::resume).
    ///
    /// A run looks every 50 milliseconds, before an item and while it waits for anything; or as seldom as keeps
    /// that below a hundredth of its time, where the backend takes long to ask. Where the input of its last
    /// loop has ended, it is finished.
    ///
    /// Of several that ask at the same time, each waits for the others for a moment, and the last one counts.
    ///
    /// ```
    /// use safe_state::{Job, Request};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let import = Job::new("nightly-import").state_dir(dir.path());
    /// import.pause()?;
    /// assert_eq!(import.requested()?, Some(Request::Pause));
    /// import.resume()?;
    /// assert_eq!(import.requested()?, None);
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn pause(&self) -> Result<(), Error> {
        Ok(Request::Pause.save(&*self.stored_in()?, self.job_name())?)
    }

    /// Takes back what was asked: the job goes on.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn resume(&self) -> Result<(), Error> {
        Ok(Request::delete(&*self.stored_in()?, self.job_name())?)
    }

    /// Asks the run under way to end: it saves, and before its next item it ends with
    /// [`Error::Stopped`], which uses the request up. A run that begins later does not heed it, and goes
    /// on from there. One that waits for its lease ([`wait`](Self::wait)) ends as well, if it sees the request
    /// before it is used up. Where the input of the last loop has ended, there is no next item, and the run
    /// finishes.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn cancel(&self) -> Result<(), Error> {
        Ok(Request::Cancel.save(&*self.stored_in()?, self.job_name())?)
    }

    /// Lets the next run that begins go on with what the one before was refused for: another input, another value of an
    /// argument, another version, other code. It tells what is other, and uses this up; what it began is the job's from
    /// then on. An input that has fewer items than are complete has none to do.
    ///
    /// Nothing is known of items that the other input has in place of complete ones: they are not done.
    ///
    /// ```
    /// use safe_state::{Job, Request};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let import = Job::new("nightly-import").state_dir(dir.path());
    /// import.accept()?;
    /// assert_eq!(import.requested()?, Some(Request::Accept));
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn accept(&self) -> Result<(), Error> {
        Ok(Request::Accept.save(&*self.stored_in()?, self.job_name())?)
    }

    /// What was asked of the job, and not taken back or used up.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn requested(&self) -> Result<Option<Request>, Error> {
        Ok(Request::load(&*self.stored_in()?, self.job_name())?)
    }
}
