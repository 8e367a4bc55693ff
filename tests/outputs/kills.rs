//! Tests a job with two outputs that is killed at random instants, again and again. In the end, both outputs are what
//! they are without kills. The outputs are on the disk, and on a file system that takes writes and says later that
//! there was no room.
//!
//! `SAFE_STATE_STORM=10` kills ten times as often, `SAFE_STATE_STORM_SEED` at other instants.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use safe_state_tests::storms;

use crate::late::Late;
use crate::{of_each, read};

/// The longest time that a run has before it is killed.
const LONGEST_RUN: Duration = Duration::from_millis(8);
const ITEMS: u64 = 300;
const KILLS: u32 = 50;
/// The number of kills is small, because a file system that a program provides is slow.
const LATE_KILLS: u32 = 20;

#[test]
fn outputs_on_a_disk_survive_kills() {
    let mut rng = Rng::with_seed(storms::seed(11));
    let (mut kills, mut jobs) = (0, 0);
    while kills < KILLS * storms::times() {
        let dir = tempfile::tempdir().unwrap();
        let way = Way::at_random(&mut rng);
        let died = until_it_is_done(dir.path(), dir.path(), way, &mut rng);
        assert!(died.failed.is_empty(), "{way:?}: {:?}", died.failed);
        kills += died.kills;
        jobs += 1;
    }
    println!("{kills} kills of {jobs} jobs");
}

#[test]
fn outputs_where_errors_come_late_survive_kills() {
    let mut rng = Rng::with_seed(storms::seed(12));
    let (mut kills, mut failures, mut lost) = (0, 0, 0);
    while kills < LATE_KILLS * storms::times() {
        let dir = tempfile::tempdir().unwrap();
        let mount = dir.path().join("mount");
        fs::create_dir(&mount).unwrap();
        let late = Late::mount(&mount, 30, rng.u64(..));
        let way = Way::at_random(&mut rng);
        let died = until_it_is_done(dir.path(), &mount, way, &mut rng);
        for failed in &died.failed {
            assert!(failed.contains("No space left on device"), "{way:?}: {failed}");
        }
        kills += died.kills;
        failures += died.failed.len();
        lost += late.lost();
    }
    println!("{kills} kills, {lost} writes were lost, {failures} runs were told");
    assert!(lost > 0 && failures > 0);
}

/// Without kills, each lost write ends a run, and no hole is left.
#[test]
fn a_write_that_is_lost_late_ends_the_run() {
    for every in [1, 7] {
        for durability in ["power", "process"] {
            let dir = tempfile::tempdir().unwrap();
            let mount = dir.path().join("mount");
            fs::create_dir(&mount).unwrap();
            let late = Late::mount(&mount, 60, 7);
            let way = Way { every, durability };
            let mut runs = 0;
            while !way.run(dir.path(), &mount).output().unwrap().status.success() {
                runs += 1;
            }
            check(&mount, way);
            assert!(late.lost() > 0 && runs > 0);
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Way {
    every: u64,
    durability: &'static str,
}

impl Way {
    fn at_random(rng: &mut Rng) -> Self {
        let every = *rng.choice(&[1, 3, 50]).unwrap();
        Way { every, durability: rng.choice(&["power", "process"]).unwrap() }
    }

    fn run(self, state: &Path, to: &Path) -> Command {
        let mut run = Command::new(env!("CARGO_BIN_EXE_outputs"));
        run.arg(state.join("state")).arg(to);
        run.args([ITEMS, self.every].map(|number| number.to_string())).arg(self.durability);
        run
    }
}

#[derive(Default)]
struct Died {
    kills: u32,
    /// The messages of the runs that ended by an error.
    failed: Vec<String>,
}

fn until_it_is_done(state: &Path, to: &Path, way: Way, rng: &mut Rng) -> Died {
    let mut died = Died::default();
    loop {
        let output = run_and_kill(&mut way.run(state, to), rng);
        match output.status.code() {
            Some(0) => break,
            Some(_) => died.failed.push(String::from_utf8(output.stderr).unwrap()),
            None => died.kills += 1,
        }
    }
    check(to, way);
    died
}

fn run_and_kill(run: &mut Command, rng: &mut Rng) -> Output {
    let mut child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if rng.u8(0..20) == 0 {
        // A run that fails needs time to say so.
        return child.wait_with_output().unwrap();
    }
    if rng.u8(0..5) > 0 {
        // The run ends without a line if no item is left.
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
    }
    thread::sleep(LONGEST_RUN.mul_f64(rng.f64()));
    child.kill().unwrap();
    child.wait_with_output().unwrap()
}

fn check(to: &Path, way: Way) {
    let row = |item: u64| format!("{item},{}\n", "x".repeat((item * 37 % 900).try_into().unwrap()));
    let rows = "item\n".to_owned() + &(0..ITEMS).map(row).collect::<String>();
    assert!(read(&to.join("rows")) == rows, "{way:?}: the rows are not what they are to be");
    let log = of_each(0..ITEMS, |item| format!("did {item}\n"));
    assert!(read(&to.join("log")) == log, "{way:?}: the log is not what it is to be");
}
