//! The arguments of the function that belong to a job, as they were passed.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use safe_state_backends::Checkpoint;

use super::Job;

/// An argument, and the address of what it refers to.
type Lent = (String, usize);

/// The `&mut` arguments of unfinished runs of this process, by the job's name.
static LENT: LazyLock<Mutex<HashMap<String, Vec<Lent>>>> = LazyLock::new(Mutex::default);

/// The fingerprints of the arguments that belong to a job.
#[derive(Clone, Default)]
pub(crate) struct Arguments {
    told: Vec<(String, u32)>,
    /// The addresses of what `&mut` arguments refer to.
    lent: Vec<Lent>,
}

impl Arguments {
    /// Returns the names and fingerprints of the arguments of a call that goes on from `stored`.
    ///
    /// The variable behind a `&mut` argument has what an earlier call in this process has left in it. So its value at
    /// that call counts.
    pub(crate) fn beside(&self, job: &str, stored: &Checkpoint) -> Vec<(String, u32)> {
        let mut told = self.told.clone();
        if self.lent.is_empty() {
            return told;
        }
        let lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = lent.get(job).into_iter().flatten();
        let again = earlier.filter(|it| self.lent.contains(it));
        for (name, _) in again {
            let mut here = told.iter_mut().filter(|(told, _)| told == name);
            if let (Some(here), Some(before)) = (here.next(), stored.noted(name)) {
                here.1 = before;
            }
        }
        told
    }

    /// Notes where the `&mut` arguments of a run are, which begins.
    pub(crate) fn note_lent(&self, job: &str) {
        if self.lent.is_empty() {
            return;
        }
        let mut lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
        lent.insert(job.to_owned(), self.lent.clone());
    }
}

/// Forgets the `&mut` arguments of a job that has finished.
pub(crate) fn forget_lent(job: &str) {
    LENT.lock().unwrap_or_else(PoisonError::into_inner).remove(job);
}

impl Job {
    /// Adds an argument of the job's function whose value belongs to the job. An argument without a fingerprint is not
    /// compared.
    #[doc(hidden)]
    pub fn argument(mut self, name: &str, fingerprint: Option<u32>) -> Self {
        let told = fingerprint.map(|fingerprint| (name.to_owned(), fingerprint));
        self.expected.arguments.told.extend(told);
        self
    }

    /// Adds what a `&mut` argument refers to, and its address.
    #[doc(hidden)]
    pub fn lent_argument(
        mut self,
        name: &str,
        fingerprint: Option<u32>,
        address: Option<usize>,
    ) -> Self {
        if fingerprint.is_some() {
            let lent = address.map(|address| (name.to_owned(), address));
            self.expected.arguments.lent.extend(lent);
        }
        self.argument(name, fingerprint)
    }

    /// Adds a field of an argument, if the argument `whole` is not compared itself. It has an address if the argument is
    /// `&mut`.
    #[doc(hidden)]
    pub fn part_of_argument(
        self,
        whole: &str,
        name: &str,
        fingerprint: Option<u32>,
        address: Option<usize>,
    ) -> Self {
        if self.expected.arguments.told.iter().any(|(told, _)| told == whole) {
            return self;
        }
        self.lent_argument(name, fingerprint, address)
    }
}
