//! Tests the page of a loop whose items run side by side: each item is in it as soon as the item has ended.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use safe_state::resumable;
use safe_state_tests::Effects;

use super::{complete, stored};

type Anything = Box<dyn Error + Send + Sync>;

const ITEMS: u64 = 6_000;

/// Returns whether the newest slot of the job's page has a window, and how many bytes of records, as `docs/format.md` describes.
fn newest_slot(dir: &Path) -> (bool, u64) {
    let page = std::fs::read(dir.join("job.page")).unwrap();
    let word = |slot: usize, at: usize| {
        let start = 64 + 64 * slot + 8 * at;
        u64::from_le_bytes(page[start..start + 8].try_into().unwrap())
    };
    let newest = usize::from(word(0, 0) <= word(1, 0));
    (word(newest, 6) >> 15 & 1 == 1, word(newest, 5) >> 32)
}

/// Returns how many items ran twice in a job whose process died once, and what its page then had: see [`newest_slot`].
fn repeats(kind: &str) -> (usize, (bool, u64)) {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_side_by_side"));
    run.arg(kind).arg(dir.path());
    let died = run.output().unwrap();
    assert!(!died.status.success() && dir.path().join("died").exists(), "{kind}: {died:?}");
    let effects = Effects::open(dir.path().join("effects")).unwrap();
    let slot = newest_slot(dir.path());
    let (began, found) = (effects.all(), complete("job", dir.path()));
    assert!(found.iter().all(|item| began.contains(item)), "{kind}: no false progress");
    let ended = run.output().unwrap();
    assert!(ended.status.success(), "{kind}: {ended:?}");
    let mut times: BTreeMap<u64, usize> = BTreeMap::new();
    effects.all().into_iter().for_each(|item| *times.entry(item).or_default() += 1);
    assert!(times.keys().copied().eq(0..ITEMS), "{kind}: each is done");
    (times.values().map(|times| times - 1).sum(), slot)
}

#[test]
fn a_death_repeats_what_was_under_way_and_nothing_else() {
    for kind in ["dies in a window", "dies between syncs", "dies as a future"] {
        let (repeats, (has_window, records)) = repeats(kind);
        assert!((1..=4).contains(&repeats), "{kind}: {repeats}");
        // The first items tell that the loop has begun.
        assert!(has_window && records < 1_000, "{kind}: {records} bytes of records");
    }
}

/// Items that get a record end while the one before them is written.
#[test]
fn a_death_among_items_with_records_repeats_no_more_than_ended_meanwhile() {
    for (kind, may_have_window) in [("dies beyond a window", true), ("dies by key", false)] {
        let (repeats, (has_window, _)) = repeats(kind);
        assert_eq!(has_window, may_have_window, "{kind}");
        assert!((1..=8).contains(&repeats), "{kind}: {repeats}");
    }
}

#[resumable(name = "looked at", state_dir = dir, threads = 3, page, save_every = 100_000, durability = "process")]
fn looked_at(dir: &Path, least: &AtomicU64) -> Result<(), Anything> {
    for item in 0..ITEMS {
        if item > 1_000 && item % 100 == 0 {
            let found = stored("looked at", dir).ok_or("no checkpoint")?;
            let missing = item - found.completed().len().min(item);
            least.fetch_max(missing, Ordering::SeqCst);
        }
    }
    Ok(())
}

#[test]
fn a_look_from_outside_sees_each_item_that_has_ended() {
    let (dir, most) = (tempfile::tempdir().unwrap(), AtomicU64::new(0));
    looked_at(dir.path(), &most).unwrap();
    let most = most.into_inner();
    assert!(most <= 2, "{most} items before one that runs are missing, of which two may run");
}
