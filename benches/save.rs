//! Compares a save after every item with the system calls that the save can't do without.

use std::hint::black_box;
use std::path::Path;

use serde::{Deserialize, Serialize};

use safe_state::resumable;
use safe_state_benches::{RawLog, Scratch, Target, bench, compare, time};

const UNSYNCED: u32 = 50_000;
const PAGED: u32 = 5_000_000;
const CARRIED: u32 = 200_000;
const AWAITED: u32 = 5_000;
const SYNCED: u32 = 500;
const ROUNDS: usize = 31;

fn main() {
    bench("A save after every item, over the same bytes written raw", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let process = compare(
            ROUNDS,
            || time(|| each_survives_the_process(scratch.path(), UNSYNCED)),
            || {
                let mut raw = RawLog::create(scratch.path(), UNSYNCED);
                time(|| (0..UNSYNCED).for_each(|_| raw.write()))
            },
        );
        table.row(
            "durability = \"process\", over pwrite",
            "x",
            process.ratio(),
            Target::AtMost(1.5),
        );
        table.row("  a save", "us", process.ours(1e6 / f64::from(UNSYNCED)), Target::None);

        // An async function saves on a thread of the run, and waits for that thread.
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let awaited = compare(
            ROUNDS,
            || time(|| runtime.block_on(each_is_awaited(scratch.path(), AWAITED))),
            || {
                let mut raw = RawLog::create(scratch.path(), AWAITED);
                time(|| (0..AWAITED).for_each(|_| raw.write()))
            },
        );
        table.row(
            "  of an async function, a save",
            "us",
            awaited.ours(1e6 / f64::from(AWAITED)),
            Target::None,
        );

        let paged = compare(
            ROUNDS,
            || time(|| each_is_in_the_page(scratch.path(), PAGED)),
            || time(|| (0..PAGED).for_each(|number| _ = black_box(number))),
        );
        let each = 1e9 / f64::from(PAGED);
        let what = "`page`, durability = \"process\", an item over the bare loop";
        table.row(what, "ns", paged.extra(each), Target::AtMost(20.0));

        let carried = compare(
            ROUNDS,
            || time(|| _ = each_sum_is_in_the_page(scratch.path(), CARRIED)),
            || time(|| (0..CARRIED).for_each(|number| _ = black_box(number))),
        );
        let what = "`page`, durability = \"process\", with a carried u64";
        table.row(what, "ns", carried.extra(1e9 / f64::from(CARRIED)), Target::AtMost(40.0));

        let carried = compare(
            ROUNDS,
            || time(|| _ = each_struct_is_in_the_page(scratch.path(), CARRIED)),
            || time(|| (0..CARRIED).for_each(|number| _ = black_box(number))),
        );
        let what = "  with a carried struct of 200 bytes";
        table.row(what, "ns", carried.extra(1e9 / f64::from(CARRIED)), Target::AtMost(150.0));

        let limited = compare(
            ROUNDS,
            || time(|| each_has_a_limit(scratch.path(), CARRIED)),
            || time(|| each_is_in_the_page(scratch.path(), CARRIED)),
        );
        let what = "  `item_timeout`, over the same without";
        table.row(what, "ns", limited.extra(1e9 / f64::from(CARRIED)), Target::AtMost(15.0));

        let carried = compare(
            ROUNDS,
            || time(|| _ = each_sum_is_saved(scratch.path(), UNSYNCED)),
            || time(|| (0..UNSYNCED).for_each(|number| _ = black_box(number))),
        );
        let what = "  the same without `page`";
        table.row(what, "ns", carried.extra(1e9 / f64::from(UNSYNCED)), Target::None);

        let timed = compare(
            ROUNDS,
            || time(|| each_is_saved_in_time(scratch.path(), PAGED)),
            || time(|| (0..PAGED).for_each(|number| _ = black_box(number))),
        );
        let what = "`page`, save_every = \"1s\", an item over the bare loop";
        table.row(what, "ns", timed.extra(each), Target::AtMost(25.0));

        let power = compare(
            ROUNDS,
            || time(|| each_survives_power_loss(scratch.path(), SYNCED)),
            || {
                let mut raw = RawLog::create(scratch.path(), SYNCED);
                time(|| (0..SYNCED).for_each(|_| raw.write_and_sync()))
            },
        );
        let what = "durability = \"power\", over pwrite and fdatasync";
        table.row(what, "x", power.ratio(), Target::AtMost(1.2));
        table.row("  a save", "us", power.ours(1e6 / f64::from(SYNCED)), Target::None);
    });
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
