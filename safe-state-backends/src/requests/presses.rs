//! The buttons of a job that people pressed in the browser. They are stored beside the checkpoint, under a name that no job can
//! have, and outlive the checkpoint, as a button may clear that.

use std::sync::Arc;
use std::time::Duration;

use super::press::{MOST, Press};
use crate::error::stored::place;
use crate::format::presses;
use crate::lease::wait;
use crate::name::{RESERVED, check_job};
use crate::{Backend, Error, LeaseOptions};

/// The time to wait for others that press at the same time. Each takes a moment.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

impl Press {
    /// Loads the last presses of a job, oldest first.
    ///
    /// # Errors
    ///
    /// The backend cannot be read, or what it holds is not the list of this job.
    pub fn load(backend: &dyn Backend, job: &str) -> Result<Vec<Press>, Error> {
        let name = name_of(job);
        let Some(bytes) = backend.load(&name)? else { return Ok(Vec::new()) };
        let (found, presses) =
            presses::decode(&bytes).map_err(|it| Error::unreadable(backend, &name, it))?;
        if found == job {
            return Ok(presses);
        }
        let place = place(backend, &name);
        Err(Error::OtherJob { job: job.to_owned(), found, place })
    }

    /// Saves this press as the last one of a job. An unreadable list is replaced.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn keep(self, backend: &Arc<dyn Backend>, job: &str) -> Result<(), Error> {
        check_job(job)?;
        let name = name_of(job);
        let lease = || Arc::clone(backend).lease(&name, LeaseOptions::default());
        let mut lease = wait::while_held(PATIENCE, LONGEST_PAUSE, lease)?;
        let mut presses = match Press::load(&**backend, job) {
            Err(Error::Format { .. } | Error::OtherJob { .. }) => Vec::new(),
            found => found?,
        };
        presses.push(self);
        presses.drain(..presses.len().saturating_sub(MOST));
        let bytes =
            presses::encode(job, presses).map_err(|it| Error::unwritable(&**backend, &name, it))?;
        lease.save(&bytes)
    }
}

fn name_of(job: &str) -> String {
    format!("{RESERVED}pressed/{job}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryBackend;

    #[test]
    fn the_last_presses_of_each_job_are_kept() {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        let load = |job: &str| Press::load(&*backend, job).unwrap();
        assert_eq!(load("a"), []);
        for number in 0..=MOST {
            let press = Press::now("pause", "ada", &number.to_string());
            press.keep(&backend, "a").unwrap();
        }
        Press::now("clear", &"é".repeat(400), "gone").keep(&backend, "b").unwrap();
        let kept = load("a");
        assert_eq!((kept.len(), &*kept[0].done, &*kept[MOST - 1].done), (MOST, "1", "50"));
        assert!(load("b")[0].who.len() < 400, "{:?}", load("b"));
        assert_eq!(backend.list().unwrap(), [""; 0]);
        backend.save(&name_of("a"), &backend.load(&name_of("b")).unwrap().unwrap()).unwrap();
        Press::load(&*backend, "a").unwrap_err();
        Press::now("pause", "ada", "anew").keep(&backend, "a").unwrap();
        assert_eq!(load("a").len(), 1);
        Press::now("pause", "ada", "no").keep(&backend, "safe-state/a").unwrap_err();
    }
}
