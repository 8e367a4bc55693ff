//! A job through the front door, on any backend and in any runtime.

use std::sync::Arc;
use std::time::Duration;

use safe_state::{Backend, Checkpoint, Job, resumable};
use safe_state_tests::Ran;

type AnyBackend = Arc<dyn Backend>;

#[resumable(name = "plain", backend = Arc::clone(backend), carry(sum))]
fn plain(backend: &AnyBackend, ran: &Ran, fails: bool) -> anyhow::Result<u64> {
    let mut sum = 0;
    for item in 0..4 {
        ran.note(item);
        anyhow::ensure!(!fails || item < 2, "asked to fail");
        sum += item;
    }
    Ok(sum)
}

#[resumable(name = "async", backend = Arc::clone(backend), carry(sum))]
async fn future(backend: &AnyBackend, ran: &Ran, fails: bool) -> anyhow::Result<u64> {
    let mut sum = 0;
    for item in 0..4 {
        std::future::ready(()).await;
        ran.note(item);
        anyhow::ensure!(!fails || item < 2, "asked to fail");
        sum += item;
    }
    Ok(sum)
}

fn goes_on(run: impl Fn(&Ran, bool) -> anyhow::Result<u64>) {
    let ran = Ran::default();
    assert_eq!(run(&ran, true).unwrap_err().to_string(), "asked to fail");
    assert_eq!(ran.take(), [0, 1, 2]);
    assert_eq!(run(&ran, false).unwrap(), 6);
    assert_eq!(ran.take(), [2, 3]);
}

/// Runs a job that fails, and goes on with it, from plain code and within each runtime.
pub(crate) fn goes_on_everywhere(backend: &AnyBackend) {
    goes_on(|ran, fails| plain(backend, ran, fails));
    let mut one = tokio::runtime::Builder::new_current_thread();
    let mut many = tokio::runtime::Builder::new_multi_thread();
    for runtime in [one.build().unwrap(), many.worker_threads(2).build().unwrap()] {
        goes_on(|ran, fails| runtime.block_on(async { plain(backend, ran, fails) }));
        goes_on(|ran, fails| runtime.block_on(future(backend, ran, fails)));
    }
    goes_on(|ran, fails| smol::block_on(async { plain(backend, ran, fails) }));
    goes_on(|ran, fails| smol::block_on(future(backend, ran, fails)));
    assert!(!backend.exists("plain").unwrap() && !backend.exists("async").unwrap());
}

/// Runs a job on an executor of one thread, and gives how often another task on it had its turn,
/// once a millisecond, meanwhile.
pub(crate) fn turns_of_others(backend: &AnyBackend) -> u32 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut turns = 0;
        let ran = Ran::default();
        let job = future(backend, &ran, false);
        let others = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                turns += 1;
            }
        };
        tokio::select! {
            sum = job => assert_eq!(sum.unwrap(), 6),
            () = others => {}
        }
        turns
    })
}

/// Runs a job of five items, with `trouble` in the middle, and checks that it ends well, that all ran
/// once, and that what was saved after the trouble is all there.
pub(crate) fn survives(backend: &AnyBackend, name: &str, trouble: impl Fn()) {
    let ran = Ran::default();
    let job = Job::new(name).backend(Arc::clone(backend));
    job.run(0..5, |item| {
        ran.note(item);
        match item {
            2 => trouble(),
            4 => assert_eq!(completed(&job), 4),
            _ => {}
        }
        Ok::<_, safe_state::Error>(())
    })
    .unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 3, 4]);
    assert!(!backend.exists(name).unwrap());
}

fn completed(job: &Job) -> u64 {
    job.peek_checkpoint()
        .unwrap()
        .as_ref()
        .map_or(0, |found: &Checkpoint| found.progress().completed)
}

/// What an error says, with all that is behind it.
pub(crate) fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
