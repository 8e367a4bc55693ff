//! Measures what a carried variable adds to a loop and its saves. No save is synced, because a sync would hide the
//! difference.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use safe_state::{Results, resumable};
use safe_state_benches::{Scratch, Target, bench, compare, time};

const ITEMS: u32 = 1_000_000;
const NANOS_EACH: f64 = 1e9 / ITEMS as f64;
const LONG: u64 = 1_000_000;
/// The number of pushes is large enough for the longer file to be replaced several times.
const PUSHES: u32 = 150_000;
const ROUNDS: usize = 15;

fn main() {
    bench("Carrying a variable, over not carrying it", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let carried = compare(
            ROUNDS,
            || time(|| _ = black_box(carried_sum(scratch.path(), ITEMS))),
            || time(|| _ = black_box(fresh_sum(scratch.path(), ITEMS))),
        );
        let what = "an item, with a u64 (save_every = 1_000)";
        table.row(what, "ns", carried.extra(NANOS_EACH), Target::AtMost(2.0));

        let pushed = compare(ROUNDS, || pushes_onto(&scratch, LONG), || pushes_onto(&scratch, 0));
        let what = "a push and its save, at 1000000 results over none";
        table.row(what, "x", pushed.ratio(), Target::AtMost(1.1));
        table.row(
            "  a push and its save",
            "us",
            pushed.ours(1e6 / f64::from(PUSHES)),
            Target::None,
        );
    });
}

#[resumable(save_every = 1_000, durability = "process", state_dir = dir, carry(sum))]
fn carried_sum(dir: &Path, count: u32) -> u64 {
    let mut sum = 0;
    #[resume]
    for number in 0..count {
        sum += u64::from(black_box(number));
    }
    sum
}

#[resumable(save_every = 1_000, durability = "process", state_dir = dir, fresh(sum))]
fn fresh_sum(dir: &Path, count: u32) -> u64 {
    let mut sum = 0;
    #[resume]
    for number in 0..count {
        sum += u64::from(black_box(number));
    }
    sum
}

/// Returns the time from the first push to the last, onto a list that begins with `len` elements.
fn pushes_onto(scratch: &Scratch, len: u64) -> Duration {
    if len > 0 {
        let mut list = Results::new();
        list.extend((0..len).map(|_| LONG));
        scratch.begun_with_list("pushes", "list", &list);
    }
    let mut clock = None;
    let list = pushes(scratch.path(), len + u64::from(PUSHES), &mut clock);
    assert_eq!(list.len() as u64, len + u64::from(PUSHES));
    clock.map_or(Duration::ZERO, |(first, last)| last - first)
}

#[resumable(name = "pushes", durability = "process", state_dir = dir, carry(list), fresh(clock))]
fn pushes(dir: &Path, count: u64, clock: &mut Option<(Instant, Instant)>) -> Results<u64> {
    let mut list = Results::new();
    #[resume]
    for number in 0..count {
        if clock.is_none() || number + 1 == count {
            let now = Instant::now();
            *clock = Some((clock.map_or(now, |(first, _)| first), now));
        }
        list.push(LONG);
    }
    list
}
