//! Measures items side by side: as futures beside `buffer_unordered`, on threads beside one thread, and with power-safe
//! saves that are grouped.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use safe_state::resumable;
use safe_state_benches::{Scratch, Table, Target, bench, compare, time};
use tokio::runtime::Builder;

const REQUESTS: u32 = 300;
const SPUN: u32 = 200_000;
const EMPTY: u32 = 100_000;
const PAGED: u32 = 20_000;
const SAVED: u32 = 400;

fn main() {
    bench("Items side by side", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = scratch.path();
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");

        let requests = compare(
            5,
            || time(|| runtime.block_on(requested(dir, REQUESTS))),
            || time(|| runtime.block_on(unordered(REQUESTS))),
        );
        let name = "300 requests of 50 ms, 16 at once, beside `buffer_unordered(16)`";
        table.row(name, "x", requests.ratio(), Target::AtMost(1.03));

        let spun =
            compare(7, || time(|| on_two_threads(dir, SPUN)), || time(|| one_by_one(dir, SPUN)));
        let name = "items of 1 us on 2 threads (save_every = 1000, process), beside one thread";
        table.row(name, "x", spun.ratio(), Target::AtMost(0.556));

        in_the_page(table, dir);

        let each = 1e9 / f64::from(EMPTY);
        let threads = compare(7, || time(|| empty_on_threads(dir, EMPTY)), || time(|| bare(EMPTY)));
        table.row(
            "an item on 2 threads, over the bare body",
            "ns",
            threads.extra(each),
            Target::AtMost(150.0),
        );
        let futures = compare(
            7,
            || time(|| runtime.block_on(empty_as_futures(dir, EMPTY))),
            || time(|| bare(EMPTY)),
        );
        table.row(
            "an item as a future, over the bare body",
            "ns",
            futures.extra(each),
            Target::AtMost(250.0),
        );

        let saved = compare(
            3,
            || time(|| runtime.block_on(saved_together(dir, SAVED))),
            || time(|| runtime.block_on(saved_one_by_one(dir, SAVED))),
        );
        let name = "items of 1 ms, each power-safe, 64 at once, beside one by one";
        table.row(name, "x", saved.ratio(), Target::AtMost(0.125));
    });
}

/// Measures items that are safe from a kill as soon as they have ended, beside items that a kill may repeat.
fn in_the_page(table: &Table, dir: &Path) {
    let paged = compare(
        7,
        || time(|| on_two_threads_paged(dir, PAGED)),
        || time(|| on_two_threads(dir, PAGED)),
    );
    let name = "items of 1 us on 2 threads with `page`, beside save_every = 1000";
    table.row(name, "x", paged.ratio(), Target::None);
    let each = 1e9 / f64::from(PAGED);
    table.row("  an item", "ns", paged.ours(each), Target::None);
    let saved = compare(
        7,
        || time(|| on_two_threads_paged(dir, PAGED)),
        || time(|| on_two_threads_saved(dir, PAGED)),
    );
    table.row("  beside save_every = 1 without `page`", "x", saved.ratio(), Target::None);
    let recorded = compare(
        7,
        || time(|| on_two_threads_paged(dir, PAGED)),
        || time(|| on_two_threads_recorded(dir, PAGED)),
    );
    let name = "  beside a loop by key, which has a record for each item";
    table.row(name, "x", recorded.ratio(), Target::None);
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let futures = compare(
        7,
        || time(|| runtime.block_on(empty_as_futures_paged(dir, PAGED))),
        || time(|| bare(PAGED)),
    );
    let name = "an item as a future with `page`, over the bare body";
    table.row(name, "ns", futures.extra(each), Target::None);
}

#[resumable(name = "requests", state_dir = dir, concurrency = 16)]
async fn requested(dir: &Path, count: u32) {
    for request in 0..count {
        tokio::time::sleep(Duration::from_millis(50)).await;
        black_box(request);
    }
}

async fn unordered(count: u32) {
    let requests = stream::iter(0..count).map(async |request| {
        tokio::time::sleep(Duration::from_millis(50)).await;
        black_box(request);
    });
    requests.buffer_unordered(16).collect::<()>().await;
}

fn spin() {
    let began = Instant::now();
    while began.elapsed() < Duration::from_micros(1) {}
}

#[resumable(name = "spun", state_dir = dir, save_every = 1000, durability = "process")]
fn one_by_one(dir: &Path, count: u32) {
    #[resume]
    for _ in 0..count {
        spin();
    }
}

#[resumable(name = "spun", state_dir = dir, save_every = 1000, durability = "process", threads = 2)]
fn on_two_threads(dir: &Path, count: u32) {
    for _ in 0..count {
        spin();
    }
}

#[resumable(name = "spun", state_dir = dir, page, durability = "process", threads = 2)]
fn on_two_threads_paged(dir: &Path, count: u32) {
    for _ in 0..count {
        spin();
    }
}

#[resumable(name = "spun", state_dir = dir, page, durability = "process", threads = 2, key = |item| *item)]
fn on_two_threads_recorded(dir: &Path, count: u32) {
    for _ in 0..count {
        spin();
    }
}

#[resumable(name = "spun", state_dir = dir, durability = "process", threads = 2)]
fn on_two_threads_saved(dir: &Path, count: u32) {
    for _ in 0..count {
        spin();
    }
}

#[resumable(name = "empty", state_dir = dir, page, durability = "process", concurrency = 16)]
async fn empty_as_futures_paged(dir: &Path, count: u32) {
    for item in 0..count {
        black_box(item);
    }
}

#[resumable(name = "empty", state_dir = dir, save_every = 10_000, durability = "process", threads = 2)]
fn empty_on_threads(dir: &Path, count: u32) {
    for item in 0..count {
        black_box(item);
    }
}

#[resumable(name = "empty", state_dir = dir, save_every = 10_000, durability = "process", concurrency = 16)]
async fn empty_as_futures(dir: &Path, count: u32) {
    for item in 0..count {
        black_box(item);
    }
}

#[inline(never)]
fn bare(count: u32) {
    for item in 0..count {
        black_box(item);
    }
}

#[resumable(name = "saved", state_dir = dir)]
async fn saved_one_by_one(dir: &Path, count: u32) {
    #[resume]
    for _ in 0..count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[resumable(name = "saved", state_dir = dir, concurrency = 64)]
async fn saved_together(dir: &Path, count: u32) {
    for _ in 0..count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
