//! Tests of what happens at the lease of a slice: a retry that finds that a worker has just taken it, and workers that read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::SharedJob;
use crate::format::Change;
use crate::{
    Backend, Checkpoint, Completed, Cut, DeadLetter, Error, Failure, FailureKind, FinishedSlice,
    Head, Lease, LeaseOptions, MemoryBackend, Slices,
};

/// A backend in memory where a worker has the lease of the name `taken`, from the second time on that it is asked for.
#[derive(Debug, Default)]
struct Taking {
    within: Arc<MemoryBackend>,
    taken: Mutex<Option<String>>,
    /// How often each lease was asked for.
    asked: Mutex<BTreeMap<String, u32>>,
}

impl Backend for Taking {
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
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(job.to_owned()).or_default();
        *times += 1;
        if *times > 1 && self.taken.lock().unwrap().as_deref() == Some(job) {
            return Err(Error::Held { job: job.to_owned(), holder: None });
        }
        Arc::clone(&self.within).lease(job, options)
    }
}

fn letter() -> DeadLetter {
    let failure = Failure::new(FailureKind::Error, "E", "no").with_index(Some(3));
    DeadLetter::new(0, vec![], None, failure)
}

/// Returns the checkpoint of a slice whose fourth item is given up.
fn given_up() -> Checkpoint {
    let dead_letters = Some(Box::new([letter()].into_iter().collect()));
    let mut stored = Checkpoint::new("slice", None);
    stored.take_in(Change { dead_letters, ..Change::completed(10) }).unwrap();
    stored
}

/// A job of four slices, each of which has given up an item: two are finished, and two are under way.
fn job(backend: &Arc<Taking>) -> SharedJob {
    let there: Arc<dyn Backend> = Arc::clone(backend) as _;
    let job = SharedJob::new(there, "job", LeaseOptions::default()).unwrap();
    let mut head = Head::new("job");
    let finished = Completed::default();
    head.cut(Slices { loop_id: 0, count: 4, cut: Cut::Index, finished }, Some(40)).unwrap();
    for slice in 0..2 {
        let range = u64::from(slice) * 10..u64::from(slice) * 10 + 10;
        let finished = FinishedSlice { loop_id: 0, slice, range, values: Vec::new() };
        head.finish_slice(finished, &given_up()).unwrap();
    }
    for slice in 2..4 {
        head.note_slice(0, slice, 1).unwrap();
        let stored = Checkpoint { job: job.slice_name(0, slice), ..given_up() };
        job.claim(0, slice).unwrap().begin(stored).unwrap();
    }
    job.change(|_| Ok::<_, Error>((Some(head.clone()), ()))).unwrap();
    backend.asked.lock().unwrap().clear();
    job
}

/// Returns how many items the job has given up, as a limit for all workers counts them, and how many letters are stored.
fn counted(job: &SharedJob) -> (u64, usize) {
    let head = job.head().unwrap().unwrap();
    let of_slice = |slice| {
        let stored = Checkpoint::load(&**job.backend(), &job.slice_name(0, slice)).unwrap();
        let is_finished = head.slices_of(0).unwrap().finished.contains(u64::from(slice));
        stored.filter(|_| !is_finished).map_or(0, |it| it.dead_letters.len())
    };
    let letters = (0..4).map(of_slice).sum::<usize>() + head.dead_letters.len();
    (head.given_up_beside(1, 0), letters)
}

#[test]
fn a_retry_that_meets_a_slice_that_a_worker_has_just_taken_counts_nothing_twice() {
    for taken in 2..4 {
        let backend = Arc::new(Taking::default());
        let job = job(&backend);
        assert_eq!(counted(&job), (4, 4));
        *backend.taken.lock().unwrap() = Some(job.slice_name(0, taken));
        assert!(matches!(job.put_back_dead_letters(), Err(Error::Held { .. })));
        let (count, letters) = counted(&job);
        assert_eq!(count, letters as u64);
        // The letters of finished slices stay, and so does the one of the slice that was taken.
        assert!(letters >= 3, "{letters}");
        *backend.taken.lock().unwrap() = None;
        assert_eq!(job.put_back_dead_letters().unwrap(), Ok(letters));
        assert_eq!(counted(&job), (0, 0));
    }
}

#[test]
fn workers_that_read_finished_slices_keep_nobody_from_them() {
    let backend = Arc::new(Taking::default());
    let job = job(&backend);
    job.finished_slices(0, &[2, 3]).unwrap();
    let asked = backend.asked.lock().unwrap();
    let is_to_read = |name: &String| name.starts_with("safe-state/shared/read/");
    assert!(asked.len() == 1 && asked.keys().all(is_to_read), "{asked:?}");
}
