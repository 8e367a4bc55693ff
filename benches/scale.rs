//! Compares a save and a resume after a billion complete items with those after ten.

use std::time::{Duration, Instant};

use safe_state::{Durability, Error, Job};
use safe_state_benches::{Scratch, Target, bench, compare};

const FEW: u64 = 10;
const SAVES: u64 = 20_000;
/// The number of saves is large enough to fill the file several times.
const FILE_SAVES: u64 = 1_000;
/// The number of saves is about what the file keeps without a sync before it is replaced.
const LONG_TAIL: u64 = 4_500;
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
        let resumed = compare(
            2 * ROUNDS,
            || resume_after(&scratch, many, 0),
            || resume_after(&scratch, FEW, 0),
        );
        table.row("a resume at 1000000000 items", "x", resumed.ratio(), Target::AtMost(1.1));
        let what = "  from the call to the first item, synced";
        table.row(what, "ms", resumed.ours(1e3), Target::AtMost(1.0));
        let behind_a_tail = compare(
            2 * ROUNDS,
            || resume_after(&scratch, many, LONG_TAIL),
            || resume_after(&scratch, many, 0),
        );
        let what = "  the same, after 4500 saves without a sync";
        table.row(what, "ms", behind_a_tail.ours(1e3), Target::AtMost(1.0));
        let largest = largest_file(&scratch, many);
        table.once("  the file at its largest", "bytes", largest, Target::AtMost(4096.0));
    });
}

/// Returns the time that saves take after `completed` complete items.
fn saves_after(scratch: &Scratch, completed: u64) -> Duration {
    scratch.begun("saves", completed, 0);
    let job = scratch.job("saves", Durability::Process, 1);
    let mut first = None;
    for_each_after(&job, completed, SAVES, |_| _ = first.get_or_insert_with(Instant::now));
    first.expect("items").elapsed()
}

/// Returns the time from the call to the first item that is not complete.
fn resume_after(scratch: &Scratch, completed: u64, saves: u64) -> Duration {
    scratch.begun("resume", completed, saves);
    let job = scratch.job("resume", Durability::Power, u64::MAX);
    let (called, mut first) = (Instant::now(), None);
    for_each_after(&job, completed, 1, |_| _ = first.get_or_insert_with(|| called.elapsed()));
    first.expect("items")
}

fn largest_file(scratch: &Scratch, completed: u64) -> f64 {
    scratch.begun("file", completed, 0);
    let job = scratch.job("file", Durability::Power, 1);
    let path = job.checkpoint_path().expect("the file backend");
    let mut largest = 0;
    for_each_after(&job, completed, FILE_SAVES, |_| {
        largest = path.metadata().map_or(largest, |file| file.len().max(largest));
    });
    f64::from(u32::try_from(largest).expect("a small file"))
}

fn for_each_after(job: &Job, completed: u64, more: u64, mut body: impl FnMut(u64)) {
    let items = 0..completed + more;
    let body = |item| {
        body(item);
        Ok::<(), Error>(())
    };
    job.run(items, body).expect("a run");
}
