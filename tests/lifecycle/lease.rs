//! Tests that a job has one run at a time.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use safe_state::{Error, Job, MemoryBackend, resumable};
use safe_state_tests::{Ran, Worker, heard};

/// Returns the job that a [`Worker`] holds.
fn held(dir: &Path) -> Job {
    Job::new("held").state_dir(dir)
}

fn hold(dir: &Path) -> Worker {
    Worker::holding(env!("CARGO_BIN_EXE_worker"), dir)
}

fn run(job: &Job, ran: &Ran) -> Result<(), Error> {
    job.run(0..2, |item| {
        ran.note(item);
        Ok(())
    })
}

#[test]
fn a_second_process_is_told_who_runs_the_job() {
    let dir = tempfile::tempdir().unwrap();
    let before = SystemTime::now() - Duration::from_secs(1);
    let worker = hold(dir.path());
    let ran = Ran::default();
    let error = run(&held(dir.path()), &ran).unwrap_err();
    assert_eq!(ran.take(), [0; 0]);

    let Error::Backend(safe_state::backend::Error::Held { holder: Some(holder), .. }) = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(holder.pid(), worker.pid());
    assert!(before < holder.since() && holder.since() < SystemTime::now(), "{holder}");
    let this_host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(holder.host(), this_host.trim_end());
    let text = error.to_string();
    let start = format!("job `held` is already running: pid {} on host ", worker.pid());
    assert!(text.starts_with(&start), "{text}");
    assert!(
        text.ends_with("Z; wait for that run, or end it by `safe-state cancel held`"),
        "{text}"
    );
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::WouldBlock);

    worker.let_go();
    run(&held(dir.path()), &ran).unwrap();
    assert_eq!(ran.take(), [0, 1]);
}

#[test]
fn a_run_waits_for_the_one_before_as_long_as_it_is_told() {
    #[resumable(name = "held", state_dir = dir, wait = "60s")]
    fn patient(dir: &Path) -> Result<(), Error> {
        for item in 0..2 {
            let _ = item;
        }
        Ok(())
    }
    #[resumable(name = "held", state_dir = dir, wait = wait)]
    fn told(dir: &Path, wait: Duration) -> Result<(), Error> {
        for item in 0..2 {
            let _ = item;
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let worker = hold(dir.path());
    let began = Instant::now();
    let wait = Duration::from_millis(200);
    let refusal = told(dir.path(), wait).unwrap_err().to_string();
    assert!(refusal.contains("already running") && began.elapsed() >= wait, "{refusal}");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| patient(dir.path()));
        thread::sleep(Duration::from_millis(100));
        assert!(!waiting.is_finished());
        worker.let_go();
        waiting.join().unwrap().unwrap();
    });
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn an_async_run_waits_without_blocking_its_executor() {
    #[resumable(name = "held", state_dir = dir, wait = "60s")]
    async fn patient(dir: &Path) -> Result<(), Error> {
        for item in 0..2 {
            let _ = item;
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let mut worker = Some(hold(dir.path()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        // The same thread also lets go of the job that the run waits for.
        let let_go = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            worker.take().unwrap().let_go();
        };
        let began = Instant::now();
        let impatient = tokio::time::timeout(Duration::from_millis(50), patient(dir.path()));
        impatient.await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(10), "a dropped future went on waiting");
        let (waited, ()) = tokio::join!(patient(dir.path()), let_go);
        waited.unwrap();
    });
}

#[test]
fn a_job_called_within_its_own_run_does_not_wait_for_itself() {
    let job = Job::new("itself").backend(MemoryBackend::default()).wait(Duration::from_secs(60));
    let began = Instant::now();
    job.run(0..1, |_| job.run(0..1, |_| Ok::<_, Error>(()))).unwrap();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn a_killed_process_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    hold(dir.path()).kill();
    let ran = Ran::default();
    run(&held(dir.path()), &ran).unwrap();
    assert_eq!(ran.take(), [1], "item 0 was saved before the kill");
}

/// A directory that is mounted once more by FUSE. Locks of files there do not reach the directory itself, or the other mount.
struct Mirror(tempfile::TempDir);

impl Mirror {
    fn of(dir: &Path) -> Self {
        let at = tempfile::tempdir().unwrap();
        let mounted = Command::new("bindfs").arg(dir).arg(at.path()).output().unwrap();
        assert!(mounted.status.success(), "this test takes root and /dev/fuse: {mounted:?}");
        Mirror(at)
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").args(["-l".as_ref(), self.0.path()]).status();
        assert!(unmounted.unwrap().success());
    }
}

#[test]
fn a_holder_by_another_mount_of_the_directory_is_seen() {
    for (held_by, asked_by) in [(0, 1), (0, 2), (2, 0)] {
        let dir = tempfile::tempdir().unwrap();
        let mirrors = [Mirror::of(dir.path()), Mirror::of(dir.path())];
        let ways = [mirrors[0].0.path(), mirrors[1].0.path(), dir.path()];
        let worker = hold(ways[held_by]);
        let ran = Ran::default();
        let refused = run(&held(ways[asked_by]), &ran).unwrap_err().to_string();
        let start = format!("job `held` is already running: pid {} on host ", worker.pid());
        assert!(refused.starts_with(&start), "{refused}");
        assert_eq!(ran.take(), [0; 0]);
        worker.kill();
        run(&held(ways[asked_by]), &ran).unwrap();
        assert_eq!(ran.take(), [1], "item 0 was saved before the kill");
    }
}

