//! Measures what it costs to check that the input is still the same: a resume behind many items compares each sample.

use std::path::Path;
use std::time::{Duration, Instant};

use safe_state::resumable;
use safe_state_benches::{Scratch, Spread, Target, bench};

const MANY: u64 = 1_000_000_000;
const ROWS: usize = 10_000_000;
const ROUNDS: usize = 15;

/// Fails at the first item from `last` on, with the time of that item.
#[resumable(name = "range", state_dir = dir, save_every = "1h", fresh(last))]
fn range(dir: &Path, last: u64) -> Result<(), Ended> {
    for number in 0..u64::MAX {
        if number >= last {
            return Err(Ended::At(Instant::now()));
        }
    }
    Ok(())
}

#[resumable(name = "rows", state_dir = dir, save_every = "1h", fresh(last))]
fn rows(dir: &Path, rows: &[String], last: usize) -> Result<(), Ended> {
    #[resume]
    for (at, _row) in rows.iter().enumerate() {
        if at >= last {
            return Err(Ended::At(Instant::now()));
        }
    }
    Ok(())
}

#[derive(Debug)]
enum Ended {
    At(Instant),
    #[expect(dead_code, reason = "it is printed")]
    Otherwise(safe_state::Error),
}

impl From<safe_state::Error> for Ended {
    fn from(error: safe_state::Error) -> Self {
        Ended::Otherwise(error)
    }
}

fn main() {
    bench("Looking whether the input is the one that it was", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = scratch.path();
        let input: Vec<String> = (0..=ROWS).map(|row| format!("row {row}")).collect();
        let took = resumed(|| rows(dir, &input, ROWS));
        let what = "from the call to the first item, at 10000000 of a `Vec<String>`";
        table.row(what, "ms", took, Target::AtMost(2.0));
        let took = resumed(|| range(dir, MANY));
        let what = "from the call to the first item, at 1000000000 of a range";
        table.row(what, "ms", took, Target::AtMost(1.0));
    });
}

/// Measures the time from the call to the first item of a job that goes on behind all other items, in milliseconds.
fn resumed(run: impl Fn() -> Result<(), Ended>) -> Spread {
    let ended = |run: Result<(), Ended>| match run {
        Err(Ended::At(at)) => at,
        other => panic!("{other:?}"),
    };
    ended(run());
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let called = Instant::now();
            ended(run()) - called
        })
        .collect();
    took.sort();
    let [lower, median, upper] =
        [ROUNDS / 4, ROUNDS / 2, ROUNDS * 3 / 4].map(|at| took[at].as_secs_f64() * 1e3);
    Spread { lower, median, upper }
}
