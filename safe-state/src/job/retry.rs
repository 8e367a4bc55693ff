//! Dead letters that are given another chance.

use safe_state_base::stored;

use crate::{Error, Job};

impl Job {
    /// Puts the dead letters back: the next run does their items, with all attempts, as if it had not
    /// seen them yet. Of a job that has finished it does those alone, and new ones; when all are well,
    /// the job is finished for good. Gives how many there are; with none, nothing changes.
    ///
    /// It is one save, from which on they are items that are not complete: however often the runs that
    /// follow are killed, none is done again once it is complete.
    ///
    /// ```
    /// use safe_state::Job;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// let again = mail.retry_dead_letters()?;
    /// println!("{again} mails will be tried again");
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotPutBack`] if that can't be done for each of them, and then nothing changes; the job is
    /// running; or the backend cannot be read or written.
    pub fn retry_dead_letters(&self) -> Result<usize, Error> {
        stored::retry_dead_letters(self.stored_in()?, self.job_name(), self.lease_options())
    }
}
