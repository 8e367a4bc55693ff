//! Tests where checkpoints live: by option, by URL, by environment.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use safe_state::backend::{Backend, Error as BackendError, SqliteBackend, from_url};
use safe_state::{Error, Job, MemoryBackend, resumable};
use safe_state_tests::{Found, Ledger, Ran};

fn fails_at_2(items: u64, ran: &Ran, fails: bool) -> anyhow::Result<()> {
    ran.note(items);
    anyhow::ensure!(!fails || items < 2, "asked to fail");
    Ok(())
}

#[resumable(name = "by-url", backend = "memory:backends-by-url", fresh(fails))]
fn by_url(ran: &Ran, fails: bool) -> anyhow::Result<()> {
    for item in 0..4 {
        fails_at_2(item, ran, fails)?;
    }
    Ok(())
}

#[resumable(name = "by-string", backend = url, fresh(fails))]
fn by_string(url: &str, ran: &Ran, fails: bool) -> anyhow::Result<()> {
    for item in 0..4 {
        fails_at_2(item, ran, fails)?;
    }
    Ok(())
}

#[resumable(name = "by-result", backend = from_url(url), fresh(fails))]
fn by_result(url: &str, ran: &Ran, fails: bool) -> anyhow::Result<()> {
    for item in 0..4 {
        fails_at_2(item, ran, fails)?;
    }
    Ok(())
}

#[resumable(name = "async", backend = url, fresh(fails))]
async fn by_string_async(url: &str, ran: &Ran, fails: bool) -> anyhow::Result<()> {
    for item in 0..4 {
        tokio::task::yield_now().await;
        fails_at_2(item, ran, fails)?;
    }
    Ok(())
}

fn goes_on(run: impl Fn(&Ran, bool) -> anyhow::Result<()>) {
    let ran = Ran::default();
    run(&ran, true).unwrap_err();
    assert_eq!(ran.take(), [0, 1, 2]);
    run(&ran, false).unwrap();
    assert_eq!(ran.take(), [2, 3]);
}

#[test]
fn a_job_goes_on_by_whatever_names_its_backend() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", dir.path().join("jobs.db").display());
    let files = format!("file:{}", dir.path().join("state").display());
    goes_on(by_url);
    for url in [&sqlite, &files, "memory:backends"] {
        goes_on(|ran, fails| by_string(url, ran, fails));
        goes_on(|ran, fails| by_result(url, ran, fails));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        goes_on(|ran, fails| runtime.block_on(by_string_async(url, ran, fails)));
        assert!(by_string::peek_checkpoint(url).unwrap().is_none());
    }
    assert!(dir.path().join("jobs.db").exists() && dir.path().join("state").exists());
}

#[test]
fn a_url_that_cannot_be_used_is_the_jobs_error() {
    let ran = Ran::default();
    let error = by_string("floppy://me:secret@host/", &ran, false).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("there is no scheme `floppy`") && !text.contains("secret"), "{text}");
    assert_eq!(ran.take(), [0; 0]);
    assert!(by_string::peek_checkpoint("floppy:").is_err());
    assert!(by_string::clear_checkpoint("floppy:").is_err());
    assert_eq!(by_string::checkpoint_path("floppy:"), None);
    assert_eq!(by_string::job_name("floppy:"), "by-string");
    let refused = || Err::<MemoryBackend, _>(BackendError::Unsupported("be"));
    let error = Job::new("job").backend(refused()).peek_checkpoint().unwrap_err();
    assert!(matches!(error, Error::NoBackend(_)), "{error:?}");
}

