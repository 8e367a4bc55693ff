//! Tests work that was lost, or done twice.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use safe_state::{Error, Job, resumable};
use safe_state_tests::{Ran, Worker, run};

use crate::peek;

fn hold(dir: &Path) -> (Worker, Job) {
    let worker = Worker::holding(env!("CARGO_BIN_EXE_worker"), dir);
    (worker, Job::new("held").state_dir(dir))
}

#[test]
fn s01_two_processes_cannot_do_the_same_items() {
    let dir = tempfile::tempdir().unwrap();
    let (_worker, job) = hold(dir.path());
    let ran = Ran::default();
    let second = job.run(0..2, |item| {
        ran.note(item);
        Ok::<_, Error>(())
    });
    assert!(second.unwrap_err().to_string().contains("already running"));
    assert_eq!(ran.take(), [0; 0]);
}

#[test]
fn s02_a_run_that_was_refused_has_overwritten_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (_worker, job) = hold(dir.path());
    let before = peek(&job);
    job.run(0..2, |_| Ok::<_, Error>(())).unwrap_err();
    assert_eq!(peek(&job), before);
}

#[test]
fn s05_an_item_put_in_front_is_noticed() {
    #[resumable(name = "front", state_dir = dir, fresh(fails_at))]
    fn job(dir: &Path, items: &[&str], fails_at: &str) -> anyhow::Result<()> {
        for item in items {
            anyhow::ensure!(*item != fails_at, "asked to fail");
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    job(dir.path(), &["b", "c", "d"], "d").unwrap_err();
    let error = job(dir.path(), &["new", "b", "c", "d"], "").unwrap_err().to_string();
    assert!(error.contains("item 0 is not the one that was completed"), "{error}");
    job(dir.path(), &["b", "c", "d"], "").unwrap();
}

#[test]
fn s07_the_name_may_tell_the_arguments_apart() {
    #[resumable(name = format!("of-{tenant}"), state_dir = dir, iter = items, fresh(fails_at))]
    fn job(
        dir: &Path,
        tenant: &str,
        items: &[u64],
        ran: &Ran,
        fails_at: u64,
    ) -> anyhow::Result<()> {
        for item in items {
            anyhow::ensure!(*item != fails_at, "asked to fail");
            ran.note(*item);
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    job(dir.path(), "a", &[1, 2, 3, 4], &ran, 3).unwrap_err();
    job(dir.path(), "b", &[100, 200, 300, 400], &ran, 0).unwrap();
    assert_eq!(ran.take(), [1, 2, 100, 200, 300, 400]);
}

/// Fetches eight items before it gives the first.
fn eager(items: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
    let mut items = items;
    let fetched: Vec<u64> = items.by_ref().take(8).collect();
    fetched.into_iter().chain(items)
}

#[test]
fn s09_an_item_is_complete_at_its_bodys_end_and_not_when_fetched() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("eager").state_dir(dir.path());
    run(&job, eager(0..10), Some(2));
    assert_eq!(peek(&job).completed().len(), 2);
    assert_eq!(run(&job, eager(0..10), None), [2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn s10_a_batch_that_failed_runs_again_as_a_whole() {
    #[resumable(name = "batches", state_dir = dir, fresh(fails_at))]
    fn batches(dir: &Path, items: &[u64], ran: &Ran, fails_at: Option<u64>) -> anyhow::Result<()> {
        for batch in items.chunks(4) {
            for item in batch {
                anyhow::ensure!(fails_at != Some(*item), "asked to fail");
                ran.note(*item);
            }
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    let items: Vec<u64> = (0..10).collect();
    batches(dir.path(), &items, &ran, Some(6)).unwrap_err();
    batches(dir.path(), &items, &ran, None).unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn s13_an_async_function_can_be_called_again_and_its_failure_is_recorded() {
    #[resumable(name = "async", state_dir = dir, fresh(fails_at))]
    async fn job(dir: &Path, ran: &Ran, fails_at: Option<u64>) -> anyhow::Result<()> {
        for item in 1..=3 {
            tokio::task::yield_now().await;
            anyhow::ensure!(fails_at != Some(item), "asked to fail");
            ran.note(item);
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for _ in 0..2 {
            job(dir.path(), &ran, None).await.unwrap();
            assert_eq!(ran.take(), [1, 2, 3]);
        }
        job(dir.path(), &ran, Some(2)).await.unwrap_err();
        let checkpoint = job::peek_checkpoint(dir.path()).unwrap().unwrap();
        assert_eq!(checkpoint.last_failure().unwrap().index(), Some(1));
        job(dir.path(), &ran, None).await.unwrap();
        assert_eq!(ran.take(), [1, 2, 3]);
    });
}

#[test]
fn s14_a_break_keeps_the_checkpoint_until_the_function_has_ended_well() {
    #[resumable(name = "breaks", state_dir = dir, fresh(fails))]
    fn breaks(dir: &Path, ran: &Ran, fails: bool) -> anyhow::Result<()> {
        for item in 0..10 {
            if item == 4 {
                break;
            }
            ran.note(item);
        }
        anyhow::ensure!(!fails, "asked to fail");
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    breaks(dir.path(), &ran, true).unwrap_err();
    assert_eq!(breaks::peek_checkpoint(dir.path()).unwrap().unwrap().completed().len(), 4);
    breaks(dir.path(), &ran, false).unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 3]);
}

#[test]
fn s33_checkpoints_are_where_told_from_any_working_directory() {
    let dir = tempfile::tempdir().unwrap();
    let from = |working: &str, fails: &str| {
        let working = dir.path().join(working);
        std::fs::create_dir_all(&working).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_worker"))
            .args(["by-default", fails])
            .current_dir(working)
            .env("SAFE_STATE_DIR", dir.path().join("state"))
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert_eq!(from("here", "true"), "item 0\nitem 1\n");
    assert_eq!(from("there", "false"), "item 1\n");
}

#[test]
fn s34_the_default_name_has_nothing_of_the_files_place() {
    #[resumable]
    #[expect(dead_code, reason = "only its companion is asked")]
    fn job(items: &[u64]) {
        for item in items {
            let _ = item;
        }
    }
    let name = "defects::work::s34_the_default_name_has_nothing_of_the_files_place::job";
    assert_eq!(job::job_name(), name);
}

#[test]
fn s40_what_a_kill_repeats_can_be_bounded_by_time() {
    let dir = tempfile::tempdir().unwrap();
    let lags = |job: Job| {
        let job = job.save_every(Duration::from_millis(20));
        let lags = Ran::default();
        let looked = job.run(0..20, |item| {
            lags.note(item - peek(&job).completed().len());
            std::thread::sleep(Duration::from_millis(5));
            Ok::<_, Error>(())
        });
        looked.unwrap();
        lags.take()
    };
    let of_memory = lags(Job::new("timed").backend("memory:"));
    assert!(of_memory.iter().all(|lag| *lag <= 4), "an item takes 5 ms or more: {of_memory:?}");
    assert!(of_memory.contains(&1), "and not every one is saved: {of_memory:?}");
    // A page beside the file has every item.
    #[cfg(target_os = "linux")]
    assert_eq!(lags(Job::new("timed").state_dir(dir.path()).page(true)), [0; 20]);
}

#[test]
fn s48_sigterm_loses_nothing_that_was_saved() {
    let dir = tempfile::tempdir().unwrap();
    let (worker, job) = hold(dir.path());
    worker.signal("TERM");
    assert_eq!(peek(&job).completed().len(), 1);
}

#[test]
fn s51_an_input_that_fails_part_way_keeps_what_came_before() {
    #[resumable(name = "rows", state_dir = dir, iter = rows)]
    fn rows(dir: &Path, rows: Vec<Result<u64, String>>, ran: &Ran) -> anyhow::Result<()> {
        for row in rows {
            ran.note(row.map_err(anyhow::Error::msg)?);
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    let broken = vec![Ok(0), Ok(1), Err("bad row".to_owned()), Ok(3)];
    rows(dir.path(), broken, &ran).unwrap_err();
    let mended = vec![Ok(0), Ok(1), Ok(2), Ok(3)];
    rows(dir.path(), mended, &ran).unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 3]);
}

#[test]
fn n2_ctrl_c_is_no_failure_of_an_item() {
    let dir = tempfile::tempdir().unwrap();
    let (worker, job) = hold(dir.path());
    worker.signal("INT");
    let checkpoint = peek(&job);
    assert_eq!((checkpoint.last_failure(), checkpoint.is_finished()), (None, false));
}

#[test]
fn n3_exiting_the_process_does_not_finish_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_worker")).arg("exit").arg(dir.path()).status();
    assert_eq!(status.unwrap().code(), Some(5));
    let checkpoint = peek(&Job::new("exits").state_dir(dir.path()));
    assert_eq!((checkpoint.completed().len(), checkpoint.is_finished()), (1, false));
}
