//! Compares one job with the Python package whose idea this is: `safe-state` 0.4.0 from PyPI.
//!
//! The Python package rewrites the whole checkpoint in each save, so 10,000 items take it minutes. For fewer items, set
//! `SAFE_STATE_BENCH_PYTHON_ITEMS`; the ratio grows with the number of items.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use safe_state::resumable;
use safe_state_benches::{Scratch, Spread, Target, bench, python_with, time};

const PACKAGE: &str = "safe-state==0.4.0";
const ROUNDS: usize = 5;
const SCRIPT: &str = r#"
import sys, time
from safe_state import safe_state

@safe_state(name="bench", state_dir=sys.argv[1], save_every=1)
def job(items):
    for item in items:
        pass

began = time.perf_counter()
job(range(int(sys.argv[2])))
print(time.perf_counter() - began)
"#;

fn main() {
    let items = items();
    bench(&format!("{items} items, a synced save after each, beside {PACKAGE}"), |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let python = python_with(scratch.path(), PACKAGE);
        let theirs = seconds_in_python(&python, scratch.path(), items);
        let rounds = (0..ROUNDS).map(|_| time(|| each_synced(scratch.path(), items)));
        let ours = Spread::of(rounds.map(|round| round.as_secs_f64()));
        table.once("Python", "s", theirs, Target::None);
        table.row("Rust", "s", ours, Target::None);
        table.once("Python over Rust", "x", theirs / ours.median, Target::None);
    });
}

fn items() -> u32 {
    let set = std::env::var("SAFE_STATE_BENCH_PYTHON_ITEMS");
    set.map_or(10_000, |items| items.parse().expect("SAFE_STATE_BENCH_PYTHON_ITEMS is a number"))
}

#[resumable(state_dir = dir)]
fn each_synced(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}

fn seconds_in_python(python: &Path, dir: &Path, items: u32) -> f64 {
    let job = Command::new(python)
        .args(["-c", SCRIPT])
        .arg(dir.join("state"))
        .arg(items.to_string())
        .env("SAFE_STATE_QUIET", "1")
        .output();
    let printed = job.expect("Python runs").stdout;
    String::from_utf8_lossy(&printed).trim().parse().expect("the script prints seconds")
}
