//! Provides a backend that is slow.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use safe_state::MemoryBackend;
use safe_state::backend::{Appended, Backend, Error, Lease, LeaseOptions};

/// The longest time that a save waits for ticks.
const LONGEST: Duration = Duration::from_secs(10);

/// A backend that keeps checkpoints in memory, and blocks for some time in each save and in each look for requests. It
/// counts the ticks beside the saves.
#[derive(Debug)]
pub struct Slow {
    inner: Arc<MemoryBackend>,
    takes: Duration,
    /// The number of ticks that a save waits for.
    least: u64,
    ticks: AtomicU64,
    beside: Mutex<Vec<u64>>,
}

impl Slow {
    /// Returns a backend whose saves and answers take the time `takes`.
    pub fn new(takes: Duration) -> Arc<Self> {
        Slow::of(takes, 0)
    }

    /// Returns a backend whose saves take until other work has ticked `ticks` times, but no more than ten seconds.
    pub fn until(ticks: u64) -> Arc<Self> {
        Slow::of(Duration::ZERO, ticks)
    }

    fn of(takes: Duration, least: u64) -> Arc<Self> {
        let (inner, ticks, beside) = Default::default();
        Arc::new(Slow { inner, takes, least, ticks, beside })
    }

    /// Counts a step of other work.
    pub fn tick(&self) {
        self.ticks.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of ticks during each of the saves.
    ///
    /// # Panics
    ///
    /// If a save panicked.
    pub fn ticks_beside_saves(&self) -> Vec<u64> {
        self.beside.lock().unwrap().clone()
    }

    fn block(&self) {
        let (begun, before) = (Instant::now(), self.ticks.load(Ordering::Relaxed));
        thread::sleep(self.takes);
        let beside = || self.ticks.load(Ordering::Relaxed) - before;
        while beside() < self.least && begun.elapsed() < LONGEST {
            thread::sleep(Duration::from_millis(1));
        }
        self.beside.lock().unwrap().push(beside());
    }
}

impl Backend for Slow {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        self.inner.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.block();
        self.inner.save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.block();
        self.inner.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.inner.exists(job)
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        let inner = Arc::clone(&self.inner).lease(job, options)?;
        Ok(Box::new(SlowLease { inner, backend: self }))
    }
}

struct SlowLease {
    inner: Box<dyn Lease>,
    backend: Arc<Slow>,
}

impl Lease for SlowLease {
    fn load_other(&mut self, _: &dyn Backend, name: &str) -> Result<Option<Vec<u8>>, Error> {
        thread::sleep(self.backend.takes);
        self.backend.inner.load(name)
    }

    fn save(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        self.backend.block();
        self.inner.save(checkpoint)
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, Error> {
        self.backend.block();
        self.inner.append(record)
    }

    fn delete(&mut self) -> Result<(), Error> {
        self.backend.block();
        self.inner.delete()
    }
}
