//! Jobs killed at random instants, whatever their backend.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fastrand::Rng;
use safe_state::Job;

use super::{LONG, backend};
use crate::{Effects, Found, Ledger, run_and_kill, storms};

const JOB: &str = "kills";
const ITEMS: u64 = 600;
/// Some saves' time, also on the slowest server.
const LONGEST_RUN: Duration = Duration::from_millis(40);

/// Kills a job again and again, before its first item, in mid-item and in mid-save. What was done
/// and what is stored has to be what is promised, after each kill and at the end.
///
/// `SAFE_STATE_STORM=10` kills ten times as often, `SAFE_STATE_STORM_SEED` at other instants.
pub fn kill_storm(worker: &str, url: &str) {
    for save_every in [1, 7] {
        let mut rng = Rng::with_seed(storms::seed(1));
        let dir = tempfile::tempdir().unwrap();
        let job = Job::new(JOB).backend(backend(url, LONG));
        let mut ledger = Ledger::of(job, dir.path(), ITEMS, save_every);
        let mut finished = 0;
        for kill in 0..12 * storms::times() {
            run_and_kill(start(worker, url, save_every, dir.path()), LONGEST_RUN, &mut rng);
            match ledger.look(&format!("{url}, saved every {save_every}, kill {kill}")) {
                Found::Nothing | Found::Part => {}
                Found::Finished => {
                    finished += 1;
                    ledger.begin_again();
                }
            }
        }
        let output = start(worker, url, save_every, dir.path()).wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(ledger.look("at the end"), Found::Finished);
        println!("{url}: finished {finished} times in between");
    }
}

fn start(worker: &str, url: &str, save_every: u64, dir: &Path) -> Child {
    Command::new(worker)
        .args(["victim", url, &save_every.to_string()])
        .arg(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the worker does that is killed.
///
/// # Errors
///
/// Those of the job.
pub fn victim(url: &str, save_every: u64, dir: &Path) -> anyhow::Result<()> {
    let effects = Effects::open_aloud(dir.join("effects"))?;
    let job = Job::new(JOB).backend(backend(url, LONG)).save_every(save_every);
    job.run(0..ITEMS, |item| Ok(effects.record(item)?))
}
