//! Tests a driver that has a runtime of its own, called from functions that run within one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::network::{
    AcquireRequest, Acquired, Connect, LeaseToken, NetworkBackend, Session, Timeouts, Trouble,
};
use safe_state::resumable;
use safe_state_tests::Ran;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

/// The time that the server thinks about each question.
const LATENCY: Duration = Duration::from_millis(60);

type Checkpoints = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

#[derive(Clone, Default)]
struct Server {
    checkpoints: Checkpoints,
    beat: Beat,
}

/// The counter of another task of the executor, for as long as the task runs, if one does.
#[derive(Clone, Default)]
struct Beat(Weak<AtomicUsize>);

impl Beat {
    /// Waits until the other task has run twice.
    fn await_two(&self) {
        let count = || self.0.upgrade().map(|beats| beats.load(Ordering::SeqCst));
        let (first, began) = (count(), Instant::now());
        while count().zip(first).is_some_and(|(now, first)| now < first + 2) {
            assert!(began.elapsed() < Duration::from_secs(60), "the executor stands still");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A driver that panics if it is called within another runtime, like drivers that hide a runtime of their own.
struct Driver {
    runtime: Runtime,
    server: Server,
}

impl Driver {
    fn ask<T>(&self, question: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> T {
        self.runtime.block_on(async { sleep(LATENCY).await });
        self.server.beat.await_two();
        question(&mut self.server.checkpoints.lock().unwrap())
    }
}

impl Connect for Server {
    type Session = Driver;

    fn connect(&self, _: Timeouts) -> Result<Driver, Trouble> {
        let runtime = Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(Trouble::permanent)?;
        Ok(Driver { runtime, server: self.clone() })
    }

    fn place(&self) -> String {
        "test://server".to_owned()
    }
}

/// Implements a session without real leases: that a job has one run at a time is not tested here.
impl Session for Driver {
    fn may_run_here() -> bool {
        tokio::runtime::Handle::try_current().is_err()
    }

    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        Ok(self.ask(|checkpoints| checkpoints.get(key).cloned()))
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        Ok(self.ask(|checkpoints| checkpoints.contains_key(key)))
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        Ok(self.ask(|checkpoints| checkpoints.keys().cloned().collect()))
    }

    fn held_by(&mut self, _: &str) -> Result<Option<String>, Trouble> {
        Ok(self.ask(|_| None))
    }

    fn acquire(&mut self, _: &AcquireRequest<'_>) -> Result<Acquired, Trouble> {
        Ok(self.ask(|_| Acquired::Yes { epoch: 1 }))
    }

    fn resume(&mut self, token: &LeaseToken) -> Result<u64, Trouble> {
        Ok(self.ask(|_| token.epoch + 1))
    }

    fn renew(&mut self, _: &LeaseToken) -> Result<(), Trouble> {
        self.ask(|_| ());
        Ok(())
    }

    fn save(&mut self, token: &LeaseToken, checkpoint: &[u8]) -> Result<(), Trouble> {
        self.ask(|checkpoints| checkpoints.insert(token.key.clone(), checkpoint.to_vec()));
        Ok(())
    }

    fn delete(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        self.ask(|checkpoints| checkpoints.remove(&token.key));
        Ok(())
    }

    fn release(&mut self, _: &LeaseToken) -> Result<(), Trouble> {
        self.ask(|_| ());
        Ok(())
    }
}

fn backend(server: &Server) -> NetworkBackend<Server> {
    NetworkBackend::on(server.clone())
}

#[resumable(name = "job", backend = backend(server), fresh(fails))]
fn job(server: &Server, ran: &Ran, fails: bool) -> anyhow::Result<()> {
    for item in 0..4 {
        ran.note(item);
        anyhow::ensure!(!fails || item < 2, "asked to fail");
    }
    Ok(())
}

#[resumable(name = "job", backend = backend(server), fresh(fails), on_code_change = "continue")]
async fn job_async(server: &Server, ran: &Ran, fails: bool) -> anyhow::Result<()> {
    for item in 0..4 {
        ran.note(item);
        tokio::task::yield_now().await;
        anyhow::ensure!(!fails || item < 2, "asked to fail");
    }
    Ok(())
}

/// Fails a job, looks at its checkpoint, and goes on.
fn goes_on(server: &Server) {
    let ran = Ran::default();
    job(server, &ran, true).unwrap_err();
    assert_eq!(job::peek_checkpoint(server).unwrap().unwrap().progress().completed, 2);
    job(server, &ran, false).unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 2, 3]);
    job::clear_checkpoint(server).unwrap();
}

async fn goes_on_async(server: &Server) {
    let ran = Ran::default();
    job_async(server, &ran, true).await.unwrap_err();
    job_async(server, &ran, false).await.unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 2, 3]);
}

fn runtimes() -> [Runtime; 2] {
    let both = [Builder::new_current_thread(), Builder::new_multi_thread()];
    both.map(|mut builder| builder.enable_time().build().unwrap())
}

#[test]
fn a_function_saves_from_anywhere() {
    let server = Server::default();
    goes_on(&server);
    for runtime in runtimes() {
        runtime.block_on(async { goes_on(&server) });
    }
}

#[test]
fn an_async_function_saves_from_any_runtime() {
    let server = Server::default();
    for runtime in runtimes() {
        runtime.block_on(goes_on_async(&server));
    }
}

#[test]
fn a_run_does_not_block_its_executor_from_beginning_to_end() {
    let beats = Arc::new(AtomicUsize::new(0));
    let server = Server { beat: Beat(Arc::downgrade(&beats)), ..Server::default() };
    let [runtime, _] = runtimes();
    runtime.block_on(async {
        let beating = async move {
            loop {
                sleep(Duration::from_millis(1)).await;
                beats.fetch_add(1, Ordering::SeqCst);
            }
        };
        tokio::select! {
            () = goes_on_async(&server) => {}
            () = beating => {}
        }
    });
}
