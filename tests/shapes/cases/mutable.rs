//! Shows arguments that the body changes.

use safe_state_tests::shapes::{step, store};

use super::resumable;

#[resumable(backend = store(), fresh(items))]
fn iter_mut(items: &mut Vec<u32>) {
    for x in items.iter_mut() {
        step(*x);
        *x += 1;
    }
    items.push(0);
}

#[resumable(backend = store(), fresh(items))]
fn by_itself(items: &mut [u32]) {
    for x in items {
        step(*x);
        *x += 1;
    }
}

#[resumable(backend = store())]
fn reborrowed(items: &mut dyn Iterator<Item = u32>) -> usize {
    for x in &mut *items {
        step(x);
    }
    items.count()
}

#[resumable(backend = store())]
fn by_ref(mut items: impl Iterator<Item = u32>) -> usize {
    for x in items.by_ref() {
        step(x);
        if x == 2 {
            break;
        }
    }
    items.count()
}

#[resumable(backend = store(), key = |x| *x)]
fn drained(mut items: Vec<u32>) -> usize {
    for x in items.drain(1..) {
        step(x);
    }
    items.len()
}

#[resumable(backend = store())]
fn sorted_first(mut items: Vec<u32>) -> Vec<u32> {
    items.sort_unstable();
    for x in &items {
        step(x);
    }
    items
}

#[resumable(backend = store())]
fn mutable_item(items: Vec<u32>) {
    for mut x in items {
        x += 1;
        step(x);
    }
}

#[resumable(backend = store(), fresh(items))]
fn changed_before_a_break(items: &mut Vec<u32>) {
    for x in items.iter() {
        step(x);
        if *x == 2 {
            items.clear();
            break;
        }
    }
    items.push(7);
}

#[resumable(backend = store())]
fn changed_before_a_return(items: &mut Vec<u32>) -> Option<usize> {
    for x in items.iter() {
        step(x);
        if *x == 2 {
            items.clear();
            return Some(items.len());
        }
    }
    None
}

safe_state_tests::shapes! {
    changed_before_a_break => changed_before_a_break(&mut vec![1, 2, 3]);
    changed_before_a_return => changed_before_a_return(&mut vec![1, 2, 3]);
    iter_mut => iter_mut(&mut vec![1, 2, 3]);
    by_itself => by_itself(&mut [1, 2, 3]);
    reborrowed => reborrowed(&mut vec![1, 2, 3].into_iter());
    by_ref => by_ref(vec![1, 2, 3, 4].into_iter());
    drained => drained(vec![1, 2, 3]);
    sorted_first => sorted_first(vec![3, 1, 2]);
    mutable_item => mutable_item(vec![1, 2]);
}
