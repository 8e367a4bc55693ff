//! Lets a storm rage over workers of one job: they are killed, stopped, and cut off from their database, at random.
//!
//! `SAFE_STATE_STORM=2` or more has 64 workers, and a storm whose length grows with the number. Without it, the storm
//! is short and has eight workers.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use safe_state::Job;
use safe_state_tests::servers::{address, at, postgres_url};
use safe_state_tests::{Proxy, storms};

use crate::work::Work;
use crate::workers::{ledger, returned, spawn};

/// A worker that is under way, or stopped.
struct Stormed {
    child: Child,
    is_stopped: bool,
}

impl Stormed {
    fn spawn(work: &Work) -> Self {
        Stormed { child: spawn("sum", work), is_stopped: false }
    }

    fn signal(&self, signal: Signal) {
        // A worker that has ended has not been waited for, so its process id is still its own.
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn go_on(&mut self) {
        self.is_stopped = false;
        self.signal(Signal::CONT);
    }
}

/// Lets the items before number `items` go on, and no others.
fn release(work: &Work, items: u64) {
    let half = work.dir.join(".released");
    fs::write(&half, items.to_string()).unwrap();
    fs::rename(half, work.dir.join("released")).unwrap();
}

/// Lets a storm rage over workers, and checks that those that are left return what one worker alone returns.
fn storm(url: String, cut: impl Fn(bool)) {
    let is_great = storms::times() > 1;
    let (count, rounds) = if is_great { (64, 100 * storms::times()) } else { (8, 24) };
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    let items = if is_great { 20_000 } else { 600 };
    let slices = if is_great { 256 } else { 24 };
    let work = Work { url, dir: dir.path().to_owned(), name, items, slices };
    let seed = storms::seed(3);
    let mut rng = Rng::with_seed(seed);
    release(&work, 0);
    let mut workers: Vec<Stormed> = (0..count).map(|_| Stormed::spawn(&work)).collect();
    for round in 0..rounds {
        // The last items are released only after the storm, so that it does not rage over a job that is finished.
        release(&work, items * u64::from(round) / u64::from(rounds));
        thread::sleep(Duration::from_millis(rng.u64(0..30)));
        let at = rng.usize(0..workers.len());
        let worker = &mut workers[at];
        match (worker.is_stopped, rng.u8(0..8)) {
            (true, 0..4) => worker.go_on(),
            (_, 0..5) => {
                worker.signal(Signal::KILL);
                worker.child.wait().unwrap();
                *worker = Stormed::spawn(&work);
            }
            (false, 5..7) => {
                worker.signal(Signal::STOP);
                worker.is_stopped = true;
            }
            _ => {
                cut(true);
                thread::sleep(Duration::from_millis(rng.u64(0..10)));
                cut(false);
            }
        }
    }
    let job = Job::new(format!("sum-{}", work.name)).backend(work.url.as_str());
    let is_finished = job.peek_checkpoint().unwrap().is_some_and(|it| it.is_finished());
    assert!(!is_finished, "it raged over a job that is finished, seed {seed}");
    release(&work, items);
    if is_great {
        // The sleep is longer than a lease lasts, so that others take over from the workers that are stopped.
        thread::sleep(Duration::from_secs(35));
    }
    workers.iter_mut().for_each(Stormed::go_on);
    // Workers that were cut off may have ended with an error.
    for mut worker in workers {
        worker.child.wait().unwrap();
    }
    all_is_done(&work, seed);
}

/// Checks that later workers, and all that have come to an end, return the sum, and that each item was done.
fn all_is_done(work: &Work, seed: u64) {
    let items = work.items;
    let total = (1000 + items * (items - 1) / 2).to_string();
    let last: Vec<Child> = (0..3).map(|_| spawn("sum", work)).collect();
    for child in last {
        assert_eq!(returned(child, work), total, "seed {seed}");
    }
    for entry in fs::read_dir(&work.dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("returned-") {
            assert_eq!(fs::read_to_string(path).unwrap(), total, "seed {seed}");
        }
    }
    let ledger = ledger(work);
    for item in 0..items {
        assert!(ledger.contains_key(&item.to_string()), "item {item}, seed {seed}");
    }
}

#[test]
fn workers_in_files_come_through_a_storm() {
    let dir = tempfile::tempdir().unwrap();
    storm(format!("file:{}", dir.path().join("jobs").display()), |_| ());
}

#[test]
fn workers_in_a_database_come_through_a_storm() {
    let proxy = Proxy::to(address(&postgres_url()));
    let url = at(&postgres_url(), proxy.address());
    storm(url, |is_cut| if is_cut { proxy.cut() } else { proxy.restore() });
}
