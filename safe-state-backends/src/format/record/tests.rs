use std::sync::Arc;

use super::*;
use crate::format::behind::push_samples;
use crate::format::{Change, LoopChange, SideBySide};
use crate::{Backend, LeaseOptions, Mark, MemoryBackend, Store};

fn mark(index: u64) -> Mark {
    Mark { index, fingerprint: 0x0403_0201 }
}

fn sampled(indices: std::ops::Range<u64>) -> Change {
    let count = indices.end - indices.start;
    let samples = indices.map(mark).collect();
    let loops = vec![LoopChange { count, samples, ..LoopChange::default() }];
    Change { loops, ..Change::default() }
}

#[test]
fn what_stands_in_records_of_its_own_is_read_as_it_was_written() {
    let backend = Arc::new(MemoryBackend::default());
    let open = || Store::open(Arc::clone(&backend) as _, "j", LeaseOptions::default()).unwrap();
    let mut first = Checkpoint::new("j", None);
    assert_eq!(first.set_arguments([("rate".to_owned(), 7)]), None);
    let mut store = open().begin(first).unwrap();
    for save in 0..40 {
        store.save(sampled(save * 2..save * 2 + 2)).unwrap();
        let bytes = backend.load("j").unwrap().unwrap();
        assert_eq!(Checkpoint::decode(&bytes).as_ref(), Ok(store.checkpoint()), "{save}");
    }
    let samples = |of: &Checkpoint| of.loops[&0].samples.marks().to_vec();
    assert_eq!(samples(store.checkpoint()).len(), 40);
    drop(store);
    let opening = open();
    let mut found = opening.found().unwrap().clone();
    assert_eq!(samples(&found), (0..80).step_by(2).map(mark).collect::<Vec<_>>());
    assert_eq!(found.set_arguments([("rate".to_owned(), 8)]).as_deref(), Some("rate"));
    assert_eq!(found.set_arguments([("rate".to_owned(), 8), ("new".to_owned(), 1)]), None);
    let mut store = opening.begin(found).unwrap();
    store.save(Change::completed(1)).unwrap();
    let bytes = backend.load("j").unwrap().unwrap();
    assert_eq!(Checkpoint::decode(&bytes).as_ref(), Ok(store.checkpoint()));
}

#[test]
fn samples_and_arguments_have_the_bytes_that_are_described() {
    let mut buffer = Vec::new();
    push_samples(3, &[mark(9)], (FramePlace::FIRST, 0), &mut buffer).unwrap();
    assert_eq!(buffer[8..], [4, 3, 1, 9, 0x81, 0x84, 0x8C, 0x20]);
    buffer.clear();
    let arguments = Record::Arguments([("a".to_owned(), 5)].into_iter().collect());
    arguments.write(FramePlace::FIRST, &mut buffer).unwrap();
    assert_eq!(buffer[8..], [5, 1, 1, b'a', 5]);
}

#[test]
fn a_loop_that_begins_anew_has_no_samples() {
    let mut checkpoint = Checkpoint::new("j", None);
    checkpoint.take_in(sampled(0..3)).unwrap();
    assert_eq!(checkpoint.loops[&0].samples.marks().len(), 3);
    let begun = LoopChange { begun: Some(Vec::new()), ..LoopChange::default() };
    let change = Change { loops: vec![begun], ..Change::default() };
    checkpoint.take_in(change).unwrap();
    assert_eq!(checkpoint.loops[&0].samples.marks(), []);
}

#[test]
fn items_that_complete_in_any_order_are_read_as_they_were_written() {
    let backend = Arc::new(MemoryBackend::default());
    let open = || Store::open(Arc::clone(&backend) as _, "j", LeaseOptions::default()).unwrap();
    let mut store = open().begin(Checkpoint::new("j", None)).unwrap();
    let save = |completed: &[u64], in_flight: &[u64]| {
        let completed = completed.iter().copied().collect();
        let side_by_side = Some(Box::new(SideBySide { completed, in_flight: in_flight.to_vec() }));
        Change {
            loops: vec![LoopChange { side_by_side, ..LoopChange::default() }],
            ..Change::default()
        }
    };
    for (completed, in_flight) in
        [(&[1, 3][..], &[0, 2][..]), (&[1, 3, 0], &[2]), (&[0, 1, 2, 3], &[])]
    {
        store.save(save(completed, in_flight)).unwrap();
        let found = Checkpoint::decode(&backend.load("j").unwrap().unwrap()).unwrap();
        assert_eq!(&found, store.checkpoint());
        assert_eq!(found.completed().len(), completed.len() as u64);
        let told: Vec<u64> = found.in_flight().flat_map(|it| it.items).collect();
        assert_eq!(told, in_flight);
    }
    assert_eq!(store.checkpoint().history().last().unwrap().completed(), 4);
    drop(store);
    let opening = open();
    let mut found = opening.found().unwrap().clone();
    found.begin_run(None);
    assert_eq!(found.in_flight().count(), 0, "they begin anew");
}

#[test]
fn items_of_a_loop_that_the_change_lacks_are_damage() {
    let change = Change::completed(1);
    let beside = vec![(7_u16, SideBySide::default())];
    let bytes = postcard::to_stdvec(&(&change, &beside)).unwrap();
    side_by_side::read(&bytes, 0).unwrap_err();
}
