//! Measures the time and memory to know ten million items by key, beside a set of their hashes. Each runs in a process
//! of its own, because the process's peak memory is the measure.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use safe_state::resumable;
use safe_state_benches::{Scratch, Target, bench};

const ITEMS: u32 = 10_000_000;
const ROUNDS: usize = 3;
const PER_ITEM: f64 = 1.0 / ITEMS as f64;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "nothing"] => report(|| keys().for_each(|key| drop(std::hint::black_box(key)))),
        [_, "set"] => report(|| _ = set()),
        [_, "first", dir] => report(|| first_run(Path::new(dir))),
        [_, "second", dir] => report(|| second_run(Path::new(dir))),
        _ => compare(),
    }
}

fn compare() {
    bench("Ten million items by key, beside a HashSet<u64> of their hashes", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = scratch.path().to_str().expect("a path that is text");
        let nothing = median(&["nothing"]);
        let kinds = [
            ("a set", vec!["set"]),
            ("the first run", vec!["first", dir]),
            ("a run after it", vec!["second", dir]),
        ];
        for (what, arguments) in kinds {
            let Measured { seconds, bytes } = median(&arguments);
            let nanos = (seconds - nothing.seconds) * 1e9 * PER_ITEM;
            table.once(&format!("{what}, an item"), "ns", nanos, Target::None);
            let bytes = (bytes - nothing.bytes) * PER_ITEM;
            table.once("  memory at its peak", "bytes", bytes, Target::None);
        }
        let file = fs::metadata(job(scratch.path()).checkpoint_path().expect("a file"));
        let size = file.expect("a checkpoint").len();
        let size = f64::from(u32::try_from(size).expect("less than 4 GiB")) * PER_ITEM;
        table.once("in the file, an item", "bytes", size, Target::None);
    });
}

/// Returns keys that are as long as email addresses.
fn keys() -> impl Iterator<Item = String> {
    (0..ITEMS).map(|number| format!("customer-{number:08}@example.org"))
}

fn set() -> HashSet<u64> {
    let state = RandomState::new();
    keys().map(|key| state.hash_one(key)).collect()
}

fn job(dir: &Path) -> safe_state::Job {
    safe_state::Job::new("keyed").state_dir(dir)
}

#[resumable(
    name = "keyed",
    state_dir = dir,
    durability = "process",
    save_every = 100_000,
    key = |item| item,
    companion = false
)]
fn keyed(dir: &Path, items: impl Iterator<Item = String>, fails: bool) -> Result<(), String> {
    for item in items {
        std::hint::black_box(item);
    }
    if fails { Err("after all items".to_owned()) } else { Ok(()) }
}

fn first_run(dir: &Path) {
    job(dir).clear_checkpoint().expect("no run under way");
    keyed(dir, keys(), true).expect_err("asked to fail");
}

fn second_run(dir: &Path) {
    keyed(dir, keys(), true).expect_err("asked to fail");
}

struct Measured {
    seconds: f64,
    bytes: f64,
}

/// Prints the seconds that `work` took and the process's peak memory in bytes.
fn report(work: impl FnOnce()) {
    let began = Instant::now();
    work();
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    println!("{} {}", began.elapsed().as_secs_f64(), kib * 1024.0);
}

fn median(arguments: &[&str]) -> Measured {
    let mut measured: Vec<Measured> = (0..ROUNDS).map(|_| run(arguments)).collect();
    measured.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    measured.swap_remove(ROUNDS / 2)
}

fn run(arguments: &[&str]) -> Measured {
    let this = env::current_exe().expect("a path");
    let output = Command::new(this).args(arguments).output().expect("it starts");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut numbers = text.split_whitespace().map(|word| word.parse().expect("a number"));
    let (seconds, bytes) = (numbers.next(), numbers.next());
    Measured { seconds: seconds.expect("two numbers"), bytes: bytes.expect("two numbers") }
}
