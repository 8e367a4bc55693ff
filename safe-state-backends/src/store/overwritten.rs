//! Large values that were overwritten in memory by newer ones which are not saved yet.
//!
//! So memory holds a value once, and not twice. Until the save, only the backend has the value that was saved last.

use std::collections::BTreeSet;

use crate::carried::overwrite;
use crate::format::Record;
use crate::journal::Journal;
use crate::{Backend, CarriedChange, Checkpoint, Error};

/// The names of the overwritten values.
#[derive(Debug, Default)]
pub(super) struct Overwritten(BTreeSet<String>);

impl Overwritten {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Overwrites a stored value in memory. Returns the change to save; `None` if the value was left as it was.
    pub(super) fn write<T>(
        &mut self,
        checkpoint: &mut Checkpoint,
        name: &str,
        within: &[u64],
        value: &T,
    ) -> Option<CarriedChange> {
        let stored = checkpoint.carried.get_mut(name)?;
        let change = overwrite(stored, name, within, value)?;
        self.0.insert(name.to_owned());
        Some(change)
    }

    /// Loads the overwritten values that the record does not save back from the backend.
    pub(super) fn take_back(
        &mut self,
        (backend, journal): (&dyn Backend, &mut Journal),
        checkpoint: &mut Checkpoint,
        record: Option<&Record>,
    ) -> Result<(), Error> {
        let saved = match record {
            Some(Record::Change(change)) => change.carried.as_slice(),
            _ => &[],
        };
        let is_saved = |name: &&String| saved.iter().any(|change| change.name == **name);
        if self.0.iter().all(|name| is_saved(&name)) {
            return Ok(());
        }
        let mut stored = journal.load(backend, &checkpoint.job)?;
        let lost: Vec<String> = self.0.iter().filter(|name| !is_saved(name)).cloned().collect();
        for name in lost {
            let value = stored.as_mut().and_then(|stored| stored.carried.remove(&name));
            // A value that is no longer stored is removed.
            match value {
                Some(value) => checkpoint.carried.insert(name.clone(), value),
                None => _ = checkpoint.carried.remove(&name),
            }
            self.0.remove(&name);
        }
        Ok(())
    }

    /// Notes that the record was applied, so that memory and the record agree.
    pub(super) fn is_taken_in(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::format::Change;
    use crate::{Carry, LeaseOptions, MemoryBackend, Store};

    const JOB: &str = "job";

    fn weights(first: f32) -> Vec<f32> {
        (0..1_u16 << 15).map(|at| first + f32::from(at)).cycle().take(1 << 19).collect()
    }

    fn store() -> (Arc<MemoryBackend>, Store) {
        let backend = Arc::new(MemoryBackend::default());
        let opening = Store::open(Arc::clone(&backend) as _, JOB, LeaseOptions::default()).unwrap();
        let mut store = opening.begin(Checkpoint::new(JOB, None)).unwrap();
        let first = weights(0.5).change("weights", Vec::new(), None).unwrap();
        store.save(saved(first)).unwrap();
        (backend, store)
    }

    fn saved(change: Option<CarriedChange>) -> Change {
        Change { carried: change.into_iter().collect(), ..Change::completed(1) }
    }

    fn stored(backend: &MemoryBackend) -> (u64, Vec<f32>) {
        let checkpoint = Checkpoint::load(backend, JOB).unwrap().unwrap();
        (checkpoint.completed().len(), checkpoint.carried("weights").unwrap().unwrap())
    }

    #[test]
    fn what_was_written_over_is_saved_whole() {
        let (backend, mut store) = store();
        for item in 1..6_u8 {
            let value = weights(f32::from(item) * 1e6);
            let change = store.overwrite("weights", &[], &value);
            assert!(change.is_some(), "{item}");
            store.save(saved(change)).unwrap();
            assert_eq!(stored(&backend), (u64::from(item) + 1, value.clone()));
            assert_eq!(store.checkpoint().carried("weights").unwrap(), Some(value));
        }
    }

    #[test]
    fn what_is_not_saved_is_in_memory_as_it_was_saved_last() {
        let (backend, mut store) = store();
        for saves_all in [false, true] {
            store.overwrite("weights", &[], &weights(7e6)).unwrap();
            store.save(Change { skipped: 1, ..Change::completed(1) }).unwrap();
            assert_eq!(stored(&backend).1, weights(0.5));
            assert_eq!(store.checkpoint().carried("weights").unwrap(), Some(weights(0.5)));
            if saves_all {
                store.overwrite("weights", &[], &weights(8e6)).unwrap();
                store.finish(Change::default()).unwrap();
                assert_eq!(stored(&backend).1, weights(0.5));
            }
        }
        store.overwrite("weights", &[], &weights(9e6)).unwrap();
        store.settle("weights").unwrap();
        let change =
            weights(9e6).change("weights", Vec::new(), store.checkpoint().carried_value("weights"));
        store.save(saved(change.unwrap())).unwrap();
        assert_eq!(stored(&backend).1, weights(9e6));
    }

    #[test]
    fn what_has_something_in_common_or_no_such_type_is_left_as_it_is() {
        let (_, mut store) = store();
        let mut value = weights(0.5);
        value[0] = 7.0;
        assert!(store.overwrite("weights", &[], &value).is_none());
        assert!(store.overwrite("weights", &[], &weights(3e6)[1..].to_vec()).is_none());
        assert!(store.overwrite("weights", &[3], &weights(3e6)).is_none());
        assert!(store.overwrite("other", &[], &weights(3e6)).is_none());
        assert!(store.overwrite("weights", &[], &vec![0.5_f64; 1 << 18]).is_none());
        assert_eq!(store.checkpoint().carried("weights").unwrap(), Some(weights(0.5)));
        // Bytes that another value shares are not overwritten.
        let held = store.checkpoint().clone();
        assert!(store.overwrite("weights", &[], &weights(3e6)).is_none());
        drop(held);
        assert!(store.overwrite("weights", &[], &weights(3e6)).is_some());
    }
}
