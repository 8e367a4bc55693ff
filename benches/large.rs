//! Compares saving a large value with writing and syncing the same bytes. The value is the weights of a model, which
//! all change, beside a table that does not change.

use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use safe_state::resumable;
use safe_state_benches::{Scratch, Target, bench, compare, time};
use serde_bytes::ByteBuf;

const WEIGHTS: usize = 16 << 20;
const TABLE: usize = 16 << 20;
const MEBIBYTES: f64 = (4 * WEIGHTS + TABLE) as f64 / (1 << 20) as f64;
/// The number of items is large enough for snapshots to be among the saves.
const ITEMS: u32 = 8;
const ROUNDS: usize = 7;

fn main() {
    bench("A save of 64 MiB that changed beside 16 MiB that did not", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        black_box(carried(scratch.path(), 3));
        table.once("the process at its peak, over the values", "x", peak(), Target::AtMost(2.0));
        let saved = compare(
            ROUNDS,
            || {
                let all = time(|| _ = black_box(carried(scratch.path(), ITEMS + 1)));
                let one = time(|| _ = black_box(carried(scratch.path(), 1)));
                let bare = time(|| _ = black_box(fresh(scratch.path(), ITEMS)));
                all.saturating_sub(one).saturating_sub(bare)
            },
            || written(scratch.path()),
        );
        let what = "a save, over pwrite and fdatasync";
        table.row(what, "x", saved.ratio(), Target::AtMost(1.5));
        table.row("  a save", "ms", saved.ours(1e3 / f64::from(ITEMS)), Target::None);
    });
}

/// Returns the process's peak memory as a multiple of the memory that the values take.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("what the kernel tells");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kibibytes.expect("its peak") / 1024.0 / MEBIBYTES
}

/// Returns the time to write and sync as many bytes as change.
fn written(dir: &Path) -> Duration {
    let bytes = vec![0xa5; 4 * WEIGHTS];
    let file = File::create(dir.join("raw")).expect("a new file");
    time(|| {
        for item in 0..u64::from(ITEMS) {
            file.write_all_at(&bytes, item * bytes.len() as u64).expect("room on the disk");
            file.sync_data().expect("a sync");
        }
    })
}

#[resumable(state_dir = dir, carry(weights, table))]
fn carried(dir: &Path, items: u32) -> f32 {
    let mut weights = vec![0.5_f32; WEIGHTS];
    let mut table = ByteBuf::from(vec![7_u8; TABLE]);
    #[resume]
    for item in 0..items {
        train(&mut weights, black_box(item));
        black_box(&mut table);
    }
    weights[1]
}

#[resumable(state_dir = dir, fresh(weights, table))]
fn fresh(dir: &Path, items: u32) -> f32 {
    let mut weights = vec![0.5_f32; WEIGHTS];
    let mut table = ByteBuf::from(vec![7_u8; TABLE]);
    #[resume]
    for item in 0..items {
        train(&mut weights, black_box(item));
        black_box(&mut table);
    }
    weights[1]
}

#[expect(clippy::cast_precision_loss, reason = "any number will do")]
fn train(weights: &mut [f32], item: u32) {
    for (at, weight) in weights.iter_mut().enumerate() {
        *weight += (at as f32).mul_add(0.5, item as f32);
    }
}
