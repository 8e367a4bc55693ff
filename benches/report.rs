//! Measures what a `?` that may note a failure costs, and what a report of that failure costs.

use std::hint::black_box;
use std::path::Path;

use safe_state::{report, resumable};
use safe_state_benches::{Scratch, Target, bench, compare, time};

const ITEMS: u32 = 5_000_000;
const NANOS_EACH: f64 = 1e9 / ITEMS as f64;
const ROUNDS: usize = 101;
const REPORTS: u32 = 100;

fn main() {
    bench("The way of an error, and the report of one", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let numbers: Vec<u32> = (0..ITEMS).collect();
        let ways = compare(
            ROUNDS,
            || time(|| by_question_mark(scratch.path(), &numbers).expect("no errors")),
            || time(|| by_return(scratch.path(), &numbers).expect("no errors")),
        );
        let extra = ways.extra(NANOS_EACH);
        table.row("an item's `?`, over the same as a `match`", "ns", extra, Target::AtMost(1.0));

        let error = "x".parse::<u8>().expect_err("no number");
        // The first report looks up the names of its functions; later ones find them cached.
        black_box(report::capture(&error));
        let made = compare(
            ROUNDS,
            || time(|| (0..REPORTS).for_each(|_| drop(black_box(report::capture(&error))))),
            || time(|| ()),
        );
        let each = made.extra(1e3 / f64::from(REPORTS));
        table.row("a report whose functions are known", "ms", each, Target::AtMost(1.0));
    });
}

#[resumable(save_every = 1_000_000, durability = "process", state_dir = dir)]
fn by_question_mark(dir: &Path, numbers: &[u32]) -> Result<(), safe_state::Error> {
    for number in numbers {
        work(*number)?;
    }
    Ok(())
}

#[resumable(save_every = 1_000_000, durability = "process", state_dir = dir)]
fn by_return(dir: &Path, numbers: &[u32]) -> Result<(), safe_state::Error> {
    for number in numbers {
        match work(*number) {
            Ok(()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn work(number: u32) -> Result<(), safe_state::Error> {
    black_box(number);
    black_box(Ok(()))
}
