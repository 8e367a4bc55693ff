//! Reports to the manager of services, with the feature `systemd`.

use safe_state_base::service;

/// The progress of a run, for the manager's status line.
#[derive(Debug)]
pub(crate) struct Service {
    job: String,
    total: Option<u64>,
    position: u64,
}

impl Service {
    pub(crate) fn new(job: &str) -> Self {
        Service { job: job.to_owned(), total: None, position: 0 }
    }

    /// Tells that the run has begun, and has the job's lease.
    pub(crate) fn opened(&self) {
        service::turns_to(|| format!("{}: begins", self.job));
    }

    /// Tells that a loop begins.
    pub(crate) fn begin(&mut self, depth: usize, position: u64, total: Option<u64>) {
        if depth == 0 {
            (self.position, self.total) = (position, total);
        }
        service::turns_to(|| self.status());
    }

    /// Tells that items are complete up to `position`.
    #[inline]
    pub(crate) fn reach(&mut self, depth: usize, position: Option<u64>) {
        if depth == 0 {
            self.position = position.unwrap_or(self.position);
        }
        service::comes_on(|| self.status());
    }

    /// Tells that the run waits on purpose.
    #[inline]
    pub(crate) fn waits(&self) {
        service::comes_on(|| format!("{}, waits", self.status()));
    }

    /// Tells that the run ends because the process was asked to end.
    pub(crate) fn stops(&self) {
        service::stops(|| format!("{}, ends", self.status()));
    }

    /// Tells that the run has ended.
    pub(crate) fn ended(&self) {
        service::turns_to(|| format!("{}, ended", self.status()));
    }

    /// Returns a status such as `invoices: 6432 of 10000 (64 %)`.
    fn status(&self) -> String {
        let Service { job, position, .. } = self;
        match self.total {
            Some(total) => {
                let percent = u128::from(*position) * 100 / u128::from(total.max(1));
                format!("{job}: {position} of {total} ({percent} %)")
            }
            None => format!("{job}: {position} items"),
        }
    }
}

/// Tells that a run of `job` waits for another run of the job to end.
pub(crate) fn waits_to_begin(job: &str) {
    service::comes_on(|| format!("{job}: waits for another run to end"));
}
