//! Tests of what a store refuses to save, and of its state after that.

use super::*;
use crate::format::LoopChange;
use crate::sample::JOB;
use crate::{Carry, MemoryBackend};

fn store() -> (Arc<MemoryBackend>, Store) {
    let backend = Arc::new(MemoryBackend::default());
    let opening = Store::open(Arc::clone(&backend) as _, JOB, LeaseOptions::default()).unwrap();
    (backend, opening.begin(Checkpoint::new(JOB, None)).unwrap())
}

fn carried(names: std::ops::Range<u16>) -> Change {
    let value = |name: u16| 7_u8.change(&name.to_string(), Vec::new(), None).unwrap();
    Change { carried: names.filter_map(value).collect(), ..Change::completed(1) }
}

fn with_loop(beyond: LoopChange) -> Change {
    Change {
        loops: vec![LoopChange { count: 1, ..LoopChange::default() }, beyond],
        ..Change::default()
    }
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let out_of_range = LoopChange { loop_id: 64, ..LoopChange::default() };
    let too_deep = LoopChange { begun: Some(vec![0; 17]), ..LoopChange::default() };
    for change in [carried(0..257), with_loop(out_of_range), with_loop(too_deep)] {
        let (backend, mut store) = store();
        let before = (backend.load(JOB).unwrap(), store.checkpoint().clone());
        let error = store.save(change).unwrap_err();
        assert!(matches!(error, Error::Unwritable { reason: FormatError::TooMany(_), .. }));
        assert_eq!((backend.load(JOB).unwrap(), store.checkpoint().clone()), before);
        store.save(Change::completed(1)).unwrap();
        let loaded = Checkpoint::load(&*backend, JOB).unwrap();
        assert_eq!(loaded.as_ref(), Some(store.checkpoint()));
    }
}

#[test]
fn a_save_that_is_too_much_says_so() {
    let error = store().1.save(carried(0..257)).unwrap_err().to_string();
    let expected = format!(
        "the checkpoint of job `{JOB}` in `memory` cannot be written: \
         there are more than 256 carried variables and steps; put several variables"
    );
    assert!(error.starts_with(&expected), "{error}");
    assert!(error.ends_with("it was left as it was saved last"), "{error}");
}

#[test]
fn the_most_names_that_fit_can_be_saved_again() {
    let (_, mut store) = store();
    store.save(carried(0..256)).unwrap();
    store.save(carried(0..256)).unwrap();
    store.save(carried(200..257)).unwrap_err();
}
