//! Tests what the next run does with what the last one left.

use std::fmt::Display;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use safe_state::{Error, Job, LoopEnd, resumable};
use safe_state_tests::{Ran, heard, run};
use tokio::sync::Notify;

fn refused(job: &Job, items: impl IntoIterator<Item = u64>) -> String {
    let ran = Ran::default();
    let outcome = job.run(items, |item| {
        ran.note(item);
        Ok::<_, Error>(())
    });
    assert_eq!(ran.take(), [0; 0], "an item ran");
    outcome.unwrap_err().to_string()
}

#[test]
fn every_run_is_counted_and_dated() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("counted").state_dir(dir.path());
    run(&job, 0..9, Some(1));
    let first = job.peek_checkpoint().unwrap().unwrap();
    assert_eq!(first.run_count(), 1);
    run(&job, 0..9, Some(1));
    run(&job, 0..9, Some(4));
    let third = job.peek_checkpoint().unwrap().unwrap();
    assert_eq!(third.run_count(), 3);
    assert_eq!(third.started_at(), first.started_at());
    assert!(third.updated_at() > first.updated_at());
    assert!(third.started_at() < third.updated_at());
}

#[test]
fn another_version_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let job = |version: Option<&dyn Display>| {
        let job = Job::new("versioned").state_dir(dir.path());
        version.map_or(job.clone(), |version| job.version(version))
    };
    run(&job(Some(&"v1")), 0..5, Some(2));
    let refusal = refused(&job(Some(&2)), 0..5);
    assert!(refusal.contains("a checkpoint of version `v1`, but is now version `2`"), "{refusal}");
    let refusal = refused(&job(None), 0..5);
    assert!(refusal.contains("version `v1`, but is now no version"), "{refusal}");
    assert_eq!(run(&job(Some(&"v1")), 0..5, None), [2, 3, 4]);
}

#[test]
fn a_shorter_input_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("shrank").state_dir(dir.path());
    run(&job, 0..5, Some(3));
    let refusal = refused(&job, 0..2);
    assert!(refusal.contains("it has 2 items, but 3 are complete"), "{refusal}");
    let untold = refused(&job, (0..9).filter(|item| *item < 2));
    assert!(untold.contains("it has fewer items than before, but 3 are"), "{untold}");
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().progress().completed, 3);
    assert_eq!(run(&job, 0..5, None), [3, 4]);
}

#[test]
fn an_input_that_grew_at_its_end_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("grew").state_dir(dir.path());
    run(&job, 0..5, Some(3));
    assert_eq!(run(&job, 0..7, Some(6)), [3, 4, 5, 6]);
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().total(), Some(7));
    assert_eq!(run(&job, 0..7, None), [6]);
}

#[test]
fn a_kept_checkpoint_leaves_nothing_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("kept").state_dir(dir.path()).keep_on_success(true);
    run(&job, 0..5, None);
    let kept = job.peek_checkpoint().unwrap().unwrap();
    assert!(kept.is_finished());
    assert_eq!(kept.loop_progress(0).unwrap().end(), Some(LoopEnd::Exhausted));
    assert_eq!(run(&job, 0..5, None), [0; 0]);
    let again = job.peek_checkpoint().unwrap().unwrap();
    assert!(again.is_finished());
    assert_eq!(again.run_count(), 2);
}

#[test]
fn a_kept_checkpoint_whose_input_grew_is_not_finished() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("kept").state_dir(dir.path()).keep_on_success(true);
    run(&job, 0..3, None);
    assert_eq!(run(&job, 0..5, Some(4)), [3, 4]);
    let checkpoint = job.peek_checkpoint().unwrap().unwrap();
    assert!(!checkpoint.is_finished(), "{checkpoint}");
    assert_eq!(run(&job, 0..5, None), [4]);
}

#[test]
fn a_kept_checkpoint_stays_finished_while_its_rerun_has_done_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("kept").state_dir(dir.path()).keep_on_success(true);
    run(&job, 0..3, None);
    let within = (0..4).inspect(|_| assert!(job.peek_checkpoint().unwrap().unwrap().is_finished()));
    assert_eq!(run(&job, within, None), [3]);
}

