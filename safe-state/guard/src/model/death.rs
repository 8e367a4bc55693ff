//! Tests of a job that dies after each of its stores in turn.

use std::collections::BTreeMap;

use super::{Mortal, layout, said};
use crate::reader::Snapshot;
use crate::writer::Writer;

type Said = BTreeMap<String, String>;

/// Makes changes of all kinds. Returns the expected entries after each commit.
fn script(memory: &Mortal) -> Vec<Said> {
    let mut writer = Writer::new(memory, layout());
    let mut expected = Said::new();
    let mut after = vec![expected.clone()];
    for step in 0..12_usize {
        let mut draft = writer.draft();
        let value = "x".repeat(step * 37 % 150);
        draft.insert("same", &value).unwrap();
        draft.insert("same", format!("{step}{value}")).unwrap();
        expected.insert("same".into(), format!("{step}{value}"));
        let (new, old) = (format!("new {step}"), format!("new {}", step.wrapping_sub(2)));
        draft.insert(&new, step.to_string()).unwrap();
        expected.insert(new, step.to_string());
        draft.remove(&old);
        expected.remove(&old);
        draft.commit().unwrap();
        after.push(expected.clone());
        // This change is dropped, and has no effect.
        let mut undone = writer.draft();
        undone.insert("same", "undone").unwrap();
        undone.remove("new 1");
    }
    after
}

#[test]
fn at_every_instant_all_of_a_change_counts_or_nothing() {
    let alive = Mortal::new(usize::MAX);
    let states = script(&alive);
    let stores = usize::MAX - alive.left.get();
    let mut last = 0;
    for instant in (0..stores).step_by(if cfg!(miri) { 97 } else { 1 }).chain([stores]) {
        let memory = Mortal::new(instant);
        script(&memory);
        memory.left.set(usize::MAX);
        let found = said(&Snapshot::take(&&memory, layout()));
        let at = states.iter().position(|state| *state == found);
        let at = at.unwrap_or_else(|| panic!("after {instant} stores: {found:?}"));
        assert!(at >= last, "after {instant} stores: older than before");
        last = at;
    }
    assert_eq!(last, states.len() - 1);
}
