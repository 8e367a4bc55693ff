//! Kills jobs at random instants, on any backend.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fastrand::Rng;
use safe_state::Job;

use super::{LONG, patient};
use crate::{Effects, Found, Ledger, run_and_kill, storms};

/// The names of the jobs, which lie beside each other in one store.
const JOBS: [&str; 2] = ["kills", "kills-with-pages"];
const ITEMS: u64 = 600;
/// The longest time of a run, which is enough for some saves, also on the slowest server.
const LONGEST_RUN: Duration = Duration::from_millis(40);

/// Kills a job again and again, before its first item, in mid-item and in mid-save. After each kill and at the end,
/// checks what was done and what is stored against the promise.
///
/// `SAFE_STATE_STORM=10` kills ten times as often, and `SAFE_STATE_STORM_SEED` kills at other instants.
pub fn kill_storm(worker: &str, url: &str) {
    for save_every in [1, 7] {
        Storm { worker, url, save_every, is_paged: false }.rage();
    }
}

/// Kills a job that has a page in a folder of the machine. However seldom the job is saved, only the item under way
/// runs again.
pub fn paged_kill_storm(worker: &str, url: &str) {
    Storm { worker, url, save_every: 1_000, is_paged: true }.rage();
}

#[derive(Clone, Copy)]
struct Storm<'a> {
    worker: &'a str,
    url: &'a str,
    save_every: u64,
    is_paged: bool,
}

impl Storm<'_> {
    fn rage(self) {
        let Storm { url, save_every, is_paged, .. } = self;
        let mut rng = Rng::with_seed(storms::seed(1));
        let dir = tempfile::tempdir().unwrap();
        let job = Job::new(JOBS[usize::from(is_paged)]).backend(patient(url, LONG));
        let job = if is_paged { job.page_dir(pages(dir.path())) } else { job };
        let at_risk = if is_paged { 1 } else { save_every };
        let mut ledger = Ledger::of(job, dir.path(), ITEMS, at_risk);
        let mut finished = 0;
        for kill in 0..12 * storms::times() {
            run_and_kill(self.start(dir.path()), LONGEST_RUN, &mut rng);
            match ledger.look(&format!("{url}, saved every {save_every}, kill {kill}")) {
                Found::Nothing | Found::Part => {}
                Found::Finished => {
                    finished += 1;
                    ledger.begin_again();
                }
            }
        }
        let output = self.start(dir.path()).wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(ledger.look("at the end"), Found::Finished);
        println!("{url}: finished {finished} times in between");
    }

    fn start(self, dir: &Path) -> Child {
        let mut worker = Command::new(self.worker);
        worker.args(["victim", self.url, &self.save_every.to_string()]).arg(dir);
        if self.is_paged {
            worker.env(PAGED, "1");
        }
        let worker = worker.stdout(Stdio::piped()).stderr(Stdio::piped());
        worker.spawn().unwrap()
    }
}

/// The variable that tells a worker to have a page.
const PAGED: &str = "SAFE_STATE_TEST_PAGED";

fn pages(dir: &Path) -> PathBuf {
    dir.join("pages")
}

/// Runs the job of a worker that is killed.
///
/// # Errors
///
/// The errors of the job.
pub fn victim(url: &str, save_every: u64, dir: &Path) -> anyhow::Result<()> {
    let effects = Effects::open_aloud(dir.join("effects"))?;
    let is_paged = std::env::var_os(PAGED).is_some();
    let job = Job::new(JOBS[usize::from(is_paged)]);
    let job = job.backend(patient(url, LONG)).save_every(save_every);
    let job = if is_paged { job.page_dir(pages(dir)) } else { job };
    job.run(0..ITEMS, |item| Ok(effects.record(item)?))
}
