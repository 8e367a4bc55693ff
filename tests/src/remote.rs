//! Tests what a job on a server has to survive, whatever server it is.
#![expect(clippy::missing_panics_doc, reason = "what is checked here panics if it is not so")]

mod beside;
mod fight;
mod kills;
mod storm;
mod trouble;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use safe_state::backend::conformance::{Subject, answer_as_child};
use safe_state::backend::network::{Connect, NetworkBackend, Timeouts};
use safe_state::backend::{
    Error as BackendError, MySqlBackend, ObjectStoreBackend, PostgresBackend, RedisBackend,
    from_url,
};
use safe_state::{Backend, Error, Job, resumable};

use crate::{Alone, Ran, Worker};

pub use beside::side_by_side;
pub use fight::{fight, fight_between, tenure};
pub use kills::{kill_storm, paged_kill_storm, victim};
pub use storm::partition_storm;
pub use trouble::{hung_server, troubled_network, troubled_server};

/// The time of a lease that no test waits for.
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_secs(1);

/// Returns the backend at a URL. A backend on a network has leases of the length `lease`, and little patience.
pub fn backend(url: &str, lease: Duration) -> Arc<dyn Backend> {
    timed(url, lease, Timeouts { connect: SHORT, statement: SHORT })
}

/// Returns the same backend with enough patience for a busy machine.
fn patient(url: &str, lease: Duration) -> Arc<dyn Backend> {
    timed(url, lease, Timeouts::default())
}

fn timed(url: &str, lease: Duration, timeouts: Timeouts) -> Arc<dyn Backend> {
    match url.split(':').next() {
        Some("postgres") => {
            Arc::new(with_limits(PostgresBackend::new(url).unwrap(), lease, timeouts))
        }
        Some("mysql") => Arc::new(with_limits(MySqlBackend::new(url).unwrap(), lease, timeouts)),
        Some("redis" | "redis+sentinel") => {
            Arc::new(with_limits(RedisBackend::new(url).unwrap(), lease, timeouts))
        }
        Some("s3" | "az" | "gs") => {
            Arc::new(with_limits(ObjectStoreBackend::from_url(url).unwrap(), lease, timeouts))
        }
        _ => from_url(url).unwrap(),
    }
}

/// Returns the backend with leases of the length `lease`, and little patience.
pub fn limited<C: Connect>(backend: NetworkBackend<C>, lease: Duration) -> NetworkBackend<C> {
    with_limits(backend, lease, Timeouts { connect: SHORT, statement: SHORT })
}

fn with_limits<C: Connect>(
    backend: NetworkBackend<C>,
    lease: Duration,
    timeouts: Timeouts,
) -> NetworkBackend<C> {
    backend.lease_time(lease).retry_time(Duration::from_secs(20)).timeouts(timeouts)
}

/// Returns an error and its causes, in one line.
pub fn told(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[resumable(name = job, backend = Arc::clone(backend), on_code_change = "continue", fresh(fails))]
fn job(backend: &Arc<dyn Backend>, job: &str, ran: &Ran, fails: bool) -> anyhow::Result<()> {
    #[resume]
    for item in 0..4 {
        ran.note(item);
        anyhow::ensure!(!fails || item < 2, "asked to fail");
    }
    Ok(())
}

#[resumable(name = job, backend = Arc::clone(backend), on_code_change = "continue", fresh(fails))]
async fn job_async(
    backend: &Arc<dyn Backend>,
    job: &str,
    ran: &Ran,
    fails: bool,
) -> anyhow::Result<()> {
    #[resume]
    for item in 0..4 {
        ran.note(item);
        anyhow::ensure!(!fails || item < 2, "asked to fail");
    }
    Ok(())
}

/// Checks that a job goes on from plain functions, from within each runtime, and as an async function; and that a
/// backend that was used can be dropped within a runtime.
pub fn any_runtime(url: &str) {
    use tokio::runtime::Builder;
    let backend = backend(url, LONG);
    let goes_on = |run: &dyn Fn(&Ran, bool) -> anyhow::Result<()>| {
        let ran = Ran::default();
        run(&ran, true).unwrap_err();
        assert_eq!(ran.take(), [0, 1, 2]);
        run(&ran, false).unwrap();
        assert_eq!(ran.take(), [2, 3]);
    };
    let name = "any-runtime";
    goes_on(&|ran, fails| job(&backend, name, ran, fails));
    goes_on(&|ran, fails| smol::block_on(job_async(&backend, name, ran, fails)));
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.enable_all().build().unwrap();
        goes_on(&|ran, fails| runtime.block_on(job_async(&backend, name, ran, fails)));
        goes_on(&|ran, fails| runtime.block_on(async { job(&backend, name, ran, fails) }));
        runtime.block_on(async { assert!(!from_url(url).unwrap().exists(name).unwrap()) });
    }
}

