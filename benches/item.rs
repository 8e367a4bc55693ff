//! Compares an item at which no save is due with the same item of a bare loop. Few saves are made, and none is synced:
//! `save.rs` measures what saves cost.

use std::hint::black_box;
use std::path::Path;

use safe_state::resumable;
use safe_state_benches::{Scratch, Target, bench, compare, time};

const ITEMS: u32 = 5_000_000;
const NANOS_EACH: f64 = 1e9 / ITEMS as f64;
const ROUNDS: usize = 101;

fn main() {
    bench(
        "An item between saves (save_every = 1_000_000), over the same in a bare loop",
        |table| {
            let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
            let range = compare(
                ROUNDS,
                || time(|| resumable_range(scratch.path(), ITEMS)),
                || time(|| bare_range(ITEMS)),
            );
            table.row("over a range", "ns", range.extra(NANOS_EACH), Target::AtMost(2.0));

            let numbers: Vec<u32> = (0..ITEMS).collect();
            let slice = compare(
                ROUNDS,
                || time(|| resumable_slice(scratch.path(), &numbers)),
                || time(|| bare_slice(&numbers)),
            );
            table.row("over a slice", "ns", slice.extra(NANOS_EACH), Target::AtMost(2.0));

            let fallible = compare(
                ROUNDS,
                || time(|| resumable_fallible(scratch.path(), &numbers).expect("no errors")),
                || time(|| bare_fallible(&numbers).expect("no errors")),
            );
            let extra = fallible.extra(NANOS_EACH);
            table.row("with `?` in the body", "ns", extra, Target::AtMost(2.0));

            let tried = compare(
                ROUNDS,
                || time(|| resumable_tried(scratch.path(), &numbers).expect("no errors")),
                || time(|| resumable_fallible(scratch.path(), &numbers).expect("no errors")),
            );
            let extra = tried.extra(NANOS_EACH);
            table.row("`max_attempts`, over the same without", "ns", extra, Target::AtMost(2.0));

            let carrying = compare(
                ROUNDS,
                || time(|| _ = black_box(resumable_sum(scratch.path(), &numbers))),
                || time(|| _ = black_box(bare_sum(&numbers))),
            );
            table.row("with a carried sum", "ns", carrying.extra(NANOS_EACH), Target::AtMost(2.0));
        },
    );
}

#[resumable(save_every = 1_000_000, durability = "process", state_dir = dir)]
fn resumable_range(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}

#[inline(never)]
fn bare_range(count: u32) {
    for number in 0..count {
        black_box(number);
    }
}

#[resumable(save_every = 1_000_000, durability = "process", state_dir = dir)]
fn resumable_slice(dir: &Path, numbers: &[u32]) {
    for number in numbers {
        black_box(number);
    }
}

#[inline(never)]
fn bare_slice(numbers: &[u32]) {
    for number in numbers {
        black_box(number);
    }
}

#[resumable(save_every = 1_000_000, durability = "process", state_dir = dir)]
fn resumable_fallible(dir: &Path, numbers: &[u32]) -> Result<(), safe_state::Error> {
    for number in numbers {
        work(*number)?;
    }
    Ok(())
}

#[resumable(save_every = 1_000_000, durability = "process", state_dir = dir, max_attempts = 3)]
fn resumable_tried(dir: &Path, numbers: &[u32]) -> Result<(), safe_state::Error> {
    for number in numbers {
        work(*number)?;
    }
    Ok(())
}

#[inline(never)]
fn bare_fallible(numbers: &[u32]) -> Result<(), safe_state::Error> {
    for number in numbers {
        work(*number)?;
    }
    Ok(())
}

#[resumable(save_every = 1_000_000, durability = "process", state_dir = dir, carry(sum))]
fn resumable_sum(dir: &Path, numbers: &[u32]) -> u64 {
    let mut sum = 0;
    for number in numbers {
        sum += u64::from(black_box(*number));
    }
    sum
}

#[inline(never)]
fn bare_sum(numbers: &[u32]) -> u64 {
    let mut sum = 0;
    for number in numbers {
        sum += u64::from(black_box(*number));
    }
    sum
}

fn work(number: u32) -> Result<(), safe_state::Error> {
    black_box(number);
    black_box(Ok(()))
}
