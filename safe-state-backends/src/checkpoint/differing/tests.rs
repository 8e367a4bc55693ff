use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::checkpoint::check;
use crate::limits::DIFFERING_LIMIT;
use crate::sample::dice::Dice;
use crate::{Backend, Carry, Checkpoint, LeaseOptions, MemoryBackend, Store};

type Map = BTreeMap<u64, u64>;

const JOB: &str = "job";
const LONG: u64 = 1 << 42;

fn map(entries: u64) -> Map {
    (0..entries).map(|key| (key, LONG)).collect()
}

fn store() -> (Arc<MemoryBackend>, Store) {
    let backend = Arc::new(MemoryBackend::default());
    let opening = Store::open(Arc::clone(&backend) as _, JOB, LeaseOptions::default()).unwrap();
    (backend, opening.begin(Checkpoint::new(JOB, None)).unwrap())
}

/// Returns the change that stores `value` at a place, or as the last value if `place` is `None`.
fn kept(store: &Store, place: Option<ValueAt>, within: &[u64], value: &Map) -> CarriedChange {
    let stored_as = place.map_or("map".to_owned(), |place| place.stored_as("map"));
    let stored = store.checkpoint().whole_value(&stored_as);
    let last = store.checkpoint().carried_value("map");
    let within = within.to_vec();
    let change = match place {
        Some(_) => value.kept("map", within, (stored.as_deref(), last)),
        None => value.change("map", within, stored.as_deref()),
    };
    CarriedChange { name: stored_as, ..change.unwrap().expect("it has changed") }
}

fn change(carried: Vec<CarriedChange>) -> Change {
    Change { carried, ..Change::completed(1) }
}

/// Checks that the stored bytes decode to the state in memory. Returns the length of its snapshot.
fn check(backend: &MemoryBackend, store: &Store) -> usize {
    let bytes = backend.load(JOB).unwrap().unwrap();
    let decoded = Checkpoint::decode(&bytes).unwrap();
    assert_eq!(&decoded, store.checkpoint());
    let again = store.checkpoint().encode().unwrap();
    assert_eq!(&Checkpoint::decode(&again).unwrap(), store.checkpoint());
    again.len()
}

#[test]
fn many_places_of_a_large_value_take_little_more_than_it() {
    let (backend, mut store) = store();
    let mut value = map(20_000);
    let start = kept(&store, Some(ValueAt::Declaration), &[], &value);
    let size = start.value.size();
    store.save(change(vec![start])).unwrap();
    let mut expected = vec![value.clone()];
    for phase in 0..10_u16 {
        for item in 0..6_u64 {
            value.insert(u64::from(phase) * 1_500 + item * 100, LONG + item);
            value.remove(&(10_000 + item));
            value.insert(30_000 + u64::from(phase) * 10 + item, 7);
            let last = kept(&store, None, &[], &value);
            store.save(change(vec![last])).unwrap();
        }
        let end = kept(&store, Some(ValueAt::LoopEnd(phase)), &[], &value);
        store.save(change(vec![end])).unwrap();
        expected.push(value.clone());
        let encoded = check(&backend, &store);
        assert!(encoded < size + size / 10, "{encoded} bytes of a map of {size}");
    }
    let bytes = backend.load(JOB).unwrap().unwrap();
    assert!(bytes.len() < size + size / 5, "{} bytes of a map of {size}", bytes.len());
    let decoded = Checkpoint::decode(&bytes).unwrap();
    for (at, expected) in expected.into_iter().enumerate() {
        let place = at.checked_sub(1).map(|at| ValueAt::LoopEnd(u16::try_from(at).unwrap()));
        let name = place.unwrap_or(ValueAt::Declaration).stored_as("map");
        assert_eq!(decoded.carried_within::<Map>(&name, &[]).unwrap().as_ref(), Some(&expected));
    }
}

