//! Compares ten phases in which a map of 1 MB changes with one phase: the size of the file, and the time of a save.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use safe_state::{Results, resumable};
use safe_state_benches::{Scratch, Target, bench, compare, time};

/// The number of entries, of ten bytes each.
const ENTRIES: u64 = 100_000;
const LONG: u64 = 1 << 42;
const EACH: u64 = 6;
const MAP: f64 = 1.0e6;
const ROUNDS: usize = 7;

fn main() {
    bench("Ten phases with a carried map of 1 MB", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = scratch.path();
        let what = "the file, over the map";
        table.once(what, "x", largest(dir, || _ = ten(dir)), Target::AtMost(2.2));
        let what = "  the file, where the map is read between phases";
        table.once(what, "x", largest(dir, || _ = ten_read(dir)), Target::None);
        let what = "the file, of a list that is read between phases";
        table.once(what, "x", largest(dir, || _ = ten_lists(dir)), Target::AtMost(2.2));
        let saves = compare(ROUNDS, || time(|| _ = ten(dir)), || time(|| _ = one(dir)));
        table.row("a save, over that of one phase", "x", saves.ratio(), Target::AtMost(1.1));
        table.row("  a save", "ms", saves.ours(1e3 / (10 * EACH) as f64), Target::None);
        let saves = compare(ROUNDS, || time(|| _ = ten_read(dir)), || time(|| _ = one(dir)));
        table.row("  a save, where the map is read between", "x", saves.ratio(), Target::None);
    });
}

/// Returns the largest size of the checkpoint while `job` runs, as a multiple of the map's size. The job's last item
/// calls `look`.
fn largest(dir: &Path, job: impl FnOnce()) -> f64 {
    SIZE.set(0);
    job();
    let _ = dir;
    SIZE.get() as f64 / MAP
}

thread_local!(static SIZE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });

/// Notes the size of the files in the folder, if it is the largest so far.
fn look(dir: &Path) {
    let files = fs::read_dir(dir).expect("the folder").flatten();
    let sizes = files.filter_map(|file| Some(file.metadata().ok()?.len()));
    SIZE.set(SIZE.get().max(sizes.sum()));
}

fn map() -> BTreeMap<u64, u64> {
    (0..ENTRIES).map(|key| (key, LONG)).collect()
}

#[resumable(name = "phases", state_dir = dir, durability = "process", carry(map))]
fn one(dir: &Path) -> usize {
    let mut map = map();
    #[resume]
    for item in 0..10 * EACH {
        *map.entry(black_box(item)).or_default() += LONG;
    }
    map.len()
}

#[resumable(name = "phases", state_dir = dir, durability = "process", carry(map))]
fn ten(dir: &Path) -> usize {
    let mut map = map();
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(0 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(1 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(2 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(3 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(4 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(5 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(6 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(7 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(8 * EACH + item)).or_default() += LONG;
    }
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(9 * EACH + item)).or_default() += LONG;
    }
    look(dir);
    map.len()
}

#[resumable(name = "phases", state_dir = dir, durability = "process", carry(map))]
fn ten_read(dir: &Path) -> Vec<usize> {
    let mut map = map();
    let mut lens = Vec::new();
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(0 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(1 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(2 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(3 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(4 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(5 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(6 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(7 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(8 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    #[resume]
    for item in 0..EACH {
        *map.entry(black_box(9 * EACH + item)).or_default() += LONG;
    }
    lens.push(map.len());
    look(dir);
    lens
}

#[resumable(name = "phases", state_dir = dir, durability = "process", carry(rows))]
fn ten_lists(dir: &Path) -> Vec<usize> {
    let mut rows = Results::new();
    let mut lens = Vec::new();
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    #[resume]
    for _ in 0..EACH {
        rows.extend(vec![LONG; 2500]);
    }
    lens.push(rows.len());
    look(dir);
    lens
}
