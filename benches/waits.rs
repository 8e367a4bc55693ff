//! Measures how long one item after the other waits to be safe: the median, the wait that one item in ten thousand
//! exceeds, and the longest. Each kind runs for a second; with `-- --long`, for 30.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use safe_state::{Job, resumable};
use safe_state_benches::{RawLog, Scratch, Table, Target, bench};

/// Runs items for a duration, with the files in a folder.
type Kind = fn(&Path, Duration);

fn main() {
    let is_long = std::env::args().any(|argument| argument == "--long");
    let time = Duration::from_secs(if is_long { 30 } else { 1 });
    bench("From one item to the next, with the look at the clock that measures it", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let kinds: [(&str, Kind); 10] = [
            ("a bare loop", bare),
            ("`page`, durability = \"process\"", each_is_in_the_page),
            ("  with a carried u64", each_sum_is_in_the_page),
            ("  with `item_timeout`", each_has_a_limit),
            ("`page`, save_every = \"1s\"", each_is_saved_in_time),
            ("durability = \"process\" without `page`", each_is_saved),
            ("`pwrite` of the same bytes", written_raw),
            ("durability = \"power\"", each_is_synced),
            ("`pwrite` and `fdatasync` of the same bytes", synced_raw),
            ("From a call to its first item, synced", opened),
        ];
        for (what, kind) in kinds {
            for bucket in &NANOS {
                bucket.store(0, Relaxed);
            }
            kind(scratch.path(), time);
            show(table, what);
        }
    });
}

/// The number of waits for each duration. Each nanosecond up to 64 has its own bucket, and each doubling above has 64.
static NANOS: [AtomicU64; 65 * 64] = [const { AtomicU64::new(0) }; 65 * 64];
const STEPS: u32 = 6;

fn note(wait: Duration) {
    let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
    let doublings = nanos.max(1 << STEPS).ilog2() - STEPS;
    let bucket = u64::from(doublings << STEPS) + (nanos >> doublings);
    NANOS[usize::try_from(bucket).expect("a bucket")].fetch_add(1, Relaxed);
}

/// Returns the shortest wait of a bucket, in nanoseconds.
fn nanos_of(bucket: u64) -> u64 {
    let doublings = (bucket >> STEPS).saturating_sub(1);
    (bucket - (doublings << STEPS)) << doublings
}

/// Returns the seconds that `share` of 10,000 waits did not exceed.
fn at(share: u64) -> f64 {
    let all: u64 = NANOS.iter().map(|bucket| bucket.load(Relaxed)).sum();
    let mut left = (all * share).div_ceil(10_000).max(1);
    let found = NANOS.iter().position(|bucket| {
        left = left.saturating_sub(bucket.load(Relaxed));
        left == 0
    });
    Duration::from_nanos(nanos_of(found.unwrap_or(0) as u64)).as_secs_f64()
}

fn show(table: &Table, what: &str) {
    table.once(what, "ns", at(5_000) * 1e9, Target::None);
    table.once("  one in 10,000", "us", at(9_999) * 1e6, Target::None);
    table.once("  the longest", "ms", at(10_000) * 1e3, Target::None);
}

/// The end of a run of items, and the time of the last item. Each call of `is_over` notes the wait since the call
/// before.
struct Until {
    last: std::cell::Cell<Instant>,
    end: Instant,
}

impl Until {
    fn new(time: Duration) -> Self {
        let now = Instant::now();
        Until { last: now.into(), end: now + time }
    }

    fn is_over(&self) -> bool {
        let now = Instant::now();
        note(now - self.last.replace(now));
        now >= self.end
    }
}

/// The number of records that the file has room for: more records make the file longer.
const ROOM: u32 = 1_000_000;

fn bare(_: &Path, time: Duration) {
    let until = Until::new(time);
    for _ in 0..u64::MAX {
        if until.is_over() {
            break;
        }
    }
}

#[resumable(page, durability = "process", state_dir = dir, fresh(until))]
fn each_is_in_the_page(dir: &Path, time: Duration) {
    let until = Until::new(time);
    #[resume]
    for _ in 0..u64::MAX {
        if until.is_over() {
            break;
        }
    }
}

#[resumable(page, durability = "process", state_dir = dir, carry(sum), fresh(until))]
fn each_sum_is_in_the_page(dir: &Path, time: Duration) {
    let until = Until::new(time);
    let mut sum = 0;
    #[resume]
    for number in 0..u64::MAX {
        sum += number;
        if until.is_over() {
            break;
        }
    }
}

#[resumable(page, durability = "process", state_dir = dir, item_timeout = "1h", fresh(until))]
fn each_has_a_limit(dir: &Path, time: Duration) {
    let until = Until::new(time);
    #[resume]
    for _ in 0..u64::MAX {
        if until.is_over() {
            break;
        }
    }
}

#[resumable(state_dir = dir, fresh(until))]
fn each_is_synced(dir: &Path, time: Duration) {
    let until = Until::new(time);
    #[resume]
    for _ in 0..u64::MAX {
        if until.is_over() {
            break;
        }
    }
}

fn written_raw(dir: &Path, time: Duration) {
    let (until, mut raw) = (Until::new(time), RawLog::create(dir, ROOM));
    while !until.is_over() {
        raw.write();
    }
}

fn synced_raw(dir: &Path, time: Duration) {
    let (until, mut raw) = (Until::new(time), RawLog::create(dir, ROOM));
    while !until.is_over() {
        raw.write_and_sync();
    }
}

/// Measures runs of a job that fails in its first item.
fn opened(dir: &Path, time: Duration) {
    let until = Until::new(time);
    let job = Job::new("opened").state_dir(dir);
    while Instant::now() < until.end {
        let called = Instant::now();
        let fails = |_| {
            note(called.elapsed());
            Err::<(), _>(std::io::Error::other("it ends here"))
        };
        job.run(0..10, fails).expect_err("it fails");
    }
}

#[resumable(page, save_every = "1s", state_dir = dir, fresh(until))]
fn each_is_saved_in_time(dir: &Path, time: Duration) {
    let until = Until::new(time);
    #[resume]
    for _ in 0..u64::MAX {
        if until.is_over() {
            break;
        }
    }
}

#[resumable(durability = "process", state_dir = dir, fresh(until))]
fn each_is_saved(dir: &Path, time: Duration) {
    let until = Until::new(time);
    #[resume]
    for _ in 0..u64::MAX {
        if until.is_over() {
            break;
        }
    }
}
