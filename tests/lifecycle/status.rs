//! Tests looking at a job from outside.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safe_state::{Checkpoint, Error, FileBackend, Job, MemoryBackend, resumable};
use safe_state_tests::Ran;

mod jobs {
    //! Jobs with companions that take different arguments.

    use super::*;

    #[resumable]
    #[expect(dead_code, reason = "only its companion is asked")]
    pub(super) fn plain(items: &[u64]) {
        for item in items {
            let _ = item;
        }
    }

    #[resumable(name = format!("import-{tenant}"), state_dir = dir, iter = items)]
    pub(super) fn named(dir: &Path, tenant: &str, items: &[u64]) -> Result<(), Error> {
        for item in items {
            if *item == 2 {
                return Err(Job::new("").run([0], |_| Ok::<_, Error>(())).unwrap_err());
            }
        }
        Ok(())
    }

    #[resumable(name = format!("of-{kind}"), state_dir = dir, iter = items)]
    pub(super) fn generic<K: Display, I>(dir: &Path, kind: K, items: I)
    where
        I: IntoIterator<Item = u64>,
    {
        for item in items {
            let _ = item;
        }
    }

    #[resumable(name = "in-memory", backend = Arc::clone(backend), fresh(fails))]
    pub(super) fn in_memory(backend: &Arc<MemoryBackend>, fails: bool) -> anyhow::Result<()> {
        for item in 0..3 {
            anyhow::ensure!(!fails || item < 2, "asked to fail");
        }
        Ok(())
    }
}

#[test]
fn the_default_name_is_the_functions_path() {
    assert_eq!(jobs::plain::job_name(), "lifecycle::status::jobs::plain");
    let path = Job::new(jobs::plain::job_name()).state_dir("state").checkpoint_path().unwrap();
    assert!(
        path.ends_with("lifecycle%3A%3Astatus%3A%3Ajobs%3A%3Aplain.safestate"),
        "{}",
        path.display()
    );
    assert_eq!(
        jobs::plain::checkpoint_path(),
        None,
        "of a test that names no place, it is in memory"
    );
}

#[test]
fn a_companion_takes_the_arguments_that_the_options_use() {
    let dir = tempfile::tempdir().unwrap();
    jobs::named(dir.path(), "acme", &[0, 1, 2]).unwrap_err();
    jobs::named(dir.path(), "other", &[0, 1]).unwrap();
    assert_eq!(jobs::named::job_name(dir.path(), "acme"), "import-acme");
    let checkpoint = jobs::named::peek_checkpoint(dir.path(), "acme").unwrap().unwrap();
    assert_eq!(checkpoint.progress().completed, 2);
    assert_eq!(jobs::named::peek_checkpoint(dir.path(), "other").unwrap(), None);
    let path = jobs::named::checkpoint_path(dir.path(), "acme").unwrap();
    assert_eq!(path, dir.path().join("import-acme.safestate"));
    assert!(path.exists());
    jobs::named::clear_checkpoint(dir.path(), "acme").unwrap();
    assert!(!path.exists());
    jobs::named::clear_checkpoint(dir.path(), "acme").expect("nothing to clear is no error");
}

#[test]
fn a_companion_has_the_generics_that_its_arguments_need() {
    let dir = tempfile::tempdir().unwrap();
    jobs::generic(dir.path(), 7, [1, 2]);
    assert_eq!(jobs::generic::job_name(dir.path(), 7), "of-7");
}

#[test]
fn a_backend_without_files_has_no_path() {
    let backend = Arc::new(MemoryBackend::default());
    jobs::in_memory(&backend, true).unwrap_err();
    assert_eq!(jobs::in_memory::checkpoint_path(&backend), None);
    let checkpoint = jobs::in_memory::peek_checkpoint(&backend).unwrap().unwrap();
    assert_eq!(checkpoint.progress().completed, 2);
    jobs::in_memory(&backend, false).unwrap();
    assert_eq!(jobs::in_memory::peek_checkpoint(&backend).unwrap(), None);
}

struct Mailer {
    dir: PathBuf,
    ran: Ran,
}

impl Mailer {
    #[resumable(name = "mailer", state_dir = &self.dir, fresh(fails_at))]
    fn send(&self, fails_at: Option<u64>) -> anyhow::Result<()> {
        for item in 0..3 {
            anyhow::ensure!(fails_at != Some(item), "asked to fail");
            self.ran.note(item);
        }
        Ok(())
    }
}

#[test]
fn a_method_is_asked_by_its_jobs_name() {
    let dir = tempfile::tempdir().unwrap();
    let mailer = Mailer { dir: dir.path().to_owned(), ran: Ran::default() };
    mailer.send(Some(1)).unwrap_err();
    let job = Job::new("mailer").state_dir(dir.path());
    assert_eq!(job.job_name(), "mailer");
    assert_eq!(job.checkpoint_path().unwrap(), dir.path().join("mailer.safestate"));
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().progress().completed, 1);
    mailer.send(Some(2)).unwrap_err();
    assert_eq!(mailer.ran.take(), [0, 1]);
    job.clear_checkpoint().unwrap();
    mailer.send(None).unwrap();
    assert_eq!(mailer.ran.take(), [0, 1, 2], "cleared, it starts over");
}

fn failed_at_two(dir: &Path) -> Checkpoint {
    let job = Job::new("nightly").state_dir(dir).version("v3");
    let failed = job.run(0..8, |item| {
        if item == 2 { Err(std::io::Error::other("connection reset")) } else { Ok(()) }
    });
    failed.unwrap_err();
    job.peek_checkpoint().unwrap().unwrap()
}

#[test]
fn a_checkpoint_prints_as_a_person_would_tell_it() {
    let dir = tempfile::tempdir().unwrap();
    let text = failed_at_two(dir.path()).to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "job nightly: failed");
    assert_eq!(lines[1], "  version    v3");
    assert_eq!(lines[2], "  progress   2 of 8 items (25 %)");
    assert_eq!(lines[4], "  runs       1");
    assert!(lines[5].starts_with("  started    20"), "{text}");
    assert!(lines[6].starts_with("  updated    20"), "{text}");
    let failure = "  failure    item 2: connection reset (std::io::error::Error), at ";
    assert!(lines[7].starts_with(failure), "{text}");
}

#[test]
fn a_checkpoint_goes_to_json_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoint = failed_at_two(dir.path());
    let json = serde_json::to_value(&checkpoint).unwrap();
    assert_eq!(json["job"], "nightly");
    assert_eq!(json["run_count"], 1);
    assert_eq!(json["failure"]["message"], "connection reset");
    assert!(json["started_at"].as_str().unwrap().ends_with('Z'), "{json}");
    assert_eq!(serde_json::from_value::<Checkpoint>(json).unwrap(), checkpoint);

    let progress = serde_json::to_value(checkpoint.progress()).unwrap();
    let numbers = serde_json::json!({
        "completed": 2, "total": 8, "remaining": 6, "has_failure": true, "run_count": 1
    });
    assert_eq!(progress, numbers);
}

#[test]
fn a_backend_lists_its_jobs() {
    use safe_state::Backend;
    let dir = tempfile::tempdir().unwrap();
    failed_at_two(dir.path());
    jobs::named(dir.path(), "a/b", &[0, 1, 2]).unwrap_err();
    assert_eq!(FileBackend::new(dir.path()).list().unwrap(), ["import-a/b", "nightly"]);
}
