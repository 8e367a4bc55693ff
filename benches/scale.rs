//! What a save and a resume cost when a billion items are complete, over when ten are.

use std::time::{Duration, Instant};

use safe_state::{Durability, Error, Job};
use safe_state_benches::{Scratch, Target, bench, compare};

const FEW: u64 = 10;
const SAVES: u32 = 20_000;
const ROUNDS: usize = 15;

fn main() {
    bench("After many completed items, over after ten", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        for many in [100_000, 1_000_000_000] {
            let compared =
                compare(ROUNDS, || saves_after(&scratch, many), || saves_after(&scratch, FEW));
            let what = format!("a save at {many} items");
            table.row(&what, "x", compared.ratio(), Target::AtMost(1.1));
        }
        let many = 1_000_000_000;
        let compared =
            compare(2 * ROUNDS, || resume_after(&scratch, many), || resume_after(&scratch, FEW));
        table.row("a resume at 1000000000 items", "x", compared.ratio(), Target::AtMost(1.1));
        let what = "  from the call to the first item, synced";
        table.row(what, "ms", compared.ours(1e3), Target::AtMost(1.0));
        let largest = largest_file(&scratch, many);
        table.once("  the file at its largest", "bytes", largest, Target::AtMost(4096.0));
    });
}

/// The time that saves take, with so many items complete before.
fn saves_after(scratch: &Scratch, completed: u64) -> Duration {
    scratch.begun("saves", completed);
    let job = scratch.job("saves", Durability::Process, 1);
    let mut first = None;
    for_each_after(&job, completed, |_| _ = first.get_or_insert_with(Instant::now));
    first.expect("items").elapsed()
}

/// The time from the call until the first item that is not complete.
fn resume_after(scratch: &Scratch, completed: u64) -> Duration {
    scratch.begun("resume", completed);
    let job = scratch.job("resume", Durability::Power, u64::MAX);
    let (called, mut first) = (Instant::now(), None);
    for_each_after(&job, completed, |_| _ = first.get_or_insert_with(|| called.elapsed()));
    first.expect("items")
}

fn largest_file(scratch: &Scratch, completed: u64) -> f64 {
    scratch.begun("file", completed);
    let job = scratch.job("file", Durability::Process, 1);
    let path = job.checkpoint_path().expect("the file backend");
    let mut largest = 0;
    for_each_after(&job, completed, |_| {
        largest = path.metadata().map_or(largest, |file| file.len().max(largest));
    });
    f64::from(u32::try_from(largest).expect("a small file"))
}

fn for_each_after(job: &Job, completed: u64, mut body: impl FnMut(u64)) {
    let items = 0..completed + u64::from(SAVES);
    job.run(items, |item| Ok::<(), Error>(body(item))).expect("a run");
}