#[test]
fn a_running_job_can_be_looked_at_and_not_cleared() {
    let dir = tempfile::tempdir().unwrap();
    let worker = hold(dir.path());
    let job = held(dir.path());
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().progress().completed, 1);
    let error = job.clear_checkpoint().unwrap_err();
    assert!(error.to_string().contains(&format!("pid {}", worker.pid())), "{error}");
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().progress().completed, 1);
    worker.kill();
    job.clear_checkpoint().unwrap();
    assert_eq!(job.peek_checkpoint().unwrap(), None);
}

#[test]
fn no_backend_with_leases_clears_a_running_job() {
    let job = Job::new("held").backend(MemoryBackend::default());
    let cleared = job.run(0..1, |_| job.clear_checkpoint());
    let refusal = cleared.unwrap_err().to_string();
    assert!(refusal.contains(&format!("pid {}", std::process::id())), "{refusal}");
    assert!(job.peek_checkpoint().unwrap().is_some());
    job.clear_checkpoint().unwrap();
    assert_eq!(job.peek_checkpoint().unwrap(), None);
}

#[test]
fn a_second_thread_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let job = held(dir.path());
    let (begun, tried) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            job.run(0..1, |_| {
                begun.wait();
                tried.wait();
                Ok::<_, Error>(())
            })
        });
        begun.wait();
        let second = run(&job, &Ran::default());
        tried.wait();
        first.join().unwrap().unwrap();
        let refusal = second.unwrap_err().to_string();
        assert!(refusal.contains(&format!("pid {}", std::process::id())), "{refusal}");
    });
    run(&job, &Ran::default()).unwrap();
}

#[test]
fn the_lease_of_a_run_that_failed_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let job = held(dir.path());
    for _ in 0..2 {
        job.run(0..2, |_| Err::<(), _>(io::Error::other("no"))).unwrap_err();
    }
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().run_count(), 2);
}

#[resumable(name = "walk", state_dir = dir, fresh(fails))]
fn walk(dir: &Path, depth: u64, ran: &Ran, fails: bool) -> anyhow::Result<()> {
    for item in 0..2 {
        ran.note(10 * depth + item);
        if depth < 2 {
            walk(dir, depth + 1, ran, false)?;
        }
        anyhow::ensure!(!(fails && item == 1), "asked to fail");
    }
    Ok(())
}

#[test]
fn a_job_called_within_its_own_run_is_part_of_the_item() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    let (failed, events) = heard(|| walk(dir.path(), 1, &ran, true));
    failed.unwrap_err();
    assert_eq!(ran.take(), [10, 20, 21, 11, 20, 21]);
    assert!(events.iter().any(|event| event.contains("called within its own run")), "{events:#?}");
    assert_eq!(walk::peek_checkpoint(dir.path()).unwrap().unwrap().progress().completed, 1);
    walk(dir.path(), 1, &ran, false).unwrap();
    assert_eq!(ran.take(), [11, 20, 21]);
    assert_eq!(walk::peek_checkpoint(dir.path()).unwrap(), None);
}

#[test]
fn a_job_of_the_same_name_elsewhere_is_another_job() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let worker = hold(there.path());
    let ran = Ran::default();
    let outcome = held(here.path()).run(0..1, |_| run(&held(there.path()), &ran));
    let error = outcome.expect_err("the other directory's job is running already");
    assert!(error.to_string().contains(&format!("pid {}", worker.pid())), "{error}");
    assert_eq!(ran.take(), [0; 0]);
}

#[test]
fn a_future_that_is_dropped_gives_its_lease_back() {
    #[resumable(name = "stalls", state_dir = dir, fresh(stalls))]
    async fn stalls(dir: &Path, stalls: bool) {
        for item in 0..3 {
            if stalls && item == 2 {
                std::future::pending::<()>().await;
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let stalled = tokio::time::timeout(Duration::from_millis(100), stalls(dir.path(), true));
        stalled.await.unwrap_err();
        stalls(dir.path(), false).await;
    });
}

/// A mount, which is removed when it is dropped.
struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // The mount may be busy, and is then removed when this process ends.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// An overlay and its upper directory are two ways to one file, and a lock on one does not hold on the other.
#[test]
fn who_holds_a_job_by_another_mount_is_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for name in ["lower", "upper", "work", "merged"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    // Files that are made in the overlay are stored in the upper directory.
    let at = |name: &str| path(name).display().to_string();
    let options =
        format!("lowerdir={},upperdir={},workdir={}", at("lower"), at("upper"), at("work"));
    let mounted = Command::new("mount")
        .args(["-t", "overlay", "overlay", "-o", &options])
        .arg(path("merged"))
        .status()
        .unwrap();
    assert!(mounted.success(), "this test mounts an overlay, which takes root");
    let _mounted = Mounted(path("merged"));
    let worker = hold(&path("merged"));
    let ran = Ran::default();
    let error = run(&held(&path("upper")), &ran).unwrap_err();
    let Error::Backend(safe_state::backend::Error::Held { holder: Some(holder), .. }) = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((holder.pid(), ran.take()), (worker.pid(), vec![]));
    worker.kill();
    run(&held(&path("upper")), &ran).unwrap();
    // A run does not trust the page of another device, so it may do the first item again.
    let done = ran.take();
    assert!(done == [1] || done == [0, 1], "{done:?}");
}