#[test]
fn the_completed_part_of_a_range_is_passed_over_in_one_step() {
    const FAR: u64 = 1 << 50;
    struct Counted(std::ops::Range<u64>, std::rc::Rc<std::cell::Cell<u64>>);
    impl Iterator for Counted {
        type Item = u64;
        fn next(&mut self) -> Option<u64> {
            self.1.set(self.1.get() + 1);
            self.0.next()
        }
        fn nth(&mut self, n: usize) -> Option<u64> {
            self.1.set(self.1.get() + 1);
            self.0.nth(n)
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("long").state_dir(dir.path()).save_every(1000);
    run(&job, 0..FAR, Some(5000));
    let calls = std::rc::Rc::default();
    let rest = Counted(0..FAR, std::rc::Rc::clone(&calls));
    assert_eq!(run(&job, rest, Some(5001)), [5000, 5001]);
    assert_eq!(calls.get(), 3, "one to skip, two for the items");
}

/// Returns the number of complete items that the checkpoint had, as each item of a run saw it.
fn seen_within(job: &Job) -> Vec<u64> {
    let seen = Ran::default();
    let looked = job.run(0..4, |_| {
        seen.note(job.peek_checkpoint()?.map_or(0, |checkpoint| checkpoint.progress().completed));
        std::thread::sleep(Duration::from_millis(1));
        Ok::<_, Error>(())
    });
    looked.unwrap();
    seen.take()
}

#[test]
fn items_are_saved_by_count_or_by_time() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("saves").state_dir(dir.path());
    assert_eq!(seen_within(&job), [0, 1, 2, 3], "by default each");
    assert_eq!(seen_within(&job.clone().save_every(2)), [0, 0, 2, 2]);
    assert_eq!(seen_within(&job.clone().save_every(Duration::from_hours(1))), [0, 0, 0, 0]);
    assert_eq!(seen_within(&job.clone().save_every(Duration::from_nanos(1))), [0, 1, 2, 3]);
}

#[test]
fn a_failure_saves_what_no_save_was_due_for() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("flushed").state_dir(dir.path()).save_every(1000);
    run(&job, 0..9, Some(7));
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().progress().completed, 7);
}

#[test]
fn a_dropped_future_keeps_its_progress() {
    #[resumable(name = "stalls", state_dir = dir, save_every = 1000, fresh(at_three))]
    async fn stalls(dir: &Path, ran: &Ran, at_three: Option<&Notify>) {
        for item in 0..5 {
            if item == 3
                && let Some(stalled) = at_three
            {
                stalled.notify_one();
                std::future::pending::<()>().await;
            }
            ran.note(item);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let ran = Ran::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let stalled = Notify::new();
        tokio::select! {
            () = stalled.notified() => {}
            () = stalls(dir.path(), &ran, Some(&stalled)) => panic!("it has not stalled"),
        }
        let checkpoint = stalls::peek_checkpoint(dir.path()).unwrap().unwrap();
        assert_eq!(checkpoint.progress().completed, 3);
        assert_eq!(checkpoint.last_failure(), None);
        stalls(dir.path(), &ran, None).await;
    });
    assert_eq!(ran.take(), [0, 1, 2, 3, 4]);
}

/// Runs the worker in `dir`, in the environment that `set` makes.
fn worker(dir: &Path, arguments: &[&str], set: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command
        .args(arguments)
        .current_dir(dir)
        .env_remove("SAFE_STATE_DIR")
        .env("RUST_BACKTRACE", "0");
    set(&mut command);
    command.output().unwrap()
}

#[test]
fn checkpoints_are_in_the_working_directory_unless_told_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoint_in = |place: &str| dir.path().join(place).join("by-default.safestate");

    let first = worker(dir.path(), &["by-default", "true"], |_| ());
    assert_eq!(String::from_utf8(first.stdout).unwrap(), "item 0\nitem 1\n");
    assert!(checkpoint_in(".safe_state").exists());

    let elsewhere = |command: &mut Command| {
        command.env("SAFE_STATE_DIR", "else/where");
    };
    worker(dir.path(), &["by-default", "true"], elsewhere);
    assert!(checkpoint_in("else/where").exists());
    let resumed = worker(dir.path(), &["by-default", "false"], elsewhere);
    assert_eq!(String::from_utf8(resumed.stdout).unwrap(), "item 1\n");
    assert!(!checkpoint_in("else/where").exists());

    let empty = worker(dir.path(), &["by-default", "false"], |command| {
        command.env("SAFE_STATE_DIR", "");
    });
    assert_eq!(String::from_utf8(empty.stdout).unwrap(), "item 1\n", "empty is as good as unset");
    assert!(!checkpoint_in(".safe_state").exists());
}

#[test]
fn a_run_that_begins_anew_below_an_older_one_tells_where() {
    let dir = tempfile::tempdir().unwrap();
    worker(dir.path(), &["by-default", "true"], |_| ());
    let below = dir.path().join("below");
    std::fs::create_dir(&below).unwrap();
    let anew = worker(&below, &["by-default", "true"], |_| ());
    assert_eq!(String::from_utf8(anew.stdout).unwrap(), "item 0\nitem 1\n");
    let told = String::from_utf8(anew.stderr).unwrap();
    let places = [&below, dir.path()].map(|at| at.canonicalize().unwrap().join(".safe_state"));
    let expected = format!(
        "[safe-state] by-default: begins anew in `{}`, although an unfinished run is in `{}`",
        places[0].display(),
        places[1].display()
    );
    assert!(told.starts_with(&expected) && told.contains("$SAFE_STATE_DIR"), "{told}");
    let goes_on = worker(&below, &["by-default", "false"], |_| ());
    assert_eq!(String::from_utf8(goes_on.stdout).unwrap(), "item 1\n");
    assert_eq!(
        String::from_utf8(goes_on.stderr).unwrap(),
        "",
        "it goes on, so there is nothing to tell"
    );
}

