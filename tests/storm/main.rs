//! Kills jobs at random instants, again and again. After each kill the checkpoint has to load, and what was done has to
//! be what the promise allows: nothing that the checkpoint calls complete is missing, no more than the items since the
//! last save run again, and all are in order.
//!
//! `SAFE_STATE_STORM=10` kills ten times as often, and `SAFE_STATE_STORM_SEED` kills at other instants.

mod convert;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fastrand::Rng;
use safe_state_tests::{Found, Ledger, remote, run_and_kill, storms};
use tempfile::TempDir;

/// The longest time of a run, from its first item on, or from its start if it is killed before the first item.
const LONGEST_RUN: Duration = Duration::from_millis(8);

#[test]
fn a_function_survives_kills_when_every_item_is_saved() {
    storm("function", 1, 85);
}

#[test]
fn a_function_survives_kills_when_every_seventh_item_is_saved() {
    storm("function", 7, 85);
}

#[test]
fn a_function_survives_kills_when_every_thousandth_item_is_saved() {
    storm("function", 1000, 85);
}

#[test]
fn an_async_function_survives_kills() {
    storm("future", 1, 25);
    storm("future", 7, 25);
}

#[test]
fn a_carried_sum_is_right_in_the_end() {
    storm("carrying", 1, 25);
    storm("carrying", 7, 25);
}

#[test]
fn with_a_page_no_kill_repeats_more_than_the_item_under_way() {
    storm("paged function", 7, 40);
    storm("paged function", 1000, 40);
    storm("paged future", 7, 25);
    storm("paged job", 1000, 25);
}

#[test]
fn no_kill_repeats_more_than_one_paged_item_that_carries_values() {
    storm("paged carrying", 1000, 40);
    let seed = storms::seed(7);
    let kind = "paged queued";
    let storm = Storm { kind, durability: "process", save_every: 7, items: 20_000, seed };
    storm.rage(25 * storms::times());
}

#[test]
fn no_kill_repeats_more_than_one_item_saved_in_the_page_alone() {
    for kind in ["paged function", "paged carrying"] {
        let (seed, items) = (storms::seed(1), 20_000);
        Storm { kind, durability: "process", save_every: 1, items, seed }
            .rage(20 * storms::times());
    }
}

#[test]
fn no_kill_repeats_more_than_one_paged_item_by_key_or_by_cursor() {
    for kind in ["paged keyed", "paged sought"] {
        for save_every in [1, 1_000] {
            let seed = storms::seed(save_every);
            let storm = Storm { kind, durability: "process", save_every, items: 20_000, seed };
            storm.rage(25 * storms::times());
        }
    }
}

#[test]
fn a_worklist_survives_kills() {
    for save_every in [1, 7] {
        let seed = storms::seed(save_every);
        let storm =
            Storm { kind: "queued", durability: "process", save_every, items: 20_000, seed };
        storm.rage(25 * storms::times());
    }
}

#[test]
fn a_job_without_the_attribute_survives_kills() {
    storm("job", 1, 25);
    storm("job", 7, 25);
}

#[test]
fn a_job_in_a_sqlite_database_survives_kills() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("jobs.db").display());
    remote::kill_storm(env!("CARGO_BIN_EXE_worker"), &url);
}

#[test]
#[cfg(target_os = "linux")]
fn with_a_page_in_a_folder_no_kill_repeats_more_than_the_item_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("jobs.db").display());
    remote::paged_kill_storm(env!("CARGO_BIN_EXE_worker"), &url);
}

fn storm(kind: &'static str, save_every: u64, kills: u32) {
    for durability in ["power", "process"] {
        // With this number of items, few runs end before they are killed, and the last one soon ends.
        let items = if (durability, save_every) == ("power", 1) { 2000 } else { 20_000 };
        let seed = storms::seed(save_every);
        let storm = Storm { kind, durability, save_every, items, seed };
        storm.rage(kills * storms::times());
    }
}

#[derive(Clone, Copy, Debug)]
struct Storm {
    kind: &'static str,
    durability: &'static str,
    save_every: u64,
    items: u64,
    seed: u64,
}

impl Storm {
    /// Returns whether the job has a page, which has every complete item however seldom the job is saved.
    fn is_paged(self) -> bool {
        cfg!(target_os = "linux") && self.kind.starts_with("paged ")
    }

    fn rage(self, kills: u32) {
        let mut rng = Rng::with_seed(self.seed);
        let mut victim = Victim::new(self);
        let mut inside = 0;
        for kill in 0..kills {
            run_and_kill(victim.spawn(), LONGEST_RUN, &mut rng);
            match victim.ledger.look(&format!("{self:?}, kill {kill}")) {
                Found::Nothing => {}
                Found::Part => inside += 1,
                Found::Finished => victim = Victim::new(self),
            }
        }
        victim.run_to_the_end();
        let end = victim.ledger.look(&format!("{self:?}, at the end"));
        assert!(matches!(end, Found::Finished), "{self:?}: ended with {end:?}");
        println!("{self:?}: {inside} of {kills} kills left a checkpoint");
        assert!(inside * 10 > kills, "{self:?}: only {inside} of {kills} kills were of any use");
    }
}

/// A job, from its first run to the one that finishes it.
struct Victim {
    storm: Storm,
    dir: TempDir,
    ledger: Ledger,
}

impl Victim {
    fn new(storm: Storm) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at_risk = if storm.is_paged() { 1 } else { storm.save_every };
        let ledger = Ledger::new(dir.path(), storm.items, at_risk);
        Victim { storm, dir, ledger }
    }

    fn run_to_the_end(&self) {
        let output = self.spawn().wait_with_output().unwrap();
        assert!(output.status.success(), "{:?}: {output:?}", self.storm);
    }

    fn spawn(&self) -> Child {
        let Storm { kind, durability, save_every, items, .. } = self.storm;
        Command::new(env!("CARGO_BIN_EXE_worker"))
            .args(["storm", kind, durability, &save_every.to_string(), &items.to_string()])
            .arg(self.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}
