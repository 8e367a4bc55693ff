//! The stored form of a job that many workers share: its head, under the job's name, and a checkpoint for each slice that is
//! under way, under a name that no job can have.
//!
//! A worker writes the head under its lease, which it holds only for the write. It does a slice under the slice's lease.

pub(crate) mod apart;
mod clearing;
mod head;
mod job;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod met;
mod put_back;
mod reopening;
mod slice;
mod slice_notes;
mod under_way;

use crate::Error;
pub use head::{FinishedSlice, Head};
pub use job::SharedJob;
pub use put_back::PutBack;
pub use under_way::{BegunSlice, begun_slices, whole};

/// The operations on the whole job, with all of its slices.
impl SharedJob {
    /// Removes all that is stored of the job.
    ///
    /// # Errors
    ///
    /// A worker has a slice of the job; or the backend cannot be written.
    pub fn clear(&self) -> Result<(), Error> {
        clearing::clear_if(self, |_| true)
    }

    /// Removes all that is stored of the job, if `is_meant` returns true for its head.
    ///
    /// # Errors
    ///
    /// A worker has a slice of the job; or the backend cannot be written.
    pub fn clear_if(&self, is_meant: impl FnOnce(&Head) -> bool) -> Result<(), Error> {
        clearing::clear_if(self, is_meant)
    }

    /// Puts the dead letters of all slices back, so that the next workers do their items. Returns how many they are.
    ///
    /// # Errors
    ///
    /// A worker has a slice with dead letters; or the backend cannot be read or written. Then no dead letter of a finished slice
    /// is put back. The inner error is the index of the first letter that can't be put back, and the reason; then none is put
    /// back.
    pub fn put_back_dead_letters(&self) -> Result<PutBack, Error> {
        put_back::put_back_dead_letters(self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::reopening::{reopen, reopen_by_key};
    use super::*;
    use crate::{
        Checkpoint, Completed, Cut, DeadLetter, LeaseOptions, MemoryBackend, Slices, range_of_slice,
    };

    fn shared() -> SharedJob {
        let backend = Arc::new(MemoryBackend::default());
        SharedJob::new(backend, "job", LeaseOptions::default()).unwrap()
    }

    fn cut(job: &SharedJob, count: u32) {
        let slices = Slices { loop_id: 0, count, cut: Cut::Index, finished: Completed::default() };
        let begun = job.change(|_| {
            let mut head = Head::new("job");
            head.cut(slices.clone(), Some(100)).unwrap();
            Ok::<_, Error>((Some(head), ()))
        });
        begun.unwrap();
    }

    fn finish(job: &SharedJob, slice: u32, count: u32) {
        let range = range_of_slice(slice, count, 100);
        let finished = FinishedSlice { loop_id: 0, slice, range, values: Vec::new() };
        let done = job.change(|head| {
            let mut head = head.unwrap();
            head.finish_slice(finished.clone(), &Checkpoint::new("slice", None)).unwrap();
            Ok::<_, Error>((Some(head), ()))
        });
        done.unwrap();
    }

    #[test]
    fn a_slice_that_is_finished_counts_its_items_once() {
        let job = shared();
        cut(&job, 7);
        finish(&job, 3, 7);
        finish(&job, 3, 7);
        finish(&job, 0, 7);
        let head = job.head().unwrap().unwrap();
        let finished: Vec<_> = head.slices_of(0).unwrap().finished.ranges().collect();
        assert_eq!(finished, [0..1, 3..4]);
        let completed: Vec<_> = head.completed().ranges().collect();
        assert_eq!(completed, [0..14, 42..57]);
    }

    #[test]
    fn what_a_slice_skips_counts_once_after_it_is_done_again() {
        for cut in [Cut::Index, Cut::Key] {
            let mut head = Head::new("job");
            let finished = Completed::default();
            let slices = Slices { loop_id: 0, count: 2, cut: cut.clone(), finished };
            head.cut(slices, Some(100)).unwrap();
            let mut stored = Checkpoint::new("slice", None);
            stored.skipped = 3;
            let finished = FinishedSlice { loop_id: 0, slice: 0, range: 0..50, values: Vec::new() };
            head.finish_slice(finished.clone(), &stored).unwrap();
            let again = match cut {
                Cut::Key => reopen_by_key(&mut head, (0, 0), stored),
                Cut::Index | Cut::Splits(_) => reopen(&mut head, (0, 0, Vec::new()), stored),
            };
            head.finish_slice(finished, &again.unwrap()).unwrap();
            assert_eq!(head.skipped, 3);
        }
    }

    #[test]
    fn a_slice_is_hidden_and_held_by_one() {
        let job = shared();
        cut(&job, 2);
        let opening = job.claim(0, 1).unwrap();
        assert!(matches!(job.claim(0, 1), Err(Error::Held { .. })));
        let store = opening.begin(Checkpoint::new(job.slice_name(0, 1), None)).unwrap();
        assert_eq!(job.backend().list().unwrap(), ["job"]);
        assert!(matches!(job.clear(), Err(Error::Held { .. })));
        drop(store);
        job.clear().unwrap();
        let slice = Checkpoint::load(&**job.backend(), &job.slice_name(0, 1));
        assert_eq!((job.head().unwrap(), slice.unwrap()), (None, None));
    }

    #[test]
    fn a_dead_letter_of_a_slice_is_one_of_the_whole_input() {
        use crate::{Failure, FailureKind};
        let failure = Failure::new(FailureKind::Error, "E", "no").with_index(Some(2));
        let letter = DeadLetter::new(0, vec![], None, failure.clone());
        assert_eq!(letter.behind(40).index(), 42);
        let inner = DeadLetter::new(1, vec![3], None, failure);
        assert_eq!((inner.clone().behind(40).index(), inner.behind(40).within()), (2, &[43][..]));
    }
}
