//! Shows heads that change variables. A resumed run makes these changes again for the items that it passes over, also
//! in loops that are finished.

use std::cell::Cell;

use safe_state_tests::shapes::{step, store};

use super::resumable;

#[resumable(backend = store())]
fn by_closures(items: &[u32]) -> (u32, u32, usize) {
    let (mut sum, mut count) = (0, 0);
    let taken = Cell::new(0);
    #[resume]
    for x in items.iter().inspect(|x| sum += **x) {
        step(x);
    }
    #[resume]
    for x in items.iter().take_while(|_| {
        count += 1;
        count < 3
    }) {
        step((sum, x));
    }
    #[resume]
    for x in items.iter().map(|x| {
        taken.set(taken.get() + 1);
        x + 1
    }) {
        step(x);
    }
    (sum, count, taken.get())
}

#[resumable(backend = store())]
fn by_a_second_iterator(items: &[u32]) -> Option<u32> {
    let mut ids = 10..;
    #[resume]
    for (x, id) in items.iter().zip(ids.by_ref()) {
        step((x, id));
    }
    #[resume]
    for (id, x) in ids.by_ref().zip(items) {
        step((x, id));
        if *x == 2 {
            break;
        }
    }
    #[resume]
    for x in items {
        step(x);
    }
    ids.next()
}

#[resumable(backend = store(), key = |pair| *pair.0)]
fn by_a_second_iterator_and_a_key(items: &[u32]) -> Option<u32> {
    let mut ids = 10..;
    for (x, id) in items.iter().zip(ids.by_ref()) {
        step((x, id));
    }
    ids.next()
}

#[resumable(backend = store())]
fn through_what_was_lent_before(items: &[u32]) -> u32 {
    let mut sum = 0;
    let add = &mut |x: &u32| sum += x;
    #[resume]
    for x in items.iter().inspect(|x| add(x)) {
        step(x);
    }
    #[resume]
    for x in items {
        step(x);
    }
    sum
}

safe_state_tests::shapes! {
    by_closures => by_closures(&[1, 2, 3, 4]);
    by_a_second_iterator => by_a_second_iterator(&[1, 2, 3]);
    by_a_second_iterator_and_a_key => by_a_second_iterator_and_a_key(&[1, 2, 3]);
    through_what_was_lent_before => through_what_was_lent_before(&[1, 2, 3]);
}
