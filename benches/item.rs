//! An item that no save is due at, over the bare loop.

use std::hint::black_box;
use std::path::Path;

use safe_state::resumable;
use safe_state_benches::{Scratch, Target, bench, compare, time};

const ITEMS: u32 = 40_000_000;
const ROUNDS: usize = 15;

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
            table.row("over a range", "ns", range.extra_nanos(ITEMS), Target::AtMost(2.0));

            let numbers: Vec<u32> = (0..ITEMS).collect();
            let slice = compare(
                ROUNDS,
                || time(|| resumable_slice(scratch.path(), &numbers)),
                || time(|| bare_slice(&numbers)),
            );
            table.row("over a slice", "ns", slice.extra_nanos(ITEMS), Target::AtMost(2.0));

            let fallible = compare(
                ROUNDS,
                || time(|| resumable_fallible(scratch.path(), &numbers).unwrap()),
                || time(|| bare_fallible(&numbers).unwrap()),
            );
            table.row(
                "with `?` in the body",
                "ns",
                fallible.extra_nanos(ITEMS),
                Target::AtMost(2.0),
            );
        },
    );
}

#[resumable(save_every = 1_000_000, state_dir = dir)]
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

#[resumable(save_every = 1_000_000, state_dir = dir)]
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

#[resumable(save_every = 1_000_000, state_dir = dir)]
fn resumable_fallible(dir: &Path, numbers: &[u32]) -> Result<(), safe_state::Error> {
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

fn work(number: u32) -> Result<(), safe_state::Error> {
    black_box(number);
    black_box(Ok(()))
}