#[test]
fn a_state_dir_and_a_backend_go_before_the_environment_and_not_together() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("job").state_dir(dir.path());
    assert_eq!(job.checkpoint_path().unwrap(), dir.path().join("job.safestate"));
    let url = format!("file:{}", dir.path().join("url").display());
    let by_url = Job::new("job").backend(&url);
    assert_eq!(by_url.checkpoint_path().unwrap(), dir.path().join("url/job.safestate"));
    let memory = Arc::new(MemoryBackend::default());
    for both in [job.clone().backend(memory), by_url.state_dir(dir.path()), job.backend("floppy:")]
    {
        assert!(matches!(both.peek_checkpoint(), Err(Error::TwoPlaces { .. })));
        assert_eq!(both.checkpoint_path(), None);
        let ran = both.run(0..1, |_| Err(Error::TwoPlaces { job: "it ran".to_owned() }));
        let text = ran.unwrap_err().to_string();
        assert_eq!(
            text,
            "job `job` has both a `state_dir` and a `backend` to keep its checkpoint in; remove one of them"
        );
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// SQLite gives these names a meaning of its own, and the backend would make a file of each.
#[test]
fn a_database_in_memory_is_no_file() {
    let forms =
        ["", ":memory:", "file::memory:", "file::memory:?cache=shared", "file:a?mode=memory"];
    for form in forms {
        let job = Job::new("in-memory").backend(SqliteBackend::new(form));
        let ran = job.run(0..1, |_| panic!("it ran")) as Result<(), Error>;
        for error in [ran.unwrap_err(), job.peek_checkpoint().unwrap_err()] {
            let text = error.to_string();
            assert!(text.contains("`MemoryBackend`") && text.contains(form), "{text}");
        }
        assert!(!Path::new(form).exists());
    }
    let error = Job::new("job").backend("sqlite::memory:").peek_checkpoint().unwrap_err();
    assert!(error.to_string().contains("`memory:`"), "{error}");
}

#[test]
fn a_run_that_lost_its_lease_is_told_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("job").backend(SqliteBackend::new(dir.path().join("jobs.db")));
    let ran = Ran::default();
    let mut left = None;
    let lost = job.run(0..4, |item| {
        if item == 2 {
            std::fs::remove_file(dir.path().join("jobs.db.job.lock"))?;
            job.run(0..4, |item| fails_at_2(item, &ran, true)).unwrap_err();
            left = job.peek_checkpoint()?;
        }
        anyhow::Ok(())
    });
    assert_eq!(ran.take(), [2], "the other run went on after what was saved");
    let text = format!("{:#}", lost.unwrap_err());
    assert!(text.contains("job `job` was taken over by another run: pid "), "{text}");
    assert!(left.is_some());
    assert_eq!(job.peek_checkpoint().unwrap(), left);
}

/// Runs the job `by-default` in `dir`, in a process with the URL `backend` in its environment.
fn by_default(dir: &Path, backend: &str, fails: &str) -> Output {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_worker"));
    worker.args(["by-default", fails]).current_dir(dir);
    worker.env("SAFE_STATE_BACKEND", backend).env("SAFE_STATE_DIR", "files");
    worker.env("RUST_BACKTRACE", "0").output().unwrap()
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn the_environment_names_the_default_backend() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(said(&by_default(dir.path(), "sqlite:jobs.db", "true")), "item 0\nitem 1\n");
    let stored = SqliteBackend::new(dir.path().join("jobs.db"));
    assert_eq!(stored.list().unwrap(), ["by-default"]);
    assert_eq!(said(&by_default(dir.path(), "sqlite:jobs.db", "false")), "item 1\n");
    assert_eq!(stored.list().unwrap(), [""; 0]);
    assert!(!dir.path().join("files").exists());
    by_default(dir.path(), "", "true");
    assert!(dir.path().join("files/by-default.safestate").exists(), "an empty one is none");
}

#[test]
fn an_environment_that_names_none_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let output = by_default(dir.path(), "floppy://me:secret@host/", "false");
    assert!(!output.status.success());
    assert_eq!(said(&output), "");
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("the backend `floppy://...@host/` cannot be used"), "{complaint}");
    assert!(complaint.contains("it comes from $SAFE_STATE_BACKEND"), "{complaint}");
    assert!(!complaint.contains("secret"), "{complaint}");
}

/// SQLite takes a file that may not grow for a full disk.
#[test]
fn a_full_disk_under_sqlite_stops_the_run_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("jobs.db").display());
    let job = Job::new("kills").backend(url.as_str());
    let mut ledger = Ledger::of(job, dir.path(), 600, 1);
    let victim = |shell: &str| {
        let mut victim = Command::new("sh");
        victim.args(["-c", shell, env!("CARGO_BIN_EXE_worker"), "victim", &url, "1"]);
        victim.arg(dir.path()).env("RUST_BACKTRACE", "0").output().unwrap()
    };
    let stopped = victim("trap '' XFSZ; ulimit -f 80; exec \"$0\" \"$@\"");
    let complaint = String::from_utf8(stopped.stderr).unwrap();
    assert!(!stopped.status.success() && complaint.contains("jobs.db"), "{complaint}");
    assert!(complaint.contains("full") || complaint.contains("I/O"), "{complaint}");
    assert_eq!(ledger.look("on a full disk"), Found::Part);
    let went_on = victim("exec \"$0\" \"$@\"");
    assert!(went_on.status.success(), "{went_on:?}");
    assert_eq!(ledger.look("with room again"), Found::Finished);
}

#[test]
fn the_statements_in_the_documentation_make_the_tables_of_sqlite() {
    let documented = include_str!("../../docs/guide/backends.md");
    let schema = SqliteBackend::new("jobs.db").schema();
    assert!(documented.contains(schema.trim_end()), "{schema}");
}
