//! Tests workers in processes of their own, killed at random.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fastrand::Rng;
use safe_state_tests::{run_and_kill, storms};
use tempfile::TempDir;

use crate::work::Work;

/// Returns what one worker returns, alone and undisturbed.
pub(crate) fn alone(kind: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    work(&dir, "file").run(kind).unwrap()
}

fn work(dir: &TempDir, backend: &str) -> Work {
    let url = match backend {
        "file" => format!("file:{}", dir.path().join("jobs").display()),
        "sqlite" => format!("sqlite:{}", dir.path().join("jobs.db").display()),
        url => url.to_owned(),
    };
    Work { url, dir: dir.path().to_owned(), name: String::new(), items: 300, slices: 16 }
}

pub(crate) fn spawn(kind: &str, work: &Work) -> Child {
    started(Command::new("env"), kind, work)
}

/// Starts a worker by a program that becomes what its arguments say.
pub(crate) fn started(mut by: Command, kind: &str, work: &Work) -> Child {
    by.arg(env!("CARGO_BIN_EXE_sharing"))
        .args([kind, &work.url])
        .arg(&work.dir)
        .args([&work.name, &work.items.to_string(), &work.slices.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A worker that does 12 items in 4 slices, alone.
pub(crate) fn spawn_shown(kind: &str) -> (TempDir, Child) {
    let dir = tempfile::tempdir().unwrap();
    let work = Work { items: 12, slices: 4, ..work(&dir, "file") };
    let child = spawn(kind, &work);
    (dir, child)
}

/// What a worker has written to standard error.
pub(crate) fn shown_by(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

pub(crate) fn returned(child: Child, work: &Work) -> String {
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::read_to_string(work.dir.join(format!("returned-{id}"))).unwrap()
}

/// Returns how often each line was noted.
pub(crate) fn ledger(work: &Work) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for line in fs::read_to_string(work.dir.join("ledger")).unwrap().lines() {
        *counted.entry(line.to_owned()).or_default() += 1;
    }
    counted
}

/// Checks that `workers` workers together, and one that comes when all is done, return the right result.
fn together(kind: &str, backend: &str, workers: usize) -> (Work, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let work = work(&dir, backend);
    let children: Vec<Child> = (0..workers).map(|_| spawn(kind, &work)).collect();
    let expected = alone(kind);
    for child in children {
        assert_eq!(returned(child, &work), expected, "{kind} in {backend} by {workers}");
    }
    let before = fs::read_to_string(dir.path().join("ledger")).unwrap();
    assert_eq!(returned(spawn(kind, &work), &work), expected);
    let between = |line: &&str| !line.starts_with("between");
    let after = fs::read_to_string(dir.path().join("ledger")).unwrap();
    assert_eq!(before.lines().filter(between).count(), after.lines().filter(between).count());
    (work, dir)
}

fn each_once(work: &Work) {
    let ledger = ledger(work);
    for item in 0..work.items {
        assert_eq!(ledger.get(&item.to_string()), Some(&1), "item {item}: {ledger:?}");
    }
}

#[test]
fn one_three_or_seven_workers_return_the_same() {
    for backend in ["file", "sqlite"] {
        for workers in [1, 3, 7] {
            let (work, _dir) = together("sum", backend, workers);
            each_once(&work);
        }
    }
    assert_eq!(alone("sum"), (1000 + 299 * 300 / 2).to_string());
}

#[test]
fn results_stand_in_the_order_of_the_input() {
    let (work, _dir) = together("results", "file", 5);
    each_once(&work);
    let squares: Vec<u64> = (0..300).map(|n| n * n).collect();
    assert_eq!(alone("results"), format!("{squares:?}"));
}

#[test]
fn phases_wait_for_one_another_and_a_step_is_done_by_one() {
    let (work, _dir) = together("phases", "file", 5);
    each_once(&work);
    let ledger = ledger(&work);
    assert_eq!((ledger["factor"], ledger["last"]), (1, 1), "{ledger:?}");
    // Each worker has the whole sum behind the first loop.
    assert_eq!(ledger[&format!("between {}", 3 * 299 * 300 / 2)], 6, "{ledger:?}");
}

#[test]
fn async_workers_share_as_others_do() {
    let (work, _dir) = together("future", "sqlite", 3);
    each_once(&work);
    assert_eq!(ledger(&work)["factor"], 1);
}

/// Kills three workers at a time, `times` times. Returns the seed of the random times.
pub(crate) fn kill_some(kind: &str, work: &Work, times: u32) -> u64 {
    let seed = storms::seed(1);
    let mut rng = Rng::with_seed(seed);
    for _ in 0..times {
        let children: Vec<Child> = (0..3).map(|_| spawn(kind, work)).collect();
        for child in children {
            run_and_kill(child, Duration::from_millis(8), &mut rng);
        }
    }
    seed
}

/// Checks that each item was done. Returns how often each was.
pub(crate) fn each_was_done(work: &Work, seed: u64) -> BTreeMap<String, usize> {
    let ledger = ledger(work);
    for item in 0..work.items {
        assert!(ledger.contains_key(&item.to_string()), "item {item}, seed {seed}: {ledger:?}");
    }
    ledger
}

fn killed(kind: &str, backend: &str) {
    let dir = tempfile::tempdir().unwrap();
    let work = work(&dir, backend);
    let seed = kill_some(kind, &work, 6 * storms::times());
    let children: Vec<Child> = (0..3).map(|_| spawn(kind, &work)).collect();
    let expected = alone(kind);
    for child in children {
        assert_eq!(returned(child, &work), expected, "{kind} in {backend}, seed {seed}");
    }
    each_was_done(&work, seed);
}

#[test]
fn workers_that_are_killed_are_taken_over_from() {
    killed("sum", "file");
    killed("sum", "sqlite");
    killed("results", "file");
    killed("keyed", "file");
}

#[test]
fn killed_workers_of_futures_and_phases_are_taken_over_from() {
    killed("future", "file");
    killed("phases", "file");
}

#[test]
fn workers_whose_items_run_side_by_side_return_the_same() {
    for kind in ["threads", "futures", "parts", "awaited parts"] {
        let (work, _dir) = together(kind, "file", 3);
        each_once(&work);
        killed(kind, "file");
    }
    let squares: Vec<u64> = (0..300).map(|n| n * n).collect();
    assert_eq!(alone("parts"), format!("{:?}", (squares, 1000 + 299 * 300 / 2)));
}

#[test]
fn an_item_that_kills_worker_after_worker_is_given_up() {
    for kind in ["poison", "poison on threads", "poison of futures"] {
        given_up(kind);
    }
}

fn given_up(kind: &str) {
    let dir = tempfile::tempdir().unwrap();
    let work = work(&dir, "file");
    let total: u64 = (0..300).sum();
    for died in 0..10 {
        let child = spawn(kind, &work);
        let id = child.id();
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            let returned = fs::read_to_string(work.dir.join(format!("returned-{id}"))).unwrap();
            // The first death does not count, because nobody knows which item it was in.
            assert_eq!((returned, died), ((total - 100).to_string(), 3), "{output:?}");
            let job = safe_state::Job::new("poison").backend(work.url.as_str());
            let checkpoint = job.peek_checkpoint().unwrap().unwrap();
            let letters: Vec<u64> = checkpoint.dead_letters().iter().map(|it| it.index()).collect();
            assert_eq!(letters, [100]);
            return;
        }
    }
    panic!("it was never given up");
}

#[test]
fn the_command_runs_several_workers_and_starts_those_again_that_die() {
    let dir = tempfile::tempdir().unwrap();
    let work = work(&dir, "file");
    let command = |kind: &str| {
        Command::new(env!("CARGO_BIN_EXE_command"))
            .args([
                "run",
                "--workers",
                "3",
                "--backoff",
                "1ms",
                "--",
                env!("CARGO_BIN_EXE_sharing"),
            ])
            .args([kind, &work.url])
            .arg(&work.dir)
            .args([&work.name, &work.items.to_string(), &work.slices.to_string()])
            .output()
            .unwrap()
    };
    let output = command("poison");
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(told.ends_with("safe-state: 3 of 3 workers succeeded\n"), "{told}");
    let total: u64 = (0..300).sum::<u64>() - 100;
    let returned = fs::read_dir(dir.path()).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let is_it = path.file_name().unwrap().to_string_lossy().starts_with("returned-");
        is_it.then(|| fs::read_to_string(path).unwrap())
    });
    assert_eq!(returned.collect::<Vec<_>>(), vec![total.to_string(); 3]);
    let output = command("unknown");
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("0 of 3 workers succeeded; the others exited with 1, 1, 1"), "{told}");
}
