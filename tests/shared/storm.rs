//! Lets a storm rage over workers of one job: they are killed, stopped past their leases, and cut off from their server, at
//! random.
//!
//! `SAFE_STATE_STORM=2` or more has 64 workers, and a storm whose length grows with the number. Without it, the storm
//! is short and has eight workers.

use std::collections::BTreeMap;
use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use postgres::NoTls;
use rustix::process::{Pid, Signal, kill_process};
use safe_state::Job;
use safe_state_tests::servers::{address, at, objects_url, postgres_url, redis_url};
use safe_state_tests::{Proxy, storms};

use crate::work::Work;
use crate::workers::{each_was_done, returned, spawn};

/// The time in which the leases of workers that are stopped run out.
const PAST_LEASES: Duration = Duration::from_secs(5);

/// A worker that is under way, or stopped.
struct Stormed {
    child: Child,
    is_stopped: bool,
}

impl Stormed {
    fn spawn(kind: &str, work: &Work) -> Self {
        Stormed { child: spawn(kind, work), is_stopped: false }
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

/// Waits until a worker begins an item, or for a while if none does, as those that go on wait for the release of theirs.
fn goes_on(work: &Work) {
    let noted = || fs::metadata(work.dir.join("ledger")).map_or(0, |ledger| ledger.len());
    let before = noted();
    for _ in 0..100 {
        if noted() > before {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Returns a job at `url` for a storm, in a folder of its own.
fn job(url: &str) -> (Work, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    let (items, slices) = if storms::times() > 1 { (20_480, 256) } else { (600, 24) };
    let work = Work { url: url.to_owned(), dir: dir.path().to_owned(), name, items, slices };
    (work, dir)
}

/// Lets a storm rage over workers, and checks that those that are left return what one worker alone returns. `cut` cuts the
/// way to the server, and restores it.
fn storm(kind: &str, work: &Work, cut: impl Fn(bool)) {
    let is_great = storms::times() > 1;
    let (count, rounds) = if is_great { (64_u32, 100 * storms::times()) } else { (8, 24) };
    let seed = storms::seed(3);
    let mut rng = Rng::with_seed(seed);
    release(work, 0);
    let mut workers: Vec<Stormed> = (0..count).map(|_| Stormed::spawn(kind, work)).collect();
    for round in 0..rounds {
        // The last items are released only after the storm, so that it does not rage over a job that is finished.
        release(work, work.items * u64::from(round) / u64::from(rounds));
        goes_on(work);
        thread::sleep(Duration::from_millis(rng.u64(0..30)));
        let at = rng.usize(0..workers.len());
        let worker = &mut workers[at];
        match (worker.is_stopped, rng.u8(0..8)) {
            (true, 0..4) => worker.go_on(),
            (_, 0..5) => {
                worker.signal(Signal::KILL);
                worker.child.wait().unwrap();
                *worker = Stormed::spawn(kind, work);
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
    // Others take over from the workers that are stopped, which find that out when they go on.
    release(work, work.items - u64::from(count));
    thread::sleep(PAST_LEASES);
    workers.iter_mut().for_each(Stormed::go_on);
    release(work, work.items);
    // Workers that were cut off may have ended with an error.
    for mut worker in workers {
        worker.child.wait().unwrap();
    }
    all_is_done(kind, work, seed);
}

/// Checks that later workers, and all that have come to an end, return the sum, and that each item was done.
fn all_is_done(kind: &str, work: &Work, seed: u64) {
    let total = (1000 + work.items * (work.items - 1) / 2).to_string();
    let last: Vec<Child> = (0..3).map(|_| spawn(kind, work)).collect();
    for child in last {
        assert_eq!(returned(child, work), total, "seed {seed}");
    }
    for entry in fs::read_dir(&work.dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("returned-") {
            assert_eq!(fs::read_to_string(path).unwrap(), total, "seed {seed}");
        }
    }
    each_was_done(work, seed);
}

#[test]
fn workers_in_files_come_through_a_storm() {
    let dir = tempfile::tempdir().unwrap();
    let (work, _dir) = job(&format!("file:{}", dir.path().join("jobs").display()));
    storm("stormed", &work, |_| ());
}

fn storm_at(url: &str) {
    let proxy = Proxy::to(address(url));
    let (work, _dir) = job(&at(url, proxy.address()));
    storm("stormed", &work, |is_cut| if is_cut { proxy.cut() } else { proxy.restore() });
}

#[test]
fn workers_in_postgres_come_through_a_storm() {
    storm_at(&postgres_url());
}

#[test]
fn workers_in_redis_come_through_a_storm() {
    storm_at(&redis_url());
}

#[test]
fn workers_in_an_object_store_come_through_a_storm() {
    storm_at(&objects_url("stormed"));
}

/// With `commit!`, each item has one row. In the order of a slice's rows no worker comes again once another has taken the
/// slice over, so no slice was held by two.
#[test]
fn workers_that_commit_do_each_item_once_in_a_storm() {
    let proxy = Proxy::to(address(&postgres_url()));
    let (work, _dir) = job(&at(&postgres_url(), proxy.address()));
    let mut client = postgres::Client::connect(&postgres_url(), NoTls).unwrap();
    let table = work.table();
    let columns = "at BIGSERIAL PRIMARY KEY, item BIGINT, worker BIGINT";
    client.batch_execute(&format!("CREATE TABLE {table} ({columns})")).unwrap();
    storm("committed", &work, |is_cut| if is_cut { proxy.cut() } else { proxy.restore() });
    let rows = client.query(&format!("SELECT item, worker FROM {table} ORDER BY at"), &[]).unwrap();
    let mut slices: BTreeMap<u64, Vec<(u64, i64)>> = BTreeMap::new();
    for row in rows {
        let item = row.get::<_, i64>(0).cast_unsigned();
        let slice = item * u64::from(work.slices) / work.items;
        slices.entry(slice).or_default().push((item, row.get(1)));
    }
    let mut taken_over = 0;
    for rows in slices.values() {
        let mut workers: Vec<i64> = rows.iter().map(|(_, worker)| *worker).collect();
        workers.dedup();
        taken_over += workers.len() - 1;
        let holders = workers.len();
        workers.sort_unstable();
        workers.dedup();
        assert_eq!(workers.len(), holders, "a slice came back to a worker: {rows:?}");
    }
    let items = slices.values().flatten().map(|(item, _)| *item);
    assert!(items.eq(0..work.items), "items are missing, twice there or out of order: {slices:?}");
    println!("{taken_over} slices were taken over from workers that had done a part");
    assert!(taken_over > 0);
    client.batch_execute(&format!("DROP TABLE {table}")).unwrap();
}
