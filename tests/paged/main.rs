//! Tests the page beside a checkpoint. What it holds outlives a process, and a page that does not belong to the file
//! never counts.
#![cfg(target_os = "linux")]

mod elsewhere;
mod marks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};

use safe_state::Job;
use safe_state_tests::Effects;
use tempfile::TempDir;

const ITEMS: u64 = 60;

/// A job of which each run is a process of its own.
struct Jobs {
    dir: TempDir,
    kind: &'static str,
    every: u64,
}

impl Jobs {
    fn new(kind: &'static str, every: u64) -> Self {
        Jobs { dir: tempfile::tempdir().unwrap(), kind, every }
    }

    fn run(&self, dies_at: Option<u64>) -> Output {
        self.command(dies_at).output().unwrap()
    }

    fn command(&self, dies_at: Option<u64>) -> Command {
        let dies_at = dies_at.map_or("never".to_owned(), |item| item.to_string());
        let mut run = Command::new(env!("CARGO_BIN_EXE_paged"));
        run.args([self.kind, &self.every.to_string()]).arg(self.dir.path()).arg(dies_at);
        run
    }

    fn die_at(&self, item: u64) {
        let died = self.run(Some(item));
        assert!(!died.status.success(), "{}: {died:?}", self.kind);
    }

    /// Runs the job to its end.
    fn finish(&self) {
        let ended = self.run(None);
        assert!(ended.status.success(), "{}: {ended:?}", self.kind);
    }

    fn ran(&self) -> Vec<u64> {
        Effects::open(self.dir.path().join("effects")).unwrap().all()
    }

    fn page(&self) -> PathBuf {
        self.dir.path().join("job.page")
    }

    /// Returns the number of complete items that a look at the job finds.
    fn completed(&self) -> u64 {
        completed(self.dir.path())
    }
}

fn completed(dir: &Path) -> u64 {
    let found = Job::new("job").state_dir(dir).peek_checkpoint().unwrap();
    found.map_or(0, |checkpoint| checkpoint.completed().len())
}

/// Checks that a complete item does not run again, and that its carried values are kept, whatever the loop.
fn only_the_item_under_way_runs_again(kind: &'static str, every: u64) {
    let jobs = Jobs::new(kind, every);
    let deaths = [0, 1, 2, 9, 11, 20, 25, 58];
    for item in deaths {
        jobs.die_at(item);
    }
    jobs.finish();
    let is_left_out = |item: &u64| kind.ends_with("skipped") && item % 7 == 3;
    let mut expected: Vec<u64> = (0..ITEMS).chain(deaths).collect();
    expected.sort_unstable();
    expected.retain(|item| !is_left_out(item));
    assert_eq!(jobs.ran(), expected, "{kind}, save_every = {every}");
    assert!(!jobs.page().exists(), "{kind}: it goes with the job");
}

#[test]
fn only_one_item_runs_again_if_each_item_is_saved() {
    let kinds = [
        "sum", "failing", "shapes", "list", "queue", "nested", "key", "keys", "cursor", "cursors",
        "skipped", "timed", "file", "future",
    ];
    for kind in kinds {
        only_the_item_under_way_runs_again(kind, 1);
    }
}

#[test]
fn only_one_item_runs_again_if_items_are_saved_seldom() {
    let kinds = [
        "sum", "failing", "shapes", "list", "queue", "nested", "key", "keys", "cursor", "cursors",
        "skipped", "timed", "file", "future",
    ];
    for kind in kinds {
        only_the_item_under_way_runs_again(kind, 1_000);
    }
}

#[test]
fn only_one_item_runs_again_if_saves_are_synced() {
    for kind in [
        "synced sum",
        "synced failing",
        "synced shapes",
        "synced list",
        "synced queue",
        "synced nested",
    ] {
        only_the_item_under_way_runs_again(kind, 1_000);
        only_the_item_under_way_runs_again(kind, 7);
    }
    for kind in [
        "synced key",
        "synced keys",
        "synced cursor",
        "synced cursors",
        "synced skipped",
        "synced timed",
    ] {
        only_the_item_under_way_runs_again(kind, 1_000);
    }
}

#[test]
fn what_is_in_the_page_is_shown_while_nobody_runs() {
    let jobs = Jobs::new("sum", 1_000);
    jobs.die_at(25);
    assert!(jobs.page().exists());
    let checkpoint = Job::new("job").state_dir(jobs.dir.path()).peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.completed().len(), 25);
    assert_eq!(checkpoint.carried::<u64>("sum").unwrap(), Some((0..25).sum()));
}

#[test]
fn a_copy_without_its_page_goes_on_at_the_last_save() {
    let jobs = Jobs::new("sum", 20);
    jobs.die_at(25);
    assert_eq!(jobs.completed(), 25);
    let copy = tempfile::tempdir().unwrap();
    fs::copy(jobs.dir.path().join("job.safestate"), copy.path().join("job.safestate")).unwrap();
    assert_eq!(completed(copy.path()), 20);
    // The page is now beside another file than its own.
    fs::copy(jobs.page(), copy.path().join("job.page")).unwrap();
    assert_eq!(completed(copy.path()), 20);
    fs::remove_file(jobs.page()).unwrap();
    jobs.finish();
    let again: Vec<u64> = (0..26).chain(20..ITEMS).collect();
    assert_eq!(jobs.ran(), again);
}