#[test]
fn places_come_back_whatever_order_they_change_in() {
    let places = [
        (Some(ValueAt::Declaration), vec![]),
        (Some(ValueAt::LoopEnd(0)), vec![]),
        (Some(ValueAt::ItemStart(1)), vec![3]),
        (Some(ValueAt::LoopEnd(2)), vec![3]),
        (Some(ValueAt::LoopEnd(3)), vec![]),
        (None, vec![]),
    ];
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let (backend, mut store) = store();
        let mut value = map(400);
        let mut expected = BTreeMap::new();
        for _ in 0..30 {
            let mut carried: Vec<CarriedChange> = Vec::new();
            for _ in 0..dice.up_to(2) {
                value.insert(dice.next() % 500, dice.next());
                if dice.one_in(9) {
                    value = map(u64::try_from(dice.up_to(600)).unwrap());
                    value.insert(dice.next() % 500, dice.next());
                }
                let (place, within) = &places[dice.up_to(places.len()) - 1];
                let change = kept(&store, *place, within, &value);
                if carried.iter().all(|it| it.name != change.name) {
                    expected.insert(change.name.clone(), (within.clone(), value.clone()));
                    carried.push(change);
                }
            }
            store.save(change(carried)).unwrap();
            check(&backend, &store);
        }
        let bytes = backend.load(JOB).unwrap().unwrap();
        let decoded = Checkpoint::decode(&bytes).unwrap();
        for (name, (within, value)) in expected {
            let read = decoded.carried_within::<Map>(&name, &within).unwrap();
            assert_eq!(read, Some(value), "{name}, seed {seed}");
        }
    }
}

#[test]
fn a_value_is_saved_whole_after_a_number_of_differences() {
    let (backend, mut store) = store();
    let mut value = map(2_000);
    let mut lens = Vec::new();
    for item in 0..300 {
        value.insert(item, item);
        let last = kept(&store, None, &[], &value);
        store.save(change(vec![last])).unwrap();
        check(&backend, &store);
        lens.push(backend.load(JOB).unwrap().unwrap().len());
    }
    let whole: Vec<_> = (1..300).filter(|at| lens[*at].abs_diff(lens[at - 1]) > 200).collect();
    assert_eq!(whole.first(), Some(&(DIFFERING_LIMIT as usize + 1)), "{whole:?}");
    assert!(whole.len() < 8, "{whole:?}");
}

#[test]
fn a_value_that_differs_from_nothing_that_is_there_is_refused() {
    let (_, mut store) = store();
    let value = map(400);
    let start = kept(&store, Some(ValueAt::Declaration), &[], &value);
    let whole = start.value.clone();
    store.save(change(vec![start])).unwrap();
    let from = |name: &str, base: &str| {
        let value = whole.differing(base, &whole).unwrap();
        let record = change(vec![CarriedChange { name: name.to_owned(), appends: false, value }]);
        check::check(store.checkpoint(), &Record::Change(record))
    };
    assert_eq!(from("map!end 0", "map!start"), Ok(()));
    assert_eq!(from("map", "map!start"), Ok(()));
    for (name, base) in [
        ("map!end 0", "map!end 1"),
        ("map!end 0", "map!end 0"),
        ("map!start", "map!start"),
        ("map", "map"),
        ("other", "map!start"),
        ("other!start", "map!start"),
        ("step!(\"map\")", "map!start"),
    ] {
        assert_eq!(from(name, base), Err(FROM_NOTHING), "{name} from {base}");
    }
    let mut circle = store.checkpoint().clone();
    for (name, base) in [("map!end 0", "map!end 1"), ("map!end 1", "map!end 0")] {
        circle.carried.insert(name.to_owned(), whole.differing(base, &whole).unwrap());
    }
    assert_eq!(circle.whole_value("map!end 0"), None);
    assert_eq!(circle.carried.make_last_whole(), Err(FROM_NOTHING));
}

#[test]
fn what_another_differs_from_is_not_replaced_in_a_record() {
    let (_, mut store) = store();
    let mut value = map(400);
    for place in [ValueAt::Declaration, ValueAt::LoopEnd(0)] {
        let kept = kept(&store, Some(place), &[], &value);
        store.save(change(vec![kept])).unwrap();
        value.insert(7, 7);
    }
    let other = kept(&store, Some(ValueAt::Declaration), &[], &value);
    let record = Record::Change(change(vec![other]));
    assert_eq!(check::check(store.checkpoint(), &record), Err(REPLACED));
}
