//! Shows when arguments, locals and temporaries are dropped.

use std::future::Future;

use safe_state_tests::shapes::{Interrupted, Noisy, block_on, effect, step, store, try_step};

use super::resumable;

#[resumable(backend = store())]
fn arguments(first: Noisy, items: Vec<Noisy>, last: Noisy) {
    let _local = Noisy("local");
    for x in &items {
        step((x, &first, &last));
    }
}

#[resumable(backend = store())]
fn items_by_value(items: Vec<Noisy>, other: Noisy) -> Result<(), Interrupted> {
    for x in items {
        try_step(&x)?;
        effect("the end of an item");
    }
    effect(format_args!("after the loop, before {}", other.0));
    Ok(())
}

#[resumable(backend = store())]
fn never_mentioned(_guard: Noisy, items: Vec<Noisy>, _other: Noisy) {
    for x in &items {
        step(x);
    }
}

#[resumable(backend = store())]
fn ignored(_guard: Noisy, _: Noisy, items: Vec<Noisy>, _: Noisy, _other: Noisy) {
    for x in &items {
        step(x);
    }
}

#[resumable(backend = store())]
fn moved_in_the_body(items: Vec<u32>, other: Noisy) {
    for x in &items {
        step(x);
    }
    drop(other);
    effect("after it");
}

#[resumable(backend = store())]
fn parts_of_a_pattern((first, items): (Noisy, Vec<Noisy>), last: Noisy) {
    for x in &items {
        step((x, &first, &last));
    }
}

#[resumable(backend = store())]
fn part_of_an_item(items: Vec<(Noisy, Noisy)>) {
    for (x, _) in items {
        step(&x);
        let _local = Noisy("local");
    }
}

struct Pair {
    items: Vec<Noisy>,
    other: Noisy,
}

#[resumable(backend = store())]
fn field_moved_out(pair: Pair, last: Noisy) {
    for x in pair.items {
        step((x, &pair.other, &last));
    }
    effect("the other is left");
}

#[resumable(backend = store())]
fn temporary_in_the_head(items: &[u32]) {
    for x in items.iter().take(Noisy("temporary").0.len()) {
        step(x);
    }
    effect("after the loop");
}

struct Guard<'a>(&'a [u32], #[expect(dead_code)] Noisy);

impl Guard<'_> {
    fn iter(&self) -> impl Iterator<Item = &u32> {
        self.0.iter()
    }
}

#[resumable(backend = store())]
fn guard_in_the_head(items: &[u32]) {
    for x in Guard(items, Noisy("guard")).iter() {
        step(x);
    }
    effect("after the loop");
}

#[resumable(backend = store())]
fn guard_in_the_tail(items: &[u32]) {
    let _local = Noisy("local");
    for x in Guard(items, Noisy("guard")).iter() {
        step(x);
    }
}

#[resumable(backend = store())]
fn temporary_in_the_tail(items: &[u32], _last: Noisy) -> usize {
    let _local = Noisy("local");
    for x in items {
        step(x);
    }
    Guard(items, Noisy("temporary")).iter().count()
}

#[resumable(backend = store())]
fn left_early(items: Vec<Noisy>, last: Noisy) -> Option<Noisy> {
    let _local = Noisy("local");
    for x in items {
        step((&x, &last));
        if x.0 == "b" {
            return Some(x);
        }
    }
    None
}

struct Source {
    left: u32,
    _name: Noisy,
}

impl Iterator for Source {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        Some(self.left)
    }
}

#[resumable(backend = store())]
fn iterator_itself(items: Source) {
    for x in items {
        step(x);
    }
    effect("after the loop");
}

#[resumable(backend = store())]
fn iterator_left_early(items: Source) {
    for x in items {
        step(x);
        if x == 1 {
            break;
        }
    }
    effect("after the loop");
}

struct Owner(Noisy, Vec<u32>);

impl Owner {
    #[resumable(backend = store())]
    fn receiver(self, other: Noisy) -> usize {
        for x in &self.1 {
            step((x, &other));
        }
        self.0.0.len()
    }
}

#[resumable(backend = store())]
async fn async_arguments(first: Noisy, items: Vec<Noisy>, last: Noisy) {
    let _local = Noisy("local");
    for x in items {
        tokio::task::yield_now().await;
        step((x, &first, &last));
    }
}

#[resumable(backend = store())]
async fn async_never_mentioned(_guard: Noisy, items: Vec<Noisy>, _other: Noisy) {
    for x in &items {
        step(x);
    }
}

#[resumable(backend = store())]
fn future_by_hand(first: Noisy, items: Vec<Noisy>) -> impl Future<Output = ()> {
    let second = Noisy("second");
    async move {
        for x in &items {
            step((x, &second, &first));
        }
    }
}

fn two() -> Vec<Noisy> {
    vec![Noisy("a"), Noisy("b")]
}

safe_state_tests::shapes! {
    arguments => arguments(Noisy("first"), two(), Noisy("last"));
    items_by_value => items_by_value(two(), Noisy("other"));
    never_mentioned => never_mentioned(Noisy("guard"), two(), Noisy("other"));
    ignored => ignored(Noisy("guard"), Noisy("first"), two(), Noisy("second"), Noisy("other"));
    moved_in_the_body => moved_in_the_body(vec![1, 2], Noisy("other"));
    parts_of_a_pattern => parts_of_a_pattern((Noisy("first"), two()), Noisy("last"));
    part_of_an_item => part_of_an_item(vec![(Noisy("x"), Noisy("y")), (Noisy("z"), Noisy("w"))]);
    field_moved_out => field_moved_out(Pair { items: two(), other: Noisy("other") }, Noisy("last"));
    temporary_in_the_head => temporary_in_the_head(&[1, 2]);
    guard_in_the_head => guard_in_the_head(&[1, 2]);
    guard_in_the_tail => guard_in_the_tail(&[1, 2]);
    temporary_in_the_tail => temporary_in_the_tail(&[1, 2], Noisy("last"));
    left_early => left_early(two(), Noisy("last"));
    iterator_itself => iterator_itself(Source { left: 3, _name: Noisy("source") });
    iterator_left_early => iterator_left_early(Source { left: 3, _name: Noisy("source") });
    receiver => Owner(Noisy("owner"), vec![1, 2]).receiver(Noisy("other"));
    async_arguments => block_on(async_arguments(Noisy("first"), two(), Noisy("last")));
    async_never_mentioned => block_on(async_never_mentioned(Noisy("guard"), two(), Noisy("other")));
    future_by_hand => block_on(future_by_hand(Noisy("first"), two()));
}
