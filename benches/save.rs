//! Compares a save after every item with the system calls that the save can't do without.

use std::hint::black_box;
use std::path::Path;

use serde::{Deserialize, Serialize};

use safe_state::resumable;
use safe_state_benches::{RawLog, Scratch, Spread, Table, Target, bench, compare, time};

const UNSYNCED: u32 = 50_000;
const PAGED: u32 = 5_000_000;
const CARRIED: u32 = 200_000;
const KNOWN: u32 = 100_000;
const AWAITED: u32 = 5_000;
const SYNCED: u32 = 500;
const ROUNDS: usize = 31;

fn main() {
    bench("A save after every item, over the same bytes written raw", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = scratch.path();
        unsynced(table, dir);
        in_the_page(table, dir);
        known_in_the_page(table, dir);
        synced(table, dir);
    });
}

/// Measures saves that are written and not synced.
fn unsynced(table: &Table, dir: &Path) {
    let raw = |count| {
        let mut raw = RawLog::create(dir, count);
        time(|| (0..count).for_each(|_| raw.write()))
    };
    let process =
        compare(ROUNDS, || time(|| each_survives_the_process(dir, UNSYNCED)), || raw(UNSYNCED));
    table.row("durability = \"process\", over pwrite", "x", process.ratio(), Target::AtMost(1.5));
    table.row("  a save", "us", process.ours(1e6 / f64::from(UNSYNCED)), Target::None);

    // An async function saves on a thread of the run, and waits for that thread.
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let awaited = compare(
        ROUNDS,
        || time(|| runtime.block_on(each_is_awaited(dir, AWAITED))),
        || raw(AWAITED),
    );
    let each = awaited.ours(1e6 / f64::from(AWAITED));
    table.row("  of an async function, a save", "us", each, Target::None);
}

/// Measures items that go into the page, in a loop by index.
fn in_the_page(table: &Table, dir: &Path) {
    let paged = over_the_bare_loop(PAGED, |count| each_is_in_the_page(dir, count));
    let what = "`page`, durability = \"process\", an item over the bare loop";
    table.row(what, "ns", paged, Target::AtMost(20.0));

    let carried = over_the_bare_loop(CARRIED, |count| _ = each_sum_is_in_the_page(dir, count));
    let what = "`page`, durability = \"process\", with a carried u64";
    table.row(what, "ns", carried, Target::AtMost(40.0));

    let carried = over_the_bare_loop(CARRIED, |count| _ = each_struct_is_in_the_page(dir, count));
    let what = "  with a carried struct of 200 bytes";
    table.row(what, "ns", carried, Target::AtMost(150.0));

    let limited = compare(
        ROUNDS,
        || time(|| each_has_a_limit(dir, CARRIED)),
        || time(|| each_is_in_the_page(dir, CARRIED)),
    );
    let what = "  `item_timeout`, over the same without";
    table.row(what, "ns", limited.extra(1e9 / f64::from(CARRIED)), Target::AtMost(15.0));

    let carried = over_the_bare_loop(UNSYNCED, |count| _ = each_sum_is_saved(dir, count));
    table.row("  the same without `page`", "ns", carried, Target::None);

    let timed = over_the_bare_loop(PAGED, |count| each_is_saved_in_time(dir, count));
    let what = "`page`, save_every = \"1s\", an item over the bare loop";
    table.row(what, "ns", timed, Target::AtMost(25.0));
}

/// A job that is given a folder, and how many items to do.
type Job = fn(&Path, u32);

/// Measures items that go into the page, in loops by key and by cursor.
fn known_in_the_page(table: &Table, dir: &Path) {
    let rows: [(&str, Job); 4] = [
        ("`page`, durability = \"process\", by key", each_key_is_in_the_page),
        ("  with a carried u64", |dir, count| _ = each_key_and_sum_is_in_the_page(dir, count)),
        ("`page`, durability = \"process\", by cursor", each_cursor_is_in_the_page),
        ("  with a carried u64", |dir, count| _ = each_cursor_and_sum_is_in_the_page(dir, count)),
    ];
    for (what, job) in rows {
        table.row(what, "ns", over_the_bare_loop(KNOWN, |count| job(dir, count)), Target::None);
    }
}

