//! Tests kills at any instant: no item is lost, no item that was saved is done again, and carried values are right.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fastrand::Rng;
use safe_state_tests::{Effects, run_and_kill, storms};

use super::stored;

const ITEMS: u64 = 60;
/// The number of items that run at once.
const MOST: usize = 4;

fn command(kind: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_side_by_side"));
    command.arg(kind).arg(dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn storm(kind: &str, at_risk: usize, sum: u64) {
    storm_of(kind, ITEMS, at_risk, sum);
}

/// Kills the job again and again. At most `at_risk` items may have completed since the last save.
fn storm_of(kind: &str, items: u64, at_risk: usize, sum: u64) {
    let mut rng = Rng::with_seed(storms::seed(18));
    for round in 0..3 * storms::times() {
        let dir = tempfile::tempdir().unwrap();
        let (mut kills, mut ends) = (0, 0);
        while !dir.path().join("sum").exists() && kills < 8 {
            let victim = command(kind, dir.path()).spawn().unwrap();
            run_and_kill(victim, Duration::from_millis(15), &mut rng);
            kills += 1;
            // The job may have finished before its process said so, and the next run then begins anew.
            let has_begun = !Effects::open(dir.path().join("effects")).unwrap().all().is_empty();
            ends += usize::from(has_begun && stored("job", dir.path()).is_none());
        }
        if !dir.path().join("sum").exists() {
            let ended = command(kind, dir.path()).output().unwrap();
            assert!(ended.status.success(), "{kind}, round {round}: {ended:?}");
        }
        let found = fs::read_to_string(dir.path().join("sum")).unwrap();
        assert_eq!(found, sum.to_string(), "{kind}, round {round}");
        let mut times: BTreeMap<u64, usize> = BTreeMap::new();
        for item in Effects::open(dir.path().join("effects")).unwrap().all() {
            *times.entry(item).or_default() += 1;
        }
        assert!(times.keys().copied().eq(0..items), "{kind}, round {round}");
        let repeats: usize = times.values().map(|times| times - 1).sum();
        // A kill repeats items that were under way, and items that completed while the last of them were saved.
        let most = kills * (2 * MOST + at_risk) + ends * times.len();
        assert!(repeats <= most, "{kind}, round {round}: {repeats} repeats of {kills} kills");
    }
}

#[test]
fn kills_on_threads_lose_nothing() {
    storm("threads", 1, 0);
}

#[test]
fn kills_among_short_items_lose_nothing() {
    // As many again as from one save to the next may complete before it is noticed, and during the save.
    storm_of("short", 6_000, 2 * 200, 0);
}

#[test]
fn kills_with_a_page_lose_nothing() {
    storm("paged", 1, 0);
}

#[test]
fn kills_among_short_items_with_a_page_lose_nothing() {
    storm_of("short in the page", 6_000, 0, 0);
}

#[test]
fn kills_by_key_with_seldom_saves_lose_nothing() {
    storm("key", 5, 0);
}

#[test]
fn kills_of_futures_lose_nothing() {
    storm("futures", 1, 0);
}

#[test]
fn kills_lose_nothing_where_a_part_runs_ahead() {
    storm("ahead on threads", 1, 1770);
}

#[test]
fn kills_lose_nothing_where_a_part_of_a_future_runs_ahead() {
    storm("ahead as futures", 1, 1770);
}

#[test]
fn an_item_that_kills_the_process_is_found_and_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut deaths = 0;
    while !command("poisoned", dir.path()).output().unwrap().status.success() {
        deaths += 1;
        assert!(deaths < 10, "it is never found");
    }
    // The item is not known in the first run, and is then counted twice.
    assert_eq!(deaths, 3);
    let stored = stored("job", dir.path()).unwrap();
    let letters: Vec<u64> = stored.dead_letters().iter().map(|letter| letter.index()).collect();
    assert_eq!(letters, [7]);
    let mut did = Effects::open(dir.path().join("effects")).unwrap().all();
    did.sort_unstable();
    did.dedup();
    assert_eq!(did, (0..ITEMS).filter(|item| *item != 7).collect::<Vec<_>>());
}
