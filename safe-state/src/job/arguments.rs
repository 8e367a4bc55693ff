//! The arguments of the function that belong to a job, as they were passed.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use safe_state_backends::Checkpoint;

/// The carried `&mut` arguments of the last runs of this process: hashes of the job's name, the argument's, and the
/// address of what it refers to.
static LENT: Mutex<VecDeque<u64>> = Mutex::new(VecDeque::new());

/// The number of arguments that are remembered.
const MOST_LENT: usize = 4096;

/// The fingerprints of the arguments that belong to a job.
#[derive(Clone, Default)]
pub(crate) struct Arguments {
    told: Vec<(String, u32)>,
    /// The carried `&mut` arguments, with the addresses of what they refer to.
    lent: Vec<(String, usize)>,
}

impl Arguments {
    /// Adds an argument. One without a fingerprint is not compared.
    pub(super) fn add(&mut self, name: &str, fingerprint: Option<u32>) {
        self.told.extend(fingerprint.map(|fingerprint| (name.to_owned(), fingerprint)));
    }

    /// Adds what a carried `&mut` argument refers to, and its address.
    pub(super) fn add_lent(&mut self, name: &str, fingerprint: Option<u32>, address: usize) {
        if fingerprint.is_some() {
            self.lent.push((name.to_owned(), address));
        }
        self.add(name, fingerprint);
    }

    /// Adds a field of an argument, if the argument `whole` is not compared itself.
    pub(super) fn add_part(&mut self, whole: &str, name: &str, fingerprint: Option<u32>) {
        if !self.told.iter().any(|(told, _)| told == whole) {
            self.add(name, fingerprint);
        }
    }

    /// Returns the names and fingerprints of the arguments of a call that goes on from `stored`.
    ///
    /// The variable behind a carried `&mut` argument has what an earlier call in this process has left in it. So its
    /// value at the first call counts.
    pub(crate) fn beside(&self, job: &str, stored: &Checkpoint) -> Vec<(String, u32)> {
        let mut told = self.told.clone();
        if self.lent.is_empty() {
            return told;
        }
        let lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, address) in &self.lent {
            let here = told.iter_mut().find(|(told, _)| told == name);
            if lent.contains(&hash(job, name, *address))
                && let (Some(here), Some(before)) = (here, stored.noted(name))
            {
                here.1 = before;
            }
        }
        told
    }

    /// Notes where the carried `&mut` arguments of a run are, which begins.
    pub(crate) fn note_lent(&self, job: &str) {
        if self.lent.is_empty() {
            return;
        }
        let mut lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, address) in &self.lent {
            let noted = hash(job, name, *address);
            lent.retain(|it| *it != noted);
            lent.push_back(noted);
        }
        let surplus = lent.len().saturating_sub(MOST_LENT);
        lent.drain(..surplus);
    }
}

fn hash(job: &str, name: &str, address: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (job, name, address).hash(&mut hasher);
    hasher.finish()
}
