//! Tests the share of its time that a job spends on saving.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use safe_state::backend::{Appended, Backend, Error, MemoryBackend};
use safe_state::resumable;

/// A backend that is slow, and notes when each save began and how long it took.
#[derive(Default)]
struct Slow {
    memory: MemoryBackend,
    saves: Mutex<Vec<(Instant, Duration)>>,
}

impl Slow {
    fn timed<T>(&self, write: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        std::thread::sleep(Duration::from_micros(200));
        let written = write();
        self.saves.lock().unwrap().push((began, began.elapsed()));
        written
    }
}

impl Backend for Slow {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        self.memory.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.timed(|| self.memory.save(job, checkpoint))
    }

    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        self.timed(|| self.memory.append(job, record))
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.memory.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.memory.exists(job)
    }
}

#[resumable(backend = Arc::clone(backend), budget = "2%", fresh(done))]
fn for_some_saves(backend: &Arc<Slow>, mut done: u64) -> u64 {
    #[resume]
    for _ in 0..u64::MAX {
        done += 1;
        if backend.saves.lock().unwrap().len() == 12 {
            break;
        }
    }
    done
}

#[test]
fn saves_take_no_more_than_their_share() {
    let backend = Arc::new(Slow::default());
    let items = for_some_saves(&backend, 0);
    let saves = backend.saves.lock().unwrap();
    // The first save says that the run has begun.
    for pair in saves[1..12].windows(2) {
        let [(began, took), (next, _)] = pair else { unreachable!() };
        assert!(*next - *began >= 50 * *took, "{took:?}, and the next after {:?}", *next - *began);
    }
    assert!(items > saves.len() as u64, "{items} items");
}
