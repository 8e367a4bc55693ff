//! Kills a process at random instants, around effects that are to happen once. After each kill, an effect that has
//! happened is done or in doubt, and an effect that has not happened is neither done nor passed over.
//!
//! `SAFE_STATE_STORM=10` kills ten times as often.

use std::collections::BTreeSet;
use std::process::Command;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use safe_state::FileBackend;
use safe_state::idempotency::{Done, IdempotencyCache, NotDone};
use safe_state_tests::{Effects, storms};
use tempfile::TempDir;

const KEYS: u64 = 2000;
const KILLS: u32 = 200;

#[test]
fn every_effect_happens_once_or_is_in_doubt() {
    let mut rng = Rng::with_seed(5);
    let mut dir = tempfile::tempdir().unwrap();
    // The numbers of effects in doubt that had happened, and that had not.
    let mut doubts = [0; 2];
    let mut kills = 0;
    // The number of kills that fall around an effect depends on the speed of the machine.
    while kills < KILLS * storms::times() || doubts.contains(&0) {
        kills += 1;
        assert!(kills < 10 * KILLS * storms::times(), "{doubts:?} are too few to tell");
        let mut child = worker(&dir).spawn().unwrap();
        thread::sleep(Duration::from_millis(40).mul_f64(rng.f64()));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            all_happened_once(&dir);
            dir = tempfile::tempdir().unwrap();
        } else {
            settle(&dir, &mut doubts);
        }
    }
    assert!(worker(&dir).status().unwrap().success());
    all_happened_once(&dir);
    println!("of {kills} kills, {doubts:?} left an effect in doubt");
}

fn worker(dir: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command.args(["once", &KEYS.to_string()]).arg(dir.path());
    command
}

fn effects(dir: &TempDir) -> Vec<u64> {
    Effects::open(dir.path().join("effects")).unwrap().all()
}

fn all_happened_once(dir: &TempDir) {
    assert_eq!(effects(dir), (0..KEYS).collect::<Vec<_>>());
}

/// Compares what the cache knows with what has happened, and settles what is in doubt, like a program that asks the
/// other side.
fn settle(dir: &TempDir, doubts: &mut [u32; 2]) {
    let cache = IdempotencyCache::open(FileBackend::new(dir.path()), "once").unwrap();
    let happened: BTreeSet<u64> = effects(dir).into_iter().collect();
    let in_doubt: Vec<u64> = cache.in_doubt().unwrap().into_iter().map(|(key, _)| key).collect();
    assert!(in_doubt.len() <= 1, "{in_doubt:?}");
    for key in 0..KEYS {
        let has_happened = happened.contains(&key);
        match (cache.contains(&key), in_doubt.contains(&key)) {
            (done, false) => assert_eq!(done, has_happened, "{key}"),
            (done, true) => {
                assert!(!done && cache.once(&key, || 0_u64).unwrap().is_in_doubt());
                doubts[usize::from(!has_happened)] += 1;
                if has_happened {
                    cache.settle(&key, Done(key)).unwrap();
                } else {
                    cache.settle(&key, NotDone).unwrap();
                }
            }
        }
    }
}
