use std::sync::Arc;

use super::*;
use crate::format::Change;
use crate::{Checkpoint, LeaseOptions, MemoryBackend, Store};

const MILLI: u64 = 1_000_000;

fn slow(index: u64, nanos: u64) -> SlowItem {
    SlowItem { index, nanos, captured: format!("item = {index}"), ..SlowItem::default() }
}

/// Returns the timings of one item, and of a save of one millisecond.
fn measured(index: u64, millis: u64) -> Measured {
    let mut measured = Measured::default();
    measured.add_save(Duration::from_millis(1));
    measured.add_item(millis * MILLI);
    measured.add_slow(slow(index, millis * MILLI));
    measured
}

fn timed(index: u64, millis: u64) -> Change {
    Change { timings: Some(Box::new(measured(index, millis))), ..Change::completed(1) }
}

#[test]
fn what_is_saved_is_read_and_adds_up_over_runs() {
    let backend = Arc::new(MemoryBackend::default());
    let mut expected = Checkpoint::new("timed", None);
    for run in 0..3_u32 {
        let opening =
            Store::open(Arc::clone(&backend) as _, "timed", LeaseOptions::default()).unwrap();
        if run > 0 {
            expected.begin_run(None);
        }
        let mut store = opening.begin(expected).unwrap();
        for item in 0..50 {
            let index = u64::from(run) * 50 + item;
            store.save(timed(index, 10 + index)).unwrap();
            let read = Checkpoint::load(&*backend, "timed").unwrap().unwrap();
            assert_eq!(&read, store.checkpoint());
        }
        expected = store.checkpoint().clone();
    }
    let timings = expected.timings();
    assert_eq!((timings.last_run().saves, timings.all_runs().saves), (50, 150));
    assert_eq!(timings.all_runs().saving_nanos, 150 * MILLI);
    let past: Vec<_> = timings.past().iter().map(|it| (it.run, it.saves, it.items)).collect();
    assert_eq!(past.len(), 2);
    assert_eq!(
        (past[1].0, past[1].2.unwrap().count, past[1].2.unwrap().longest),
        (2, 50, 109 * MILLI)
    );
    let all = timings.all_runs().quantiles().unwrap();
    assert!(all.median.abs_diff(84 * MILLI) < 6 * MILLI, "{all:?}");
    assert_eq!((all.count, all.longest), (150, 159 * MILLI));
    let slowest: Vec<u64> = timings.all_runs().slowest.iter().map(|it| it.index).collect();
    assert_eq!(slowest, (140..150).rev().collect::<Vec<_>>());
    assert_eq!(Checkpoint::decode(&expected.encode().unwrap()).unwrap(), expected);
    let json = serde_json::to_string(&expected).unwrap();
    assert_eq!(serde_json::from_str::<Checkpoint>(&json).unwrap(), expected);
}

#[test]
fn what_a_long_job_has_measured_takes_few_bytes() {
    let empty = Checkpoint::new("timed", None).encode().unwrap().len();
    let mut checkpoint = Checkpoint::new("timed", None);
    let mut run = Measured { saves: 1 << 40, saving_nanos: 1 << 50, ..Measured::default() };
    // From a millisecond to a minute, each a percent longer.
    let mut nanos = MILLI;
    while nanos < 60_000 * MILLI {
        (0..200).for_each(|_| run.add_item(nanos));
        run.add_slow(slow(nanos, nanos));
        nanos += nanos / 100;
    }
    checkpoint.timings.add_to_run(&run);
    let len = checkpoint.encode().unwrap().len() - empty;
    assert!(len < 1024, "{len}");
}

#[test]
fn an_item_that_is_done_again_is_told_once() {
    let mut measured = Measured::default();
    for nanos in [5, 9, 7] {
        measured.add_slow(slow(3, nanos));
    }
    measured.add_slow(SlowItem { within: vec![1], ..slow(3, 6) });
    let told: Vec<u64> = measured.slowest.iter().map(|it| it.nanos).collect();
    assert_eq!(told, [9, 6]);
}

#[test]
fn the_items_of_a_slice_are_those_of_the_whole_input() {
    let mut slice = Checkpoint::new("slice", None);
    let inner = SlowItem { within: vec![3], ..slow(4, 2) };
    let measured = Measured { slowest: vec![slow(2, 3), inner], ..Measured::default() };
    slice.timings.add_to_run(&measured);
    let mut head = Checkpoint::new("head", None);
    head.timings.add_slice(&slice.timings, 100);
    let slowest = &head.timings().last_run().slowest;
    assert_eq!((slowest[0].index, slowest[1].index, &*slowest[1].within), (102, 4, &[103][..]));
}

#[test]
fn a_text_or_a_time_that_no_writer_stores_is_refused() {
    let refused = |measured: Measured| {
        let mut checkpoint = Checkpoint::new("timed", None);
        checkpoint.timings.add_to_run(&measured);
        Checkpoint::decode(&checkpoint.encode().unwrap()).is_err()
    };
    let slowest = |item: SlowItem| Measured { slowest: vec![item], ..Measured::default() };
    assert!(!refused(slowest(slow(1, 1))));
    assert!(refused(slowest(SlowItem { captured: "x".repeat(97), ..slow(1, 1) })));
    assert!(refused(slowest(SlowItem { loop_id: 64, ..slow(1, 1) })));
    let items: ItemTimes = serde_json::from_str(r#"{"290": 1}"#).unwrap();
    assert!(refused(Measured { items, ..Measured::default() }));
}