#[test]
fn an_older_file_or_an_older_page_counts_alone_or_not_at_all() {
    let jobs = Jobs::new("sum", 20);
    jobs.die_at(25);
    let old = [jobs.dir.path().join("job.safestate"), jobs.page()].map(|path| {
        let bytes = fs::read(&path).unwrap();
        (path, bytes)
    });
    jobs.die_at(50);
    assert_eq!(jobs.completed(), 50);
    // The page of an earlier run is put beside the newer file.
    let page = fs::read(jobs.page()).unwrap();
    fs::remove_file(jobs.page()).unwrap();
    fs::write(jobs.page(), &old[1].1).unwrap();
    let saved = jobs.completed();
    assert_eq!(saved, 45, "the run's snapshot, and a save behind twenty items");
    // The file of an earlier run is put beside the newer page.
    fs::remove_file(jobs.page()).unwrap();
    fs::write(jobs.page(), page).unwrap();
    fs::write(&old[0].0, &old[0].1).unwrap();
    assert_eq!(jobs.completed(), 20);
}

#[test]
fn a_page_of_another_boot_does_not_count() {
    let jobs = Jobs::new("sum", 20);
    jobs.die_at(25);
    let mut page = fs::read(jobs.page()).unwrap();
    let digit = &mut page[8 + 3];
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    let checksum = crc32fast::hash(&page[..44]);
    page[44..48].copy_from_slice(&checksum.to_le_bytes());
    fs::remove_file(jobs.page()).unwrap();
    fs::write(jobs.page(), page).unwrap();
    assert_eq!(jobs.completed(), 20);
    let ended = jobs.run(None);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{said}");
    assert!(said.contains("it was written before this machine was started"), "{said}");
    assert_eq!(jobs.ran(), (0..26).chain(20..ITEMS).collect::<Vec<u64>>());
}

#[test]
fn a_truncated_page_counts_as_far_as_it_is_whole() {
    for len in [0, 40, 64, 128, 191, 4096, 12_288] {
        let jobs = Jobs::new("sum", 20);
        jobs.die_at(25);
        let page = fs::read(jobs.page()).unwrap();
        fs::remove_file(jobs.page()).unwrap();
        fs::write(jobs.page(), &page[..len]).unwrap();
        let left = jobs.completed();
        assert!((20..=25).contains(&left), "{len} bytes: {left}");
        jobs.finish();
        assert_eq!(jobs.ran(), (0..26).chain(left..ITEMS).collect::<Vec<u64>>(), "{len} bytes");
    }
}

#[test]
fn a_directory_in_place_of_the_page_is_told_and_does_not_count() {
    let jobs = Jobs::new("sum", 20);
    jobs.die_at(25);
    fs::remove_file(jobs.page()).unwrap();
    fs::create_dir(jobs.page()).unwrap();
    assert_eq!(jobs.completed(), 20);
    let ended = jobs.run(None);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{said}");
    assert!(said.contains("keeps no page beside its checkpoint"), "{said}");
    assert_eq!(jobs.ran(), (0..26).chain(20..ITEMS).collect::<Vec<u64>>());
}

/// Runs the command on the folder of the job, and returns its output.
fn told(jobs: &Jobs, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.env_remove("SAFE_STATE_DIR").env_remove("SAFE_STATE_BACKEND").env("NO_COLOR", "1");
    let output = command.arg("--dir").arg(jobs.dir.path()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_command_knows_the_page() {
    let jobs = Jobs::new("sum", 1_000);
    jobs.die_at(25);
    let list: serde_json::Value = serde_json::from_str(&told(&jobs, &["list", "--json"])).unwrap();
    assert!(list.to_string().contains("\"completed\":25"), "{list}");
    let peek = told(&jobs, &["peek", "job"]);
    assert!(peek.contains("25"), "{peek}");

    let file = jobs.dir.path().join("job.safestate");
    let diagnosis = told(&jobs, &["doctor", file.to_str().unwrap()]);
    assert!(diagnosis.contains("the last of them in its page"), "{diagnosis}");
    assert!(diagnosis.contains("25"), "{diagnosis}");

    // Another job goes on with what was exported, though the page stays here.
    let exported = jobs.dir.path().join("exported");
    told(&jobs, &["export", "job", exported.to_str().unwrap()]);
    let other = Jobs::new("sum", 1_000);
    told(&other, &["import", "job", exported.to_str().unwrap()]);
    assert_eq!(other.completed(), 25);

    told(&jobs, &["clear", "job"]);
    assert!(!jobs.page().exists());
    assert_eq!(jobs.completed(), 0);
}

/// While a job runs, a look from outside sees each complete item.
#[test]
fn the_page_is_read_while_the_job_runs() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("job").state_dir(dir.path()).save_every(1_000).page(true);
    let look = |item: u64| {
        assert_eq!(completed(dir.path()), item);
        Ok::<(), safe_state::Error>(())
    };
    job.run(0..40_u64, look).unwrap();
}

/// One thread writes as fast as it can, and another looks.
#[test]
fn a_look_at_the_page_meanwhile_sees_a_state_that_was() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("job").state_dir(dir.path()).save_every(1_000).page(true);
    let (items, looks, is_over) = (200_000, AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut seen = 0;
            while !is_over.load(Relaxed) {
                let now = completed(dir.path());
                assert!(now >= seen, "{now} after {seen}");
                seen = now;
                looks.fetch_add(1, Relaxed);
            }
        });
        let wait = |item: u64| {
            while item.is_multiple_of(1_000) && looks.load(Relaxed) < item / 1_000 {
                std::thread::yield_now();
            }
            Ok::<(), safe_state::Error>(())
        };
        job.keep_on_success(true).run(0..items, wait).unwrap();
        is_over.store(true, Relaxed);
    });
    assert_eq!(completed(dir.path()), items);
}
