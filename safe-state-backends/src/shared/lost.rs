//! Leases that are lost, and how many a worker has at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::SharedJob;
use crate::format::Change;
use crate::{
    Appended, Backend, Checkpoint, Completed, Cut, DeadLetter, Error, Failure, FailureKind,
    FinishedSlice, Head, Lease, LeaseOptions, MemoryBackend, Slices,
};

/// A backend whose first saves fail because the lease is lost.
#[derive(Default)]
struct Losing {
    within: Arc<MemoryBackend>,
    times: AtomicUsize,
    held: AtomicUsize,
    most: AtomicUsize,
}

struct Lost {
    within: Box<dyn Lease>,
    backend: Arc<Losing>,
    job: String,
}

impl Backend for Losing {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        self.within.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.within.save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.within.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.within.exists(job)
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        let within = Arc::clone(&self.within).lease(job, options)?;
        let held = self.held.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(held, Ordering::Relaxed);
        Ok(Box::new(Lost { within, backend: self, job: job.to_owned() }))
    }
}

impl Lease for Lost {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        let is_left = |left: usize| left.checked_sub(1);
        match self.backend.times.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_left) {
            Ok(_) => Err(Error::LeaseLost { job: self.job.clone(), holder: None }),
            Err(_) => self.within.save(checkpoint),
        }
    }

    fn append(&mut self, _: &[u8]) -> Result<Appended, Error> {
        Ok(Appended::No)
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.within.delete()
    }
}

impl Drop for Lost {
    fn drop(&mut self) {
        self.backend.held.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn dead_letters_are_put_back_by_two_leases_at_a_time() {
    let backend = Arc::new(Losing::default());
    let there: Arc<dyn Backend> = Arc::clone(&backend) as _;
    let job = SharedJob::new(there, "job", LeaseOptions::default()).unwrap();
    let finished = Completed::default();
    let mut head = Head::new("job");
    head.cut(Slices { loop_id: 0, count: 10, cut: Cut::Index, finished }, Some(100)).unwrap();
    let letter = |index| {
        let failure = Failure::new(FailureKind::Error, "E", "no").with_index(Some(index));
        DeadLetter::new(0, vec![], None, failure)
    };
    let given_up = |index| {
        let dead_letters = Some(Box::new([letter(index)].into_iter().collect()));
        let mut stored = Checkpoint::new("slice", None);
        stored.take_in(Change { dead_letters, ..Change::completed(10) }).unwrap();
        stored
    };
    for slice in 0..9 {
        let range = u64::from(slice) * 10..u64::from(slice) * 10 + 10;
        let finished = FinishedSlice { loop_id: 0, slice, range, values: Vec::new() };
        head.finish_slice(finished, &given_up(3)).unwrap();
    }
    job.change(|_| Ok::<_, Error>((Some(head.clone()), ()))).unwrap();
    let name = job.slice_name(0, 9);
    job.claim(0, 9).unwrap().begin(Checkpoint { job: name, ..given_up(4) }).unwrap();
    assert_eq!(job.put_back_dead_letters().unwrap(), Ok(10));
    assert_eq!(backend.most.load(Ordering::Relaxed), 2);
    let head = job.head().unwrap().unwrap();
    assert!(head.dead_letters.is_empty());
    assert!(head.slices_of(0).unwrap().finished.is_empty());
}

#[test]
fn a_head_that_was_lost_before_it_was_written_is_changed_from_its_begin() {
    let backend = Arc::new(Losing::default());
    let there: Arc<dyn Backend> = Arc::clone(&backend) as _;
    let job = SharedJob::new(there, "job", LeaseOptions::default()).unwrap();
    job.change(|_| Ok::<_, Error>((Some(Head::new("job")), ()))).unwrap();
    backend.times.store(2, Ordering::Relaxed);
    let mut tries = 0;
    let tries = job.change(|head| {
        tries += 1;
        let mut head = head.unwrap();
        head.note("noted!", Some(tries));
        Ok::<_, Error>((Some(head), tries))
    });
    assert_eq!(tries.unwrap(), 3);
    let head = job.head().unwrap().unwrap();
    assert_eq!(head.noted("noted!"), Some(3));
}

#[test]
fn a_slice_that_was_lost_ends_the_change_of_the_head() {
    let backend = Arc::new(Losing::default());
    let there: Arc<dyn Backend> = Arc::clone(&backend) as _;
    let job = SharedJob::new(there, "job", LeaseOptions::default()).unwrap();
    let name = job.slice_name(0, 0);
    let mut slice = job.claim(0, 0).unwrap().begin(Checkpoint::new(&*name, None)).unwrap();
    backend.times.store(1, Ordering::Relaxed);
    let mut tries = 0;
    let lost = job.change(|_| {
        tries += 1;
        slice.save(Change::completed(1)).map(|()| (None, ()))
    });
    assert!(matches!(lost, Err(Error::LeaseLost { job, .. }) if job == name));
    assert_eq!(tries, 1);
}
