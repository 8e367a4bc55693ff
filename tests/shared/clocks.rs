//! Tests workers whose clocks differ.

use std::process::Child;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use safe_state_tests::servers::postgres_url;
use safe_state_tests::{run_and_kill, storms, with_clock};

use crate::work::Work;
use crate::workers::{each_was_done, returned, started};

/// Starts a worker whose clock is wrong by `clock`. The monotonic clock, which can't be set, stays as it is.
fn told(clock: &str, work: &Work) -> Child {
    started(with_clock(clock), "stormed", work)
}

#[test]
fn workers_whose_clocks_are_five_minutes_apart_take_over_from_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    let work =
        Work { url: postgres_url(), dir: dir.path().to_owned(), name, items: 240, slices: 12 };
    let clocks = ["+0", "+5m", "-5m"];
    let seed = storms::seed(5);
    let mut rng = Rng::with_seed(seed);
    for _ in 0..3 * storms::times() {
        let children = clocks.map(|clock| told(clock, &work));
        for child in children {
            run_and_kill(child, Duration::from_millis(20), &mut rng);
        }
    }
    // One that lives keeps its slice: by the clock of the others its lease has been over for long.
    let children = clocks.map(|clock| told(clock, &work));
    thread::sleep(Duration::from_millis(50));
    let total = (1000 + 239 * 240 / 2).to_string();
    for child in children {
        assert_eq!(returned(child, &work), total, "seed {seed}");
    }
    let ledger = each_was_done(&work, seed);
    // After a kill an item in flight runs again. That of no live one does.
    let repeated: usize = ledger.values().map(|times| times - 1).sum();
    let kills = 9 * storms::times() as usize;
    assert!(repeated <= kills, "{repeated} items ran again after {kills} kills, seed {seed}");
}