/// Checks that a second process is told who runs a job, and that the next run follows at once after a kill.
pub fn killed_process(worker: &str, url: &str) {
    let name = "killed-process";
    let worker = Worker::holding_on(worker, url, name, LONG);
    let (backend, ran) = (backend(url, LONG), Ran::default());
    let refused = job(&backend, name, &ran, false).unwrap_err();
    let Some(Error::Backend(BackendError::Held { holder: Some(holder), .. })) =
        refused.downcast_ref::<Error>()
    else {
        panic!("{refused:?}")
    };
    assert_eq!(holder.pid(), worker.pid());
    worker.kill();
    let began = Instant::now();
    job(&backend, name, &ran, false).unwrap();
    assert_eq!(ran.take(), [1, 2, 3], "item 0 was saved before the kill");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

/// Checks that a process that was paused for longer than its lease saves nothing over the run that took over the job.
pub fn lost_lease(worker: &str, url: &str) {
    let name = "lost-lease";
    let worker = Worker::holding_on(worker, url, name, SHORT);
    worker.send("STOP");
    let (backend, ran) = (backend(url, SHORT), Ran::default());
    let heir = Job::new(name).backend(backend).wait(Duration::from_secs(20)).keep_on_success(true);
    let done = heir.run(0..4, |item| {
        ran.note(item);
        Ok::<_, Error>(())
    });
    done.unwrap();
    assert_eq!(ran.take(), [1, 2, 3]);
    let before = heir.peek_checkpoint().unwrap();
    worker.send("CONT");
    let said = worker.fails();
    assert!(said.contains("job `lost-lease` is no longer held by this run"), "{said}");
    assert_eq!(heir.peek_checkpoint().unwrap(), before);
    heir.clear_checkpoint().unwrap();
}

/// Runs the conformance suite on the store that `open` gives, between processes too. The other processes run the test
/// that calls this, whose module and name `test` has. `lapse` ends the lease of a job.
pub fn conformance<B: Backend>(
    test: (&str, &str),
    open: fn() -> B,
    lapse: impl Fn(&str) + Send + Sync + 'static,
) {
    if answer_as_child(|| Arc::new(open())) {
        return;
    }
    let subject = Subject::new(move || Arc::new(open())).lapse(lapse);
    subject.check();
    subject.check_processes(|| Alone::new(test.0, test.1).command());
}

/// Checks that a server that cannot be reached, or lets nobody in, is told in time, and without the password. `wrong`
/// is what the server says of a wrong password.
pub fn refusals(url: &str, wrong: &str) {
    let (user, host) = url.split_once('@').unwrap();
    let (user, password) = user.rsplit_once(':').unwrap();
    let database = host.split_once('/').unwrap().1;
    let cases = [
        (format!("{user}:not-{password}@{host}"), wrong),
        (format!("{user}:{password}@127.0.0.1:1/{database}"), "refused"),
        (format!("{user}:{password}@nowhere.invalid/{database}"), "lookup"),
        (format!("{user}:{password}@{host}-none"), "safe_state-none"),
    ];
    for (url, reason) in cases {
        let job = Job::new("refusals").backend(url.as_str());
        for error in [job.peek_checkpoint().unwrap_err(), job.run(0..1, |_| Ok(())).unwrap_err()] {
            let text = format!("{} {error:?} {job:?}", told(&error));
            assert!(text.contains(reason), "{text}");
            assert!(!text.contains(password), "{text}");
        }
    }
}
