//! Tests what the user's function sees, and what is said of how it failed.

use std::path::{Path, PathBuf};
use std::thread;

use safe_state::{Error, Job, resumable};
use safe_state_tests::{Ran, run};

use crate::peek;

#[test]
fn s04_an_accumulator_goes_on() {
    #[resumable(name = "sum", state_dir = dir, carry(sums), fresh(fails_at))]
    fn job(dir: &Path, items: &[u64], fails_at: Option<u64>) -> anyhow::Result<Vec<u64>> {
        let mut sums = Vec::new();
        for item in items {
            anyhow::ensure!(fails_at != Some(*item), "asked to fail");
            sums.push(item + sums.last().unwrap_or(&0));
        }
        Ok(sums)
    }
    let dir = tempfile::tempdir().unwrap();
    job(dir.path(), &[1, 2, 3, 4, 5], Some(3)).unwrap_err();
    assert_eq!(job(dir.path(), &[1, 2, 3, 4, 5], None).unwrap(), [1, 3, 6, 10, 15]);
}

#[test]
fn s08_progress_is_never_more_than_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("shrank").state_dir(dir.path());
    run(&job, 0..10, Some(9));
    job.run(0..3, |_| Ok::<_, Error>(())).unwrap_err();
    let progress = peek(&job).progress();
    assert_eq!((progress.completed, progress.total, progress.remaining), (9, Some(10), Some(1)));
}

#[test]
fn s11_the_argument_is_still_what_it_was() {
    #[resumable(name = "same", state_dir = dir)]
    fn job(dir: &Path, items: &[u64]) -> (usize, u64, u64) {
        for item in items {
            let _ = item;
        }
        (items.len(), items[0], items.iter().sum())
    }
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(job(dir.path(), &[1, 2, 3]), (3, 1, 6));
}

#[test]
fn s12_enumerate_goes_on_counting() {
    #[resumable(name = "counts", state_dir = dir, fresh(fails_at))]
    fn job(dir: &Path, items: &[char], ran: &Ran, fails_at: Option<char>) -> anyhow::Result<()> {
        for (index, item) in items.iter().enumerate() {
            anyhow::ensure!(fails_at != Some(*item), "asked to fail");
            ran.note(index as u64);
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    job(dir.path(), &['a', 'b', 'c', 'd'], &ran, Some('c')).unwrap_err();
    ran.take();
    job(dir.path(), &['a', 'b', 'c', 'd'], &ran, None).unwrap();
    assert_eq!(ran.take(), [2, 3]);
}

#[test]
fn s21_a_failure_is_forgotten_once_the_job_has_finished() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("kept").state_dir(dir.path()).keep_on_success(true);
    run(&job, 0..3, Some(1));
    assert!(peek(&job).last_failure().is_some());
    run(&job, 0..3, None);
    assert_eq!(peek(&job).last_failure(), None);
}

struct Importer {
    dir: PathBuf,
    rows: Vec<u64>,
}

impl Importer {
    #[resumable(name = "importer", state_dir = &self.dir, fresh(fails_at))]
    fn import(&self, ran: &Ran, fails_at: Option<u64>) -> anyhow::Result<()> {
        for row in &self.rows {
            anyhow::ensure!(fails_at != Some(*row), "asked to fail");
            ran.note(*row);
        }
        Ok(())
    }
}

#[test]
fn s31_a_method_walks_what_it_says_it_walks() {
    let dir = tempfile::tempdir().unwrap();
    let importer = Importer { dir: dir.path().to_owned(), rows: vec![5, 6, 7] };
    let ran = Ran::default();
    importer.import(&ran, Some(6)).unwrap_err();
    importer.import(&ran, None).unwrap();
    assert_eq!(ran.take(), [5, 6, 7]);
}

#[test]
fn s32_jobs_on_two_threads_keep_their_own_state() {
    let dir = tempfile::tempdir().unwrap();
    let job = |index: u64| Job::new(format!("thread-{index}")).state_dir(dir.path());
    thread::scope(|scope| {
        for index in 0..4 {
            scope.spawn(move || run(&job(index), 0..10, Some(index)));
        }
    });
    for index in 0..4 {
        let checkpoint = peek(&job(index));
        assert_eq!(checkpoint.completed().len(), index);
        assert_eq!(checkpoint.last_failure().unwrap().index(), Some(index));
    }
}

#[test]
fn s46_the_version_of_the_work_is_part_of_its_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("versioned").state_dir(dir.path());
    run(&job.clone().version("v1"), 0..5, Some(2));
    let refused = job.version("v2").run(0..5, |_| Ok::<_, Error>(()));
    assert!(matches!(refused, Err(Error::VersionChanged { .. })), "{refused:?}");
}

#[test]
fn s49_what_fails_after_the_loop_is_blamed_on_no_item() {
    #[resumable(name = "epilogue", state_dir = dir)]
    fn job(dir: &Path, items: &[u64]) -> anyhow::Result<()> {
        for item in items {
            let _ = item;
        }
        anyhow::bail!("in the epilogue")
    }
    let dir = tempfile::tempdir().unwrap();
    job(dir.path(), &[1, 2, 3]).unwrap_err();
    let checkpoint = job::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.completed().len(), 3);
    assert_eq!(checkpoint.last_failure().unwrap().index(), None);
}

#[test]
fn s52_a_job_that_calls_itself_fails_as_one() {
    #[resumable(name = "recursive", state_dir = dir)]
    fn job(dir: &Path, depth: u64) -> anyhow::Result<()> {
        for item in 0..3 {
            anyhow::ensure!((depth, item) != (1, 1), "in the inner call");
            if depth == 0 && item == 2 {
                job(dir, 1)?;
            }
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    job(dir.path(), 0).unwrap_err();
    let checkpoint = job::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.completed().len(), 2);
    let failure = checkpoint.last_failure().unwrap();
    assert_eq!((failure.index(), failure.message()), (Some(2), "in the inner call"));
}
