//! Tests each verb while a run is under way: the verb is refused, with who runs the job, and changes nothing. Of imports
//! at one time, each stores all of its checkpoint or nothing.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use safe_state::backend::from_url;
use safe_state::{Backend, Error, Job};

use crate::places::{done, on_each};

/// The exit code of a command that a run under way refuses.
const RUNNING: i32 = 4;

type Verb = (&'static str, fn(&Job) -> Result<(), Error>);

const REFUSED: [Verb; 9] = [
    ("skip", |job| job.by_hand().skip(9).map(drop)),
    ("skip_key", |job| job.by_hand().skip_key("a").map(drop)),
    ("complete_until", |job| job.by_hand().complete_until(9).map(drop)),
    ("complete_keys", |job| job.by_hand().complete_keys(["a"]).map(drop)),
    ("continue_after", |job| job.by_hand().continue_after(&7)),
    ("rename", |job| job.rename("post").map(drop)),
    ("clear", Job::clear_checkpoint),
    ("retry", |job| job.retry_dead_letters().map(drop)),
    ("restart", |job| in_another_thread(job.clone().restart(true))),
];

/// Runs the job on another thread, because a call of the job within its own run would be a part of the item.
fn in_another_thread(job: Job) -> Result<(), Error> {
    std::thread::spawn(move || job.run(0..1, |_| Ok(()))).join().unwrap()
}

#[test]
fn what_would_pull_the_rug_from_a_run_is_refused() {
    on_each(|place| {
        let job = place.job("mail");
        let mut ran = 0;
        job.run(0..10_u64, |item| {
            ran += 1;
            let before = job.peek_checkpoint()?;
            if item == 4 {
                let other = place.job("other");
                other.by_hand().skip(1)?;
                let error = other.rename("mail").unwrap_err();
                assert!(error.is_held(), "{error}");
                assert!(other.peek_checkpoint()?.is_some() && job.peek_checkpoint()? == before);
                other.clear_checkpoint()?;
            }
            for (name, verb) in REFUSED.iter().filter(|_| item == 4) {
                let error = verb(&job).unwrap_err();
                assert!(error.is_held(), "{name}: {error}");
                assert_eq!(
                    error.holder().map(safe_state::backend::Holder::pid),
                    Some(std::process::id()),
                    "{name}"
                );
                assert_eq!(job.peek_checkpoint()?, before, "{name}");
            }
            Ok::<(), Error>(())
        })
        .unwrap();
        assert_eq!(ran, 10);
        assert!(job.peek_checkpoint().unwrap().is_none());
        assert!(place.job("post").peek_checkpoint().unwrap().is_none());
    });
}

/// Starts the command `import`, with the checkpoint `bytes` as its input.
fn import(url: &str, arguments: &[&str], bytes: &[u8]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.arg("import").args(arguments).args(["-", "--backend", url]).stdin(Stdio::piped());
    let mut import = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(bytes).unwrap();
    import
}

/// Calls `test` with each backend, its URL, and a name for jobs that begins with `prefix`, which no other test has.
fn by_command(prefix: &str, test: impl Fn(&Arc<dyn Backend>, &str, &str)) {
    let dir = tempfile::tempdir().unwrap();
    for (at, url) in crate::urls(dir.path()).into_iter().enumerate() {
        eprintln!("on {}", url.split(':').next().unwrap());
        let name = format!("{prefix}-{}-{at}", std::process::id());
        test(&from_url(&url).unwrap(), &url, &name);
    }
}

/// Runs a job that fails at item `at`. Returns its checkpoint.
fn failed_at(job: &Job, at: u64) -> Vec<u8> {
    let fails = |item| if item == at { Err(std::io::Error::other("no")) } else { Ok(()) };
    job.run(0..8_u64, fails).unwrap_err();
    job.peek_checkpoint().unwrap().unwrap().encode().unwrap()
}

#[test]
fn an_import_into_a_job_under_way_is_refused() {
    by_command("import-refused", |backend, url, name| {
        let job = Job::new(name).backend(Arc::clone(backend));
        let copied = format!("{name}-copied");
        let of_other = failed_at(&Job::new(&copied).backend(Arc::clone(backend)), 2);
        let saved = failed_at(&job, 3);
        job.run(0..8_u64, |item| {
            let before = job.peek_checkpoint()?;
            let renamed = ["--overwrite", &copied, "--as", name];
            let imports = [(&["--overwrite", name][..], &saved), (&renamed, &of_other)];
            for (arguments, bytes) in imports.into_iter().filter(|_| item == 4) {
                let import = import(url, arguments, bytes).wait_with_output().unwrap();
                let told = String::from_utf8_lossy(&import.stderr);
                assert_eq!(import.status.code(), Some(RUNNING), "{told}");
                assert!(told.contains(&format!("pid {}", std::process::id())), "{told}");
                assert_eq!(job.peek_checkpoint()?, before, "{told}");
            }
            Ok::<(), Error>(())
        })
        .unwrap();
        assert!(job.peek_checkpoint().unwrap().is_none());
    });
}

#[test]
fn of_imports_at_one_time_one_alone_stores_its_checkpoint() {
    by_command("imports", |backend, url, name| {
        let job = Job::new(name).backend(Arc::clone(backend));
        let checkpoints = [3, 5].map(|at| {
            let bytes = failed_at(&job, at);
            job.clear_checkpoint().unwrap();
            bytes
        });
        let both = checkpoints.iter().chain(&checkpoints);
        let imports: Vec<Child> = both.map(|bytes| import(url, &[name], bytes)).collect();
        let ended: Vec<Output> =
            imports.into_iter().map(|it| it.wait_with_output().unwrap()).collect();
        let stored: Vec<usize> = (0..4).filter(|at| ended[*at].status.success()).collect();
        assert_eq!(stored.len(), 1, "{ended:?}");
        let left = if stored[0].is_multiple_of(2) { 3..8 } else { 5..8 };
        assert_eq!(done(&job), left.collect::<Vec<u64>>());
    });
}