#[test]
fn a_run_that_begins_anew_under_another_path_to_its_file_tells_which() {
    let dir = tempfile::tempdir().unwrap();
    let (file, other) = (dir.path().join("orders.csv"), dir.path().join("other.csv"));
    std::fs::write(&file, "").unwrap();
    std::fs::write(&other, "").unwrap();
    let import = |file: &Path| {
        let job =
            Job::new(format!("import-{}", file.display())).state_dir(dir.path().join("state"));
        let (_, told) = heard(|| run(&job, 0..3, Some(1)));
        told.into_iter().find(|line| line.contains("begins anew"))
    };
    assert_eq!(import(&file), None);
    assert_eq!(import(&file), None, "it goes on");
    assert_eq!(import(&other), None, "another file has a job of its own");
    let told = import(&dir.path().join(".").join("orders.csv")).unwrap();
    let older = format!("job `import-{}` of the same path is unfinished", file.display());
    assert!(told.contains(&older), "{told}");
}

#[test]
fn a_full_disk_is_told_before_the_first_item() {
    let dir = tempfile::tempdir().unwrap();
    // The limit lets no process here write a byte to a file.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" by-default false";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_worker")])
        .current_dir(dir.path())
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("cannot write the lock `.safe_state/by-default.lock`"),
        "{complaint}"
    );
    assert!(complaint.contains("File too large"), "{complaint}");
    assert_eq!(output.stdout, b"", "no item ran");
}

#[test]
fn verbose_tells_on_standard_error() {
    let dir = tempfile::tempdir().unwrap();
    let said = |fails| {
        let output = worker(dir.path(), &["aloud", fails], |_| ());
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let first = said("true");
    assert!(first.starts_with("[safe-state] aloud: starting\n"), "{first}");
    assert!(first.contains("[safe-state] aloud: saved, 1 item complete\n"), "{first}");
    assert_eq!(first.matches("saved, ").count(), 1, "only what is new: {first}");
    assert!(first.contains("[safe-state] aloud: failed: item 1: asked to fail"), "{first}");
    let second = said("false");
    assert!(second.starts_with("[safe-state] aloud: run 2 skips 1 item\n"), "{second}");
    assert!(second.ends_with("[safe-state] aloud: finished, 2 items complete\n"), "{second}");
    let quiet = worker(dir.path(), &["by-default", "false"], |_| ());
    assert!(quiet.stderr.is_empty(), "{quiet:?}");
}

#[test]
fn verbose_tells_warnings() {
    let dir = tempfile::tempdir().unwrap();
    worker(dir.path(), &["aloud", "true"], |_| ());
    let output = worker(dir.path(), &["aloud-changed"], |_| ());
    let said = String::from_utf8(output.stderr).unwrap();
    let warning =
        "[safe-state] aloud: warning: the function has changed since the checkpoint was made";
    assert!(said.starts_with(warning), "{said}");
}

#[test]
fn a_job_that_is_paused_when_it_starts_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("by-default").state_dir(dir.path().join(".safe_state"));
    job.pause().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command.args(["by-default", "false"]).current_dir(dir.path()).env_remove("SAFE_STATE_DIR");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let paused =
        "[safe-state] by-default: paused until `safe-state resume by-default` or `Job::resume`";
    assert_eq!(said.next().as_deref(), Some(paused));
    job.resume().unwrap();
    assert_eq!(said.next(), None);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_run_is_told_as_tracing_events() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("told").state_dir(dir.path());
    let (_, first) = heard(|| run(&job, 0..3, Some(1)));
    assert_eq!(
        first,
        [
            "INFO opened job=told run=1",
            "DEBUG saved job=told completed=1",
            "ERROR failed job=told index=1 error=\"asked to fail\"",
        ]
    );
    let (_, second) = heard(|| run(&job, 0..3, None));
    assert_eq!(second[0], "INFO opened job=told run=2");
    assert!(second[1].starts_with("INFO resumed job=told run=2 skipped=1"), "{second:#?}");
    assert_eq!(second.last().unwrap(), "INFO finished job=told completed=3");
}

macro_rules! rate {
    ($amount:expr) => {
        $amount * 100
    };
}

/// An error with the name of a trait of the crate.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct ViaError(#[from] Error);

#[allow(clippy::items_after_statements, reason = "behind a macro, an item stays where it is")]
#[resumable(name = "own", state_dir = dir, carry(sum))]
fn names_of_its_own(dir: &Path, items: &[u64]) -> Result<u64, ViaError> {
    macro_rules! rate {
        ($amount:expr) => {
            $amount * 2
        };
    }
    fn rated(amount: u64) -> u64 {
        rate!(amount)
    }
    let mut sum = 0;
    for item in items {
        sum += rated(*item);
    }
    Ok(sum)
}

#[test]
fn macros_and_types_of_a_function_are_its_own() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(rate!(1), 100);
    assert_eq!(names_of_its_own(dir.path(), &[1, 2, 3]).unwrap(), 12);
}