/// Measures saves that are synced.
fn synced(table: &Table, dir: &Path) {
    let power = compare(
        ROUNDS,
        || time(|| each_survives_power_loss(dir, SYNCED)),
        || {
            let mut raw = RawLog::create(dir, SYNCED);
            time(|| (0..SYNCED).for_each(|_| raw.write_and_sync()))
        },
    );
    let what = "durability = \"power\", over pwrite and fdatasync";
    table.row(what, "x", power.ratio(), Target::AtMost(1.2));
    table.row("  a save", "us", power.ours(1e6 / f64::from(SYNCED)), Target::None);
}

/// Returns the nanoseconds that an item of a job takes, over one of a bare loop.
fn over_the_bare_loop(count: u32, job: impl Fn(u32)) -> Spread {
    let bare = || (0..count).for_each(|number| _ = black_box(number));
    compare(ROUNDS, || time(|| job(count)), || time(bare)).extra(1e9 / f64::from(count))
}

#[resumable(durability = "process", state_dir = dir)]
fn each_survives_the_process(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}

#[resumable(page, durability = "process", state_dir = dir)]
fn each_is_in_the_page(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}

#[resumable(page, durability = "process", state_dir = dir, carry(sum))]
fn each_sum_is_in_the_page(dir: &Path, count: u32) -> u64 {
    let mut sum = 0;
    #[resume]
    for number in 0..count {
        sum += u64::from(black_box(number));
    }
    sum
}

/// A carried value of 200 bytes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Totals {
    count: u64,
    sum: u64,
    least: u64,
    largest: u64,
    by_kind: [u64; 21],
}

#[resumable(page, durability = "process", state_dir = dir, carry(totals))]
fn each_struct_is_in_the_page(dir: &Path, count: u32) -> Totals {
    let mut totals = Totals::default();
    #[resume]
    for number in 0..count {
        let (number, kind) = (u64::from(black_box(number)), black_box(0_usize));
        totals.count += 1;
        totals.sum += number;
        totals.largest = totals.largest.max(number);
        totals.by_kind[kind] += 1;
    }
    totals
}

#[resumable(page, durability = "process", state_dir = dir, key = |number| *number)]
fn each_key_is_in_the_page(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}

#[resumable(page, durability = "process", state_dir = dir, carry(sum), key = |number| *number)]
fn each_key_and_sum_is_in_the_page(dir: &Path, count: u32) -> u64 {
    let mut sum = 0;
    #[resume]
    for number in 0..count {
        sum += u64::from(black_box(number));
    }
    sum
}

#[resumable(page, durability = "process", state_dir = dir, cursor = |number| *number)]
fn each_cursor_is_in_the_page(dir: &Path, count: u32) {
    let after: Option<u32> = safe_state::cursor!();
    #[resume]
    for number in after.map_or(0, |number| number + 1)..count {
        black_box(number);
    }
}

#[resumable(page, durability = "process", state_dir = dir, carry(sum), cursor = |number| *number)]
fn each_cursor_and_sum_is_in_the_page(dir: &Path, count: u32) -> u64 {
    let mut sum = 0;
    let after: Option<u32> = safe_state::cursor!();
    #[resume]
    for number in after.map_or(0, |number| number + 1)..count {
        sum += u64::from(black_box(number));
    }
    sum
}

#[resumable(page, durability = "process", state_dir = dir, item_timeout = "1h")]
fn each_has_a_limit(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}

#[resumable(durability = "process", state_dir = dir, carry(sum))]
fn each_sum_is_saved(dir: &Path, count: u32) -> u64 {
    let mut sum = 0;
    #[resume]
    for number in 0..count {
        sum += u64::from(black_box(number));
    }
    sum
}

#[resumable(page, save_every = "1s", state_dir = dir)]
fn each_is_saved_in_time(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}

#[resumable(durability = "process", state_dir = dir)]
async fn each_is_awaited(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}

#[resumable(state_dir = dir)]
fn each_survives_power_loss(dir: &Path, count: u32) {
    #[resume]
    for number in 0..count {
        black_box(number);
    }
}
